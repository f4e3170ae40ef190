package main

import (
	"fmt"
	"io"
	"sort"
	"time"

	"aecsad/kernels"
	"aecsad/kernels/cuda"
)

// ceilings are what the GPU does at best.
type ceilings struct {
	all   []cuda.Ceiling
	bytes float64            // per second, read and written
	flops map[string]float64 // per second, by precision
}

func ceilingsOf(z size) (c ceilings, err error) {
	if c.all, err = cuda.Ceilings("cuda", z.floats, z.blocks, z.turns); err != nil {
		return c, err
	}
	c.flops = map[string]float64{}
	for _, one := range c.all {
		if one.Precision == "" {
			c.bytes = one.Value
		} else {
			c.flops[one.Precision] = one.Value
		}
	}
	return c, nil
}

func (c ceilings) list(out io.Writer) {
	fmt.Fprintf(out, "\n## Ceilings, by kernels that do nothing else\n\n")
	for _, one := range c.all {
		fmt.Fprintf(out, "- %s: %.1f G%s\n", one.Name, one.Value/1e9, one.Unit)
	}
}

// row adds up the calls of one instruction with one shape.
type row struct {
	name         string
	calls        int
	time         time.Duration
	flops, bytes float64 // of all its calls
	least        float64 // seconds that the ceilings allow
}

// table prints where the time went, the longest first.
func (r *result) table(c ceilings, out io.Writer) {
	rows := map[string]*row{}
	var order []*row
	total := time.Duration(0)
	for i, call := range r.calls {
		name := fmt.Sprintf("%s%+v", kernels.Name(call.Op), call.Op)
		if rows[name] == nil {
			rows[name] = &row{name: name}
			order = append(order, rows[name])
		}
		w, flops, bytes := rows[name], flops(call.Op), traffic(call.Op)
		w.calls++
		w.time += r.times[i]
		w.flops += flops
		w.bytes += bytes
		w.least += max(flops/c.flops[r.precisionOf(call.Op)], bytes/c.bytes)
		total += r.times[i]
	}
	sort.SliceStable(order, func(i, j int) bool { return order[i].time > order[j].time })
	fmt.Fprintf(out, "\n## %s, call by call\n\nOne by one they take %.3f ms. GB/s counts every buffer once; the ceiling is that of the "+
		"operations or that of the memory, whichever takes longer.\n", r.title, milliseconds(total))
	fmt.Fprintln(out, "\n| instruction | calls | ms | TFLOP/s | GB/s | of the ceiling |\n|---|---:|---:|---:|---:|---:|")
	for _, w := range order {
		s := w.time.Seconds()
		fmt.Fprintf(out, "| `%s` | %d | %.4f | %.2f | %.0f | %.0f %% |\n", w.name, w.calls, milliseconds(w.time), w.flops/s/1e12, w.bytes/s/1e9, 100*w.least/s)
	}
}

// precisionOf an instruction: all but convolutions are float32.
func (r *result) precisionOf(o kernels.Op) string {
	switch o.(type) {
	case kernels.Conv2D, kernels.Conv2DBackwardData, kernels.Conv2DBackwardFilter:
		return r.precision
	}
	return kernels.Float32
}

// flops are the multiplications and additions of an instruction, taps outside
// the image included; 0 where memory is what counts.
func flops(o kernels.Op) float64 {
	conv := func(c kernels.ConvShape) float64 {
		return 2 * float64(c.N*c.K*c.P()*c.Q()) * float64(c.C*c.R*c.S)
	}
	switch o := o.(type) {
	case kernels.Conv2D:
		return conv(o.ConvShape)
	case kernels.Conv2DBackwardData:
		return conv(o.ConvShape)
	case kernels.Conv2DBackwardFilter:
		return conv(o.ConvShape)
	case kernels.MatMul:
		return 2 * float64(o.Batch*o.M*o.N) * float64(o.K)
	case kernels.Attention:
		return 4 * float64(o.N*o.T*o.T) * float64(o.C)
	case kernels.AttentionBackward:
		return 8 * float64(o.N*o.T*o.T) * float64(o.C)
	}
	return 0
}

// traffic is the size of all buffers in bytes.
func traffic(o kernels.Op) float64 {
	out, in := o.Buffers()
	sum := 0
	for _, n := range append(out, in...) {
		sum += n
	}
	return 4 * float64(sum)
}
