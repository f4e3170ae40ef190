package main

import (
	"math"

	"aecsad/core/image"
	"aecsad/kernels"
)

// bank holds patches of good images and finds the nearest one.
type bank struct {
	session         kernels.Session
	size            int       // patches in the bank
	channels, count int       // of an image's patches
	norms           []float64 // squared length of each patch in the bank
	products        []float32
}

// The slots of the bank's program: products[count,size] = patches^T * bank^T.
const (
	slotProducts kernels.Slot = iota
	slotPatches
	slotBank
)

// newBank keeps the same share of every image's patches, drawn at random.
func newBank(device kernels.Device, e *encoder, train []*image.RGB, size int, seed uint32) (*bank, error) {
	each := min(max(size/len(train), 1), e.count)
	b := &bank{size: each * len(train), channels: e.channels, count: e.count}
	kept := make([]float32, 0, b.size*b.channels)
	for i, im := range train {
		p, err := e.patches(im)
		if err != nil {
			return nil, err
		}
		for k := range each {
			// One from each of equal stretches of the image.
			u := float64(kernels.Uniform(seed, uint32(i), uint64(k)))
			at := int((float64(k) + u) / float64(each) * float64(b.count))
			norm := 0.0
			for c := range b.channels {
				v := p[c*b.count+min(at, b.count-1)]
				kept = append(kept, v)
				norm += float64(v) * float64(v)
			}
			b.norms = append(b.norms, norm)
		}
	}
	op := kernels.MatMul{Batch: 1, M: b.count, N: b.size, K: b.channels, TransA: true, TransB: true}
	b.products = make([]float32, b.count*b.size)
	s, err := device.Load(&kernels.Program{
		Calls: []kernels.Call{{Op: op, Bufs: []kernels.Slot{slotProducts, slotPatches, slotBank}}},
		Sizes: []int{slotProducts: len(b.products), slotPatches: b.channels * b.count, slotBank: len(kept)},
	}, kernels.Options{})
	if err != nil {
		return nil, err
	}
	b.session = s
	if err := s.Write(slotBank, kept); err != nil {
		b.close()
		return nil, err
	}
	return b, s.Setup()
}

// distances are those of an image's patches from their nearest in the bank.
func (b *bank) distances(patches []float32) ([]float32, error) {
	if err := b.session.Write(slotPatches, patches); err != nil {
		return nil, err
	}
	if err := b.session.Run(); err != nil {
		return nil, err
	}
	if err := b.session.Read(slotProducts, b.products); err != nil {
		return nil, err
	}
	out := make([]float32, b.count)
	for i := range b.count {
		norm := 0.0
		for c := range b.channels {
			v := float64(patches[c*b.count+i])
			norm += v * v
		}
		near := math.Inf(1)
		for k, p := range b.products[i*b.size : (i+1)*b.size] {
			near = min(near, b.norms[k]-2*float64(p))
		}
		out[i] = float32(math.Sqrt(max(norm+near, 0)))
	}
	return out, nil
}

func (b *bank) close() { b.session.Close() }
