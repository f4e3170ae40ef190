package export

import (
	"encoding/binary"
	"fmt"
	"math"
)

// The messages of ONNX, with the field numbers of its schema (onnx.proto). Only
// what an exported network needs is here.

// Versions: opset 17 goes with version 8 of the file format.
const (
	irVersion = 8
	opset     = 17
)

// kind is ONNX's number of an element type.
type kind int64

const (
	float32s kind = 1
	uint8s   kind = 2
	int64s   kind = 7
	bools    kind = 9
	float64s kind = 11
)

// value is a tensor of the graph: what a node puts out, a weight or an input.
type value struct {
	name  string
	kind  kind
	shape []int
}

// node is an operator applied to tensors.
type node struct {
	op, name string
	in       []string
	out      string
	attrs    []*message
}

// The numbers of attribute types.
const (
	attrFloat = 1
	attrInt   = 2
	attrText  = 3
	attrInts  = 7
)

func attribute(name string, kind int64) *message {
	m := &message{}
	m.text(1, name)
	m.integer(20, kind)
	return m
}

func attrI(name string, v int) *message {
	m := attribute(name, attrInt)
	m.integer(3, int64(v))
	return m
}

func attrF(name string, v float32) *message {
	m := attribute(name, attrFloat)
	m.float(2, v)
	return m
}

func attrS(name, v string) *message {
	m := attribute(name, attrText)
	m.text(4, v)
	return m
}

func attrIs(name string, v ...int) *message {
	m := attribute(name, attrInts)
	for _, x := range v {
		m.integer(8, int64(x))
	}
	return m
}

func (n *node) message() *message {
	m := &message{}
	for _, in := range n.in {
		m.text(1, in)
	}
	m.text(2, n.out)
	m.text(3, n.name)
	m.text(4, n.op)
	for _, a := range n.attrs {
		m.message(5, a)
	}
	return m
}

// tensor is a constant; data is []float32, []float64 or []int64.
func tensor(v value, data any) *message {
	m := &message{}
	for _, d := range v.shape {
		m.integer(1, int64(d))
	}
	m.integer(2, int64(v.kind))
	m.text(8, v.name)
	m.bytes(9, littleEndian(data))
	return m
}

func littleEndian(data any) []byte {
	le := binary.LittleEndian
	switch data := data.(type) {
	case []float32:
		b := make([]byte, 4*len(data))
		for i, x := range data {
			le.PutUint32(b[4*i:], math.Float32bits(x))
		}
		return b
	case []float64:
		b := make([]byte, 8*len(data))
		for i, x := range data {
			le.PutUint64(b[8*i:], math.Float64bits(x))
		}
		return b
	case []int64:
		b := make([]byte, 8*len(data))
		for i, x := range data {
			le.PutUint64(b[8*i:], uint64(x))
		}
		return b
	}
	panic(fmt.Sprintf("export: a constant of type %T", data)) // this package's mistake
}

// valueInfo describes an input or output of the graph.
func valueInfo(v value, doc string) *message {
	shape := &message{}
	for _, d := range v.shape {
		dim := &message{}
		dim.integer(1, int64(d))
		shape.message(1, dim)
	}
	t := &message{}
	t.integer(1, int64(v.kind))
	t.message(2, shape)
	kind := &message{}
	kind.message(1, t)
	m := &message{}
	m.text(1, v.name)
	m.message(2, kind)
	if doc != "" {
		m.text(3, doc)
	}
	return m
}

// property is a key with its value, of the model.
type property struct{ key, value string }

// modelMessage is a whole file.
func modelMessage(graph *message, doc string, properties []property) *message {
	m := &message{}
	m.integer(1, irVersion)
	m.text(2, "aecsad")
	if doc != "" {
		m.text(6, doc)
	}
	m.message(7, graph)
	version := &message{}
	version.text(1, "") // the standard operators
	version.integer(2, opset)
	m.message(8, version)
	for _, p := range properties {
		entry := &message{}
		entry.text(1, p.key)
		entry.text(2, p.value)
		m.message(14, entry)
	}
	return m
}
