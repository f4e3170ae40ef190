package model

import (
	"errors"
	"fmt"
	"strings"

	"aecsad/modelfmt"
)

// ProductError says that a file's products do not allow the choice.
type ProductError struct {
	Product string   // asked for; empty: none in particular
	Names   []string // what the file has
}

func (e *ProductError) Error() string {
	list := strings.Join(e.Names, ", ")
	if e.Product == "" {
		return fmt.Sprintf("has %d products, expected the name of one: %s", len(e.Names), list)
	}
	return fmt.Sprintf("has no product %q, expected one of: %s", e.Product, list)
}

// choose returns the index of a product among names; no product means the only one.
func choose(names []string, product string) (int, error) {
	if product == "" && len(names) == 1 {
		return 0, nil
	}
	for i, name := range names {
		if name == product && product != "" {
			return i, nil
		}
	}
	return 0, &ProductError{product, names}
}

// readBundle reads the meta part of a bundle and checks it.
func readBundle(r *modelfmt.Reader) (*bundleMeta, error) {
	var b bundleMeta
	if err := readMeta(r.Meta(), &b); err != nil {
		return nil, err
	}
	if len(b.Products) == 0 {
		return nil, errors.New("is a bundle of 0 products, expected at least 1")
	}
	seen := map[string]bool{}
	for _, p := range b.Products {
		if err := checkName(p.name()); err != nil {
			return nil, err
		}
		if seen[p.name()] {
			return nil, fmt.Errorf("product %s is there twice", p.name())
		}
		seen[p.name()] = true
		if err := p.checkTensors(r); err != nil {
			return nil, fmt.Errorf("product %s: %w", p.name(), err)
		}
	}
	return &b, nil
}

// checkTensors bounds what loading the product takes: its tensors may be the same
// one in the file, again and again.
func (p productMeta) checkTensors(r *modelfmt.Reader) error {
	total := 0
	for own, stored := range p.Tensors {
		shape, ok := r.Shape(stored)
		if !ok {
			return fmt.Errorf("its tensor %s is %s in the file, which the file does not have", own, stored)
		}
		n := 1
		for _, d := range shape {
			n *= d
		}
		if total += n; total > modelfmt.MaxElements {
			return fmt.Errorf("its tensors have more than %d elements together, expected at most so many", modelfmt.MaxElements)
		}
	}
	return nil
}

// loadProduct reads one product of a bundle, and no tensor of the others.
func loadProduct(r *modelfmt.Reader, product string) (*Model, error) {
	o, err := open(r, product)
	if err != nil {
		return nil, err
	}
	weights, err := o.tensors(func(name string) bool { return !strings.HasPrefix(name, calibrationPrefix) })
	if err != nil {
		return nil, err
	}
	o.Weights = FromTensors(weights)
	return o.Model, o.Check()
}

// Product is what a file tells of a product without its tensors.
type Product struct {
	Name    string
	Profile string
	// Own and Shared are the bytes that the file spends on tensors of this
	// product alone, and on those that others have too.
	Own, Shared int64
}

// Products lists the products of a model file or a bundle.
func Products(path string) ([]Product, error) {
	r, err := modelfmt.Open(path)
	if err != nil {
		return nil, err
	}
	defer r.Close()
	list, err := products(r)
	if err != nil {
		return nil, named(path, err)
	}
	return list, nil
}

func products(r *modelfmt.Reader) ([]Product, error) {
	switch r.Kind() {
	case Kind:
		return productOfModel(r)
	case BundleKind:
		return productsOfBundle(r)
	}
	return nil, fmt.Errorf("is an aecsad file of kind %q, expected %q or %q", r.Kind(), Kind, BundleKind)
}

func productOfModel(r *modelfmt.Reader) ([]Product, error) {
	var j meta
	if err := readMeta(r.Meta(), &j); err != nil {
		return nil, err
	}
	p := Product{Name: j.Provenance.Category, Profile: j.Config.Profile}
	for _, name := range r.Names() {
		p.Own += r.Stored(name)
	}
	return []Product{p}, nil
}

func productsOfBundle(r *modelfmt.Reader) ([]Product, error) {
	b, err := readBundle(r)
	if err != nil {
		return nil, err
	}
	users := map[string]int{} // by the tensor's name in the file
	for _, p := range b.Products {
		for stored := range p.storedNames() {
			users[stored]++
		}
	}
	var list []Product
	for _, p := range b.Products {
		out := Product{Name: p.name(), Profile: p.Model.Config.Profile}
		for stored := range p.storedNames() {
			if users[stored] > 1 {
				out.Shared += r.Stored(stored)
			} else {
				out.Own += r.Stored(stored)
			}
		}
		list = append(list, out)
	}
	return list, nil
}

// storedNames is the set of the file's tensors that the product uses.
func (p productMeta) storedNames() map[string]bool {
	set := map[string]bool{}
	for _, stored := range p.Tensors {
		set[stored] = true
	}
	return set
}
