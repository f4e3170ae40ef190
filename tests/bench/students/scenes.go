package main

import (
	"fmt"
	"path/filepath"

	"aecsad/core/calibrate"
	"aecsad/core/data"
	"aecsad/core/data/synth"
	"aecsad/core/detect"
	"aecsad/core/graph"
	"aecsad/core/image"
	"aecsad/core/model"
	"aecsad/core/net"
	"aecsad/core/stats"
	"aecsad/core/train"
	"aecsad/kernels"
)

// scenes are the pictures of a category and a seed.
type scenes struct {
	category   string
	seed       uint32
	train      train.Data
	validation []*image.RGB
	test       map[data.Kind][]*image.RGB
}

// scenes renders a category below dir. The component maps are the true ones.
func (o *options) scenes(dir, category string, seed uint32) (*scenes, error) {
	err := synth.Write(dir, synth.Options{
		Categories: []string{category}, Seed: seed, Train: o.Train, Validation: o.Validation,
		TestGood: o.Test, TestLogical: o.Test, TestStructural: o.Test,
	}, nil)
	if err != nil {
		return nil, err
	}
	set, err := data.Open(filepath.Join(dir, category))
	if err != nil {
		return nil, err
	}
	s := &scenes{category: category, seed: seed, test: map[data.Kind][]*image.RGB{}}
	for i, it := range set.Train {
		im, err := image.ReadFile(it.Path)
		if err != nil {
			return nil, err
		}
		m, err := image.ReadMask(filepath.Join(set.Root, "labels", "train", "good", it.Name()+".png"))
		if err != nil {
			return nil, err
		}
		s.train.Images = append(s.train.Images, image.Resize(im, o.Side, o.Side))
		s.train.Maps = append(s.train.Maps, m.Resize(o.Side, o.Side))
		s.train.Trusted = append(s.train.Trusted, i)
	}
	for _, it := range set.Validation {
		im, err := image.ReadFile(it.Path)
		if err != nil {
			return nil, err
		}
		s.validation = append(s.validation, im)
	}
	for _, it := range set.Test {
		im, err := image.ReadFile(it.Path)
		if err != nil {
			return nil, err
		}
		s.test[it.Kind] = append(s.test[it.Kind], im)
	}
	return s, nil
}

// auroc is the area under the curve in percent for both kinds of faults.
type auroc struct{ logical, structural float64 }

// measure scores the test images by the peak of the fused map, calibrated as in
// profile quick: places on the training images, the scale on the validation images.
func (s *scenes) measure(device kernels.Device, c net.Config, w graph.Weights, report func(third float64, a auroc)) error {
	c.ThirdMap = 1 // so that the maps are there to be weighed
	e, err := detect.NewEngine(c, w, device, 0)
	if err != nil {
		return err
	}
	defer e.Close()
	good, err := look(e, s.train.Images)
	if err != nil {
		return err
	}
	validation, err := look(e, s.validation)
	if err != nil {
		return err
	}
	test := map[data.Kind][]*detect.Raw{}
	for _, kind := range []data.Kind{data.KindGood, data.KindLogical, data.KindStructural} {
		if test[kind], err = look(e, s.test[kind]); err != nil {
			return err
		}
	}
	for _, third := range thirdMaps {
		m := &model.Model{Config: c}
		m.Config.ThirdMap = third
		calibrate.Places(m, good)
		if err := calibrate.Maps(m, validation); err != nil {
			return fmt.Errorf("maps: %w", err)
		}
		ordinary := peaks(m, test[data.KindGood])
		report(third, auroc{
			100 * stats.AUROC(ordinary, peaks(m, test[data.KindLogical])),
			100 * stats.AUROC(ordinary, peaks(m, test[data.KindStructural])),
		})
	}
	return nil
}

func look(e *detect.Engine, images []*image.RGB) ([]*detect.Raw, error) {
	var raws []*detect.Raw
	for _, im := range images {
		r, err := e.Run(im.Pixels())
		if err != nil {
			return nil, err
		}
		raws = append(raws, r)
	}
	return raws, nil
}

func peaks(m *model.Model, raws []*detect.Raw) []float64 {
	var p []float64
	for _, r := range raws {
		_, _, fused := detect.Fuse(m, r)
		p = append(p, detect.Peak(fused))
	}
	return p
}
