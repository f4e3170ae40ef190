package cpu_test

import (
	"fmt"
	"math/rand/v2"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"aecsad/kernels"
	"aecsad/kernels/cpu"
)

// The main convolutions of the networks of core/net, in both profiles.
var benchShapes = []struct {
	name  string
	shape kernels.ConvShape
}{
	{"quick/encoder.conv1", conv(1, 3, 256, 16, 7, 2, 3, 1)},
	{"quick/encoder.3x3", conv(1, 32, 64, 32, 3, 1, 1, 1)},
	{"quick/encoder.1x1", conv(1, 64, 64, 32, 1, 1, 0, 1)},
	{"quick/encoder.3x3s2", conv(1, 64, 64, 64, 3, 2, 1, 1)},
	{"quick/encoder.deep", conv(1, 128, 16, 128, 3, 1, 1, 1)},
	{"quick/local.conv1", conv(1, 3, 256, 16, 4, 1, 3, 1)},
	{"quick/local.conv2", conv(1, 16, 130, 32, 4, 1, 3, 1)},
	{"quick/local.conv4", conv(1, 32, 67, 32, 3, 1, 1, 1)},
	{"quick/local.conv5", conv(1, 32, 67, 32, 4, 1, 0, 1)},
	{"quick/local.head", conv(1, 32, 64, 64, 1, 1, 0, 1)},
	{"quick/global.enconv2", conv(1, 8, 128, 8, 4, 2, 1, 1)},
	{"quick/global.deconv6", conv(1, 16, 127, 16, 4, 1, 2, 1)},
	{"quick/global.deconv8", conv(1, 16, 64, 64, 3, 1, 1, 1)},
	{"quick/segmentor.aspp12", conv(1, 256, 16, 48, 3, 1, 12, 12)},
	{"quick/segmentor.fc2", conv(1, 64, 64, 48, 3, 1, 1, 1)},
	{"paper/encoder.conv1", conv(1, 3, 256, 64, 7, 2, 3, 1)},
	{"paper/encoder.3x3", conv(1, 128, 64, 128, 3, 1, 1, 1)},
	{"paper/encoder.1x1", conv(1, 256, 64, 128, 1, 1, 0, 1)},
	{"paper/encoder.3x3s2", conv(1, 256, 64, 256, 3, 2, 1, 1)},
	{"paper/encoder.1x1s2", conv(1, 256, 64, 512, 1, 2, 0, 1)},
	{"paper/encoder.deep", conv(1, 512, 16, 512, 3, 1, 1, 1)},
	{"paper/encoder.deep1x1", conv(1, 1024, 16, 512, 1, 1, 0, 1)},
	{"paper/local.conv1", conv(1, 3, 256, 256, 4, 1, 3, 1)},
	{"paper/local.conv2", conv(1, 256, 130, 512, 4, 1, 3, 1)},
	{"paper/local.head", conv(1, 512, 64, 512, 1, 1, 0, 1)},
	{"paper/global.deconv6", conv(1, 64, 127, 64, 4, 1, 2, 1)},
	{"paper/segmentor.aspp6", conv(1, 1024, 16, 256, 3, 1, 6, 6)},
	{"paper/segmentor.aspp12", conv(1, 1024, 16, 256, 3, 1, 12, 12)},
	{"paper/segmentor.fc2", conv(1, 304, 64, 256, 3, 1, 1, 1)},
}

func conv(n, c, side, k, r, stride, pad, dilation int) kernels.ConvShape {
	return kernels.ConvShape{N: n, C: c, H: side, W: side, K: k, R: r, S: r, Stride: stride, Pad: pad, Dilation: dilation}
}

func load(tb testing.TB, d kernels.Device, threads int, op kernels.Op) kernels.Session {
	p := &kernels.Program{Calls: []kernels.Call{{Op: op}}}
	out, in := op.Buffers()
	for i, n := range append(out, in...) {
		p.Calls[0].Bufs = append(p.Calls[0].Bufs, kernels.Slot(i))
		p.Sizes = append(p.Sizes, n)
	}
	s, err := d.Load(p, kernels.Options{Threads: threads})
	require.NoError(tb, err)
	tb.Cleanup(func() { s.Close() })
	return s
}

// BenchmarkConvolution gives GFLOP/s and the share of the ceiling, measured in
// the same run, on one thread.
func BenchmarkConvolution(b *testing.B) {
	d, err := cpu.Open()
	require.NoError(b, err)
	peak := d.Peak()
	b.Logf("%s: %.1f GFLOP/s in registers", d.Describe(), peak)
	for _, s := range benchShapes {
		ops := []kernels.Op{
			kernels.Conv2D{ConvShape: s.shape}, kernels.Conv2DBackwardData{ConvShape: s.shape},
			kernels.Conv2DBackwardFilter{ConvShape: s.shape},
		}
		for _, op := range ops {
			b.Run(fmt.Sprintf("%s/%s", s.name, kernels.Name(op)), func(b *testing.B) {
				session := load(b, d, 1, op)
				out, in := op.Buffers()
				r := rand.New(rand.NewPCG(1, 2))
				for i, n := range in { // weights that begin with zeros would be left out
					require.NoError(b, session.Write(kernels.Slot(len(out)+i), noise(r, n)))
				}
				flops := 2 * float64(s.shape.N*s.shape.K*s.shape.P()*s.shape.Q()) * float64(s.shape.C*s.shape.R*s.shape.S)
				best := time.Hour
				for b.Loop() {
					start := time.Now()
					require.NoError(b, session.Run())
					best = min(best, time.Since(start))
				}
				rate := flops / best.Seconds() / 1e9
				b.ReportMetric(rate, "GFLOP/s")
				b.ReportMetric(100*rate/peak, "%peak")
			})
		}
	}
}
