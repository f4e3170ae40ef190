// Command abi makes what the tests of the C border need, in a folder: a small
// model, a bundle of it and another one, pictures of noise as PPM files, and
// scores.txt, what Go says about them. The programs in C, C++ and Python beside it
// must say the same, to the last bit.
package main

import (
	"encoding/binary"
	"fmt"
	"hash/fnv"
	"math"
	"os"
	"path/filepath"
	"strings"

	"aecsad/core/detect"
	"aecsad/core/image"
	"aecsad/core/model"
	"aecsad/core/model/modeltest"
)

var pictures = []struct {
	name          string
	width, height int
}{{"square.ppm", 64, 64}, {"wide.ppm", 97, 61}, {"pixel.ppm", 1, 1}, {"large.ppm", 320, 240}}

func main() {
	if len(os.Args) != 2 {
		fmt.Fprintln(os.Stderr, "usage: abi FOLDER")
		os.Exit(2)
	}
	if err := run(os.Args[1]); err != nil {
		fmt.Fprintln(os.Stderr, "abi:", err)
		os.Exit(1)
	}
}

func run(dir string) error {
	m := modeltest.Tiny(7)
	if err := m.Save(filepath.Join(dir, "tiny.aecsad")); err != nil {
		return err
	}
	if err := line(m, filepath.Join(dir, "line.aecsad")); err != nil {
		return err
	}
	var report strings.Builder
	for _, threads := range []int{1, 2} {
		d, err := detect.New(m, detect.Options{Threads: threads})
		if err != nil {
			return err
		}
		for i, p := range pictures {
			pix := modeltest.Pixels(uint32(i), p.width, p.height)
			ppm := fmt.Appendf(nil, "P6\n%d %d\n255\n", p.width, p.height)
			if err := os.WriteFile(filepath.Join(dir, p.name), append(ppm, pix...), 0o644); err != nil {
				return err
			}
			v, err := d.Inspect(image.Pixels{Data: pix, Width: p.width, Height: p.height, Stride: 3 * p.width, Format: image.RGB8})
			if err != nil {
				return err
			}
			fmt.Fprintf(&report, "%s threads %d %s\n", p.name, threads, verdict(v))
		}
		if err := d.Close(); err != nil {
			return err
		}
	}
	return os.WriteFile(filepath.Join(dir, "scores.txt"), []byte(report.String()), 0o644)
}

// line writes a bundle of the model and a second product's.
func line(m *model.Model, path string) error {
	other := modeltest.Tiny(8)
	other.Provenance.Category = "other"
	var b model.Bundle
	for _, m := range []*model.Model{m, other} {
		if err := b.Add(m); err != nil {
			return err
		}
	}
	return b.Save(path)
}

// verdict is a line: the bits of the four numbers, decision, hashes of the fused
// map and of the classes, and the sentences.
func verdict(v *detect.Verdict) string {
	var b strings.Builder
	for _, x := range []float64{v.Score, v.Structural, v.Logical, v.PValue} {
		fmt.Fprintf(&b, "%016x ", math.Float64bits(x))
	}
	maps := fnv.New64a()
	binary.Write(maps, binary.LittleEndian, v.Fused) // a hash takes everything
	classes := fnv.New64a()
	classes.Write(v.Classes)
	fmt.Fprintf(&b, "%s %016x %016x", v.Decision, maps.Sum64(), classes.Sum64())
	for _, f := range v.Findings {
		fmt.Fprintf(&b, "\n  %s at %d %d %d %d", f.Sentence, f.X, f.Y, f.W, f.H)
	}
	return b.String()
}
