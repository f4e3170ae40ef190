package weights

import (
	"bufio"
	"fmt"
	"io"

	"aecsad/core/graph"
)

// What PyTorch's files are made of. torch.save pickles an object in which a
// tensor is a call of torch._utils._rebuild_tensor_v2 on a storage, a range of
// numbers that lies elsewhere in the file and is named by a persistent id.

// dtype is a type of elements. Tensors of types without read are left out of
// weights, like the counters of batch norms.
type dtype struct {
	name  string
	width int64 // bytes
	read  func(b []byte) float32
}

// storageTypes are PyTorch's storage classes.
var storageTypes = map[string]dtype{
	"FloatStorage":    {"float32", 4, fromFloat},
	"DoubleStorage":   {"float64", 8, fromDouble},
	"HalfStorage":     {"float16", 2, fromHalf},
	"BFloat16Storage": {"bfloat16", 2, fromBrain},
	"LongStorage":     {"int64", 8, nil},
	"IntStorage":      {"int32", 4, nil},
	"ShortStorage":    {"int16", 2, nil},
	"CharStorage":     {"int8", 1, nil},
	"ByteStorage":     {"uint8", 1, nil},
	"BoolStorage":     {"bool", 1, nil},
}

// storage is a range of numbers; at is its place in the file once that is known.
type storage struct {
	key   string
	dtype dtype
	len   int64 // elements
	at    int64
}

// torchTensor is a view of a storage: element (i, j, ...) is number
// offset + i*stride[0] + j*stride[1] + ...
type torchTensor struct {
	storage       *storage
	offset        int64
	shape, stride []int64
	elements      int64
	span          int64 // from the first element to the last, both included
}

// torchFile is a file of either format under examination.
type torchFile struct {
	f        io.ReaderAt
	size     int64
	storages map[string]*storage
	// locate finds a storage's bytes, or is nil while they are not known.
	locate func(s *storage) error
}

// unpickler of a pickle that begins at byte from and ends before byte to.
func (t *torchFile) unpickler(from, to int64) *unpickler {
	left := min(to-from, maxPickle)
	return &unpickler{
		r: bufio.NewReader(io.NewSectionReader(t.f, from, left)), left: left,
		find: findGlobal, load: t.persistent,
	}
}

// findGlobal is the whole list of names that a pickle may use.
func findGlobal(module, name string) (any, error) {
	switch full := module + "." + name; full {
	case "collections.OrderedDict":
		return callable(orderedDict), nil
	case "torch._utils._rebuild_tensor_v2":
		return callable(rebuildTensor), nil
	case "torch._utils._rebuild_parameter":
		return callable(rebuildParameter), nil
	default:
		if d, ok := storageTypes[name]; ok && module == "torch" {
			return d, nil
		}
		return nil, fmt.Errorf("asks for the Python object %.100q, which would run code; "+
			"only dicts of tensors are read: in Python, save the module's state_dict() instead of the module", full)
	}
}

func orderedDict(args tuple) (any, error) {
	d := newDict()
	if len(args) == 0 {
		return d, nil
	}
	pairs, ok := args[0].(*list)
	if !ok || len(args) > 1 {
		return nil, fmt.Errorf("makes an OrderedDict of %d arguments, the first a %T", len(args), args[0])
	}
	for _, p := range pairs.items {
		var kv []any
		switch p := p.(type) {
		case tuple:
			kv = p
		case *list:
			kv = p.items
		}
		if len(kv) != 2 {
			return nil, fmt.Errorf("makes an OrderedDict of a %T, expected pairs", p)
		}
		if err := d.set(kv[0], kv[1]); err != nil {
			return nil, err
		}
	}
	return d, nil
}

// rebuildTensor takes storage, offset, size, stride and more that only training
// needs: requires_grad, hooks, metadata.
func rebuildTensor(args tuple) (any, error) {
	if len(args) < 4 {
		return nil, fmt.Errorf("makes a tensor of %d arguments, expected at least 4", len(args))
	}
	s, ok := args[0].(*storage)
	offset, also := args[1].(int64)
	if !ok || !also {
		return nil, fmt.Errorf("makes a tensor of a %T and a %T, expected a storage and an offset", args[0], args[1])
	}
	t := &torchTensor{storage: s, offset: offset}
	var err error
	if t.shape, err = integers(args[2]); err != nil {
		return nil, fmt.Errorf("shape of a tensor: %w", err)
	}
	if t.stride, err = integers(args[3]); err != nil {
		return nil, fmt.Errorf("stride of a tensor: %w", err)
	}
	return t, t.check()
}

func rebuildParameter(args tuple) (any, error) {
	if len(args) > 0 {
		if t, ok := args[0].(*torchTensor); ok {
			return t, nil
		}
	}
	return nil, fmt.Errorf("makes a parameter of something else than a tensor")
}

// maxRank bounds the dimensions of a tensor.
const maxRank = 8

func integers(v any) ([]int64, error) {
	t, ok := v.(tuple)
	if !ok || len(t) > maxRank {
		return nil, fmt.Errorf("a %T of %d, expected a tuple of at most %d numbers", v, len(t), maxRank)
	}
	out := make([]int64, len(t))
	for i, x := range t {
		if out[i], ok = x.(int64); !ok || out[i] < 0 || out[i] > maxBytes {
			return nil, fmt.Errorf("element %d is %v, expected a number from 0 to %d", i, x, int64(maxBytes))
		}
	}
	return out, nil
}

// check verifies that every element lies inside the storage.
func (t *torchTensor) check() error {
	if len(t.shape) != len(t.stride) {
		return fmt.Errorf("a tensor of shape %v has strides %v", t.shape, t.stride)
	}
	t.elements, t.span = 1, 1
	for i, d := range t.shape { // all numbers are at most maxBytes, so that no product overflows
		t.elements *= d
		t.span += max(d-1, 0) * t.stride[i]
		if t.elements > maxBytes/4 || t.span > maxBytes {
			return fmt.Errorf("a tensor of shape %v and strides %v is too large", t.shape, t.stride)
		}
	}
	if t.offset < 0 || t.offset > t.storage.len || t.elements > 0 && t.span > t.storage.len-t.offset {
		return fmt.Errorf("a tensor of shape %v, strides %v and offset %d does not lie in its storage of %d elements",
			t.shape, t.stride, t.offset, t.storage.len)
	}
	return nil
}

// persistent is the storage of a persistent id:
// ('storage', class, key, device, elements) and, in old files, a view.
func (t *torchFile) persistent(id any) (any, error) {
	args, ok := id.(tuple)
	if !ok || len(args) < 5 || len(args) > 6 || args[0] != "storage" || len(args) == 6 && args[5] != nil {
		return nil, fmt.Errorf("refers to a %T, expected a storage of its own", id)
	}
	d, isType := args[1].(dtype)
	key, isKey := args[2].(string)
	n, isLen := args[4].(int64)
	if !isType || !isKey || !isLen || n < 0 || n > t.size/d.width {
		return nil, fmt.Errorf("storage %.40v of %v elements does not fit a file of %d bytes", args[2], args[4], t.size)
	}
	s := t.storages[key]
	if s == nil {
		s = &storage{key: key, dtype: d, len: n}
		if t.locate != nil {
			if err := t.locate(s); err != nil {
				return nil, fmt.Errorf("storage %q: %w", key, err)
			}
		}
		t.storages[key] = s
	}
	if s.dtype.name != d.name || s.len != n {
		return nil, fmt.Errorf("storage %q is %d elements of %s and %d of %s", key, s.len, s.dtype.name, n, d.name)
	}
	return s, nil
}

// decode reads the tensor's elements in row-major order.
func (t *torchFile) decode(x *torchTensor) (*graph.Tensor, error) {
	out := &graph.Tensor{Data: make([]float32, x.elements)}
	for _, d := range x.shape {
		out.Shape = append(out.Shape, int(d))
	}
	if x.elements == 0 {
		return out, nil
	}
	w := x.storage.dtype.width
	b := make([]byte, x.span*w)
	if _, err := t.f.ReadAt(b, x.storage.at+x.offset*w); err != nil {
		return nil, err
	}
	index := make([]int64, len(x.shape))
	for i := range out.Data {
		at := int64(0)
		for d := range index {
			at += index[d] * x.stride[d]
		}
		out.Data[i] = x.storage.dtype.read(b[at*w:])
		for d := len(index) - 1; d >= 0; d-- {
			if index[d]++; index[d] < x.shape[d] {
				break
			}
			index[d] = 0
		}
	}
	return out, nil
}
