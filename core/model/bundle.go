package model

import (
	"crypto/sha256"
	"encoding/binary"
	"encoding/json"
	"fmt"

	"aecsad/modelfmt"
)

// Bundle collects the models of several products for one file. Tensors that are
// equal byte by byte are stored once: models with the same frozen encoder and
// teacher share them. A product's name is its model's category.
//
// The file is of kind "bundle". Its meta part describes each product as a model
// file does, and names the tensor of the file behind each tensor of the model.
type Bundle struct {
	products bundleMeta
	tensors  []modelfmt.Tensor
	stored   map[[sha256.Size]byte]string // name in the file, by content
	names    map[string]int               // how many tensors of the file have the name of a model's
}

// bundleMeta is the JSON part of a bundle.
type bundleMeta struct {
	Products []productMeta `json:"products"`
}

type productMeta struct {
	Model   meta              `json:"model"`
	Tensors map[string]string `json:"tensors"` // name in the model -> name in the file
}

func (p productMeta) name() string { return p.Model.Provenance.Category }

// Add checks a model and adds it. The bundle keeps tensors that it did not have.
func (b *Bundle) Add(m *Model) error {
	if err := m.Check(); err != nil {
		return err
	}
	p := productMeta{Model: m.describe(), Tensors: map[string]string{}}
	if err := checkName(p.name()); err != nil {
		return err
	}
	for _, other := range b.products.names() {
		if other == p.name() {
			return fmt.Errorf("product %s is there twice; expected different names", other)
		}
	}
	if b.stored == nil {
		b.stored, b.names = map[[sha256.Size]byte]string{}, map[string]int{}
	}
	for _, t := range m.tensors() {
		p.Tensors[t.Name] = b.store(t)
	}
	b.products.Products = append(b.products.Products, p)
	return nil
}

// store returns the name under which the file has a tensor's content.
func (b *Bundle) store(t modelfmt.Tensor) string {
	key := content(t)
	if name, ok := b.stored[key]; ok {
		return name
	}
	name := t.Name
	b.names[name]++
	if n := b.names[name]; n > 1 {
		t.Name = fmt.Sprintf("%s#%d", name, n)
	}
	b.tensors, b.stored[key] = append(b.tensors, t), t.Name
	return t.Name
}

// content is a digest of all of a tensor but its name.
func content(t modelfmt.Tensor) (key [sha256.Size]byte) {
	h := sha256.New()
	fmt.Fprintln(h, t.DType, t.Shape)
	binary.Write(h, binary.LittleEndian, t.Data) // a hash takes everything
	h.Sum(key[:0])
	return key
}

// Save writes the bundle, whole or not at all.
func (b *Bundle) Save(path string) error {
	if len(b.products.Products) == 0 {
		return fmt.Errorf("%s: a bundle of 0 products; expected at least 1", path)
	}
	js, err := json.Marshal(b.products)
	if err != nil {
		return fmt.Errorf("%s: %w", path, err)
	}
	return modelfmt.WriteFile(path, &modelfmt.File{Kind: BundleKind, Meta: js, Tensors: b.tensors})
}

// maxName is what a product's name may have in bytes: it fits the C interface.
const maxName = 127

func checkName(name string) error {
	if name == "" || len(name) > maxName {
		return fmt.Errorf("the name of the product, %q, has %d bytes; expected 1 to %d", name, len(name), maxName)
	}
	return nil
}

func (b bundleMeta) names() []string {
	var names []string
	for _, p := range b.Products {
		names = append(names, p.name())
	}
	return names
}
