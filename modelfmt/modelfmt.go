// Package modelfmt is the file that holds named tensors: models, weights,
// checkpoints and goldens. FORMAT.md describes its bytes.
//
// Reading never executes anything and never trusts a length: every count and
// size is held against a limit and against the bytes that are really there
// before memory is set aside for it.
package modelfmt

import "fmt"

// File is the content of a file.
type File struct {
	Kind    string // what the file is for, such as "model"
	Meta    []byte // whatever the writer wants to say, by custom JSON
	Tensors []Tensor
}

// Tensor is an array with a name. Data is row-major, one float32 per element
// whatever DType the file stores; no shape means one element.
type Tensor struct {
	Name  string
	DType DType
	Shape []int
	Data  []float32
}

// DType is how a file stores the elements of a tensor.
type DType uint8

// The element types. F16 and BF16 round to nearest, ties to even; finite values
// beyond their range are refused when writing.
const (
	F32  DType = iota // IEEE 754 binary32: every bit survives, those of NaNs too
	F16               // IEEE 754 binary16
	BF16              // the upper half of binary32
)

var dtypes = [...]struct {
	name string
	size int // bytes
}{F32: {"f32", 4}, F16: {"f16", 2}, BF16: {"bf16", 2}}

func (d DType) known() bool { return int(d) < len(dtypes) }

func (d DType) size() int { return dtypes[d].size }

// String names the type.
func (d DType) String() string {
	if !d.known() {
		return fmt.Sprintf("dtype %d", uint8(d))
	}
	return dtypes[d].name
}

// What a file may hold at most. The networks of profile paper have 45 million
// weights, their checkpoint twice as many numbers.
const (
	MaxTensors  = 4096
	MaxElements = 1 << 28 // of all tensors together: 1 GiB as float32
	MaxRank     = 8
	MaxName     = 255      // bytes of a tensor's name
	MaxKind     = 32       // bytes
	MaxMeta     = 16 << 20 // bytes
	MaxHeader   = 1 << 20  // bytes
	MaxFile     = 5 << 28  // bytes: MaxElements that do not compress, and some room
)
