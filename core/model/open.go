package model

import (
	"fmt"
	"strings"

	"aecsad/core/graph"
	"aecsad/modelfmt"
)

// Opened is a model whose weights are still in its file. It is a graph.Source of
// them.
type Opened struct {
	*Model // without weights, checked but for them
	r      *modelfmt.Reader
	stored map[string]string // name in the file of each tensor of the model
	bundle bool
}

// Open is Load without the weights. The caller closes what it returns.
func Open(path, product string) (*Opened, error) {
	r, err := modelfmt.Open(path)
	if err != nil {
		return nil, err
	}
	o, err := open(r, product)
	if err != nil {
		r.Close()
		return nil, named(path, err)
	}
	return o, nil
}

// OpenBytes is Open for a file in memory, which is used until Close.
func OpenBytes(b []byte, product string) (*Opened, error) {
	r, err := modelfmt.OpenBytes(b)
	if err != nil {
		return nil, err
	}
	return open(r, product)
}

func open(r *modelfmt.Reader, product string) (*Opened, error) {
	o := &Opened{r: r, bundle: r.Kind() == BundleKind}
	var description meta
	var err error
	if o.bundle {
		description, o.stored, err = openProduct(r, product)
	} else {
		description, o.stored, err = openModel(r, product)
	}
	if err != nil {
		return nil, err
	}
	beside, err := o.tensors(func(name string) bool { return strings.HasPrefix(name, calibrationPrefix) })
	if err != nil {
		return nil, err
	}
	o.Model = description.model(beside)
	return o, o.Model.Check()
}

func openModel(r *modelfmt.Reader, product string) (j meta, stored map[string]string, err error) {
	if r.Kind() != Kind {
		return j, nil, fmt.Errorf("is an aecsad file of kind %q, expected %q", r.Kind(), Kind)
	}
	if err := readMeta(r.Meta(), &j); err != nil {
		return j, nil, err
	}
	stored = map[string]string{}
	for _, name := range r.Names() {
		stored[name] = name
	}
	_, err = choose([]string{j.Provenance.Category}, product)
	return j, stored, err
}

func openProduct(r *modelfmt.Reader, product string) (j meta, stored map[string]string, err error) {
	b, err := readBundle(r)
	if err != nil {
		return j, nil, err
	}
	i, err := choose(b.names(), product)
	if err != nil {
		return j, nil, err
	}
	return b.Products[i].Model, b.Products[i].Tensors, nil
}

// tensors reads what the model has of the wanted names.
func (o *Opened) tensors(wanted func(name string) bool) ([]modelfmt.Tensor, error) {
	var all []modelfmt.Tensor
	for own, stored := range o.stored {
		if !wanted(own) {
			continue
		}
		t, err := o.r.Tensor(stored)
		if err != nil {
			return nil, err
		}
		t.Name = own
		all = append(all, *t)
	}
	return all, nil
}

// Shape is that of a weight; false if the model has none of that name.
func (o *Opened) Shape(name string) ([]int, bool) { return o.r.Shape(o.stored[name]) }

// Read reads a weight into to and checks that its numbers are finite.
func (o *Opened) Read(name string, to []float32) error {
	if err := o.r.Read(o.stored[name], to); err != nil {
		return err
	}
	return graph.Weights{name: {Data: to}}.Finite()
}

var _ graph.Source = (*Opened)(nil)

// Verify compares the SHA-256 of the file. Of a bundle it reads nothing: the
// other products are no part of the model.
func (o *Opened) Verify() error {
	if o.bundle {
		return nil
	}
	return o.r.Verify()
}

// Close closes the file.
func (o *Opened) Close() error { return o.r.Close() }
