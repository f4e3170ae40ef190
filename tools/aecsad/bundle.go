package main

import (
	"fmt"
	"os"
	"strings"

	"aecsad/core/model"
)

type bundleCommand struct {
	Models []string `arg:"" help:"Model files, or bundles whose products to take over."`
	Out    string   `short:"o" required:"" help:"File to write." placeholder:"FILE"`
	Name   []string `help:"Another name for a product, which is given by its name or its file; repeatable." placeholder:"OLD=NEW" sep:"none"`
}

// Run writes the products of all files into one, where they share what is equal.
func (c *bundleCommand) Run(a *app) error {
	rename, err := readNames(c.Name)
	if err != nil {
		return err
	}
	var b model.Bundle
	from := map[string]string{} // the file that a product came from
	single := int64(0)          // bytes of all files
	for _, path := range c.Models {
		list, err := model.Products(path)
		if err != nil {
			return err
		}
		for _, p := range list {
			name, err := rename.of(path, p.Name, len(list))
			if err != nil {
				return err
			}
			if other, ok := from[name]; ok {
				return fmt.Errorf("%s and %s both have a product %q; rename one with --name %s=NEW", other, path, name, path)
			}
			from[name] = path
			if err := add(&b, path, p.Name, name); err != nil {
				return err
			}
		}
		st, err := os.Stat(path)
		if err != nil {
			return err
		}
		single += st.Size()
	}
	if err := rename.unused(); err != nil {
		return err
	}
	if err := b.Save(c.Out); err != nil {
		return err
	}
	st, err := os.Stat(c.Out)
	if err != nil {
		return err
	}
	a.printf("wrote %s: %d products, %.1f MB instead of %.1f MB\n", c.Out, len(from), megabytes(st.Size()), megabytes(single))
	return nil
}

func add(b *model.Bundle, path, product, name string) error {
	m, err := model.Load(path, product)
	if err != nil {
		return err
	}
	m.Provenance.Category = name
	if err := b.Add(m); err != nil {
		return fmt.Errorf("%s: %w", path, err)
	}
	return nil
}

// names are the products to rename, by name or file.
type names map[string]*newName

type newName struct {
	name string
	used bool
}

func readNames(pairs []string) (names, error) {
	all := names{}
	for _, pair := range pairs {
		at := strings.LastIndex(pair, "=") // a path may hold others
		if at < 1 || at == len(pair)-1 {
			return nil, fmt.Errorf("--name %s: expected OLD=NEW", pair)
		}
		old, name := pair[:at], pair[at+1:]
		if all[old] != nil {
			return nil, fmt.Errorf("--name %s: %s is renamed twice", pair, old)
		}
		all[old] = &newName{name: name}
	}
	return all, nil
}

// of is the name of a product of a file that has so many.
func (n names) of(path, product string, products int) (string, error) {
	x := n[path]
	if x != nil && products > 1 {
		return "", fmt.Errorf("--name %s=%s: this file has %d products; give the name of one", path, x.name, products)
	}
	if x == nil {
		if x = n[product]; x == nil {
			return product, nil
		}
		if x.used {
			return "", fmt.Errorf("--name %s=%s: several files have this product; give the file: --name %s=%s", product, x.name, path, x.name)
		}
	}
	x.used = true
	return x.name, nil
}

func (n names) unused() error {
	for old, x := range n {
		if !x.used {
			return fmt.Errorf("--name %s=%s: no file has this product", old, x.name)
		}
	}
	return nil
}
