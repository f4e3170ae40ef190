package main

import (
	"fmt"
	"io"
	"sort"
	"time"

	"aecsad/kernels"
)

// row adds up the calls of one instruction with one shape.
type row struct {
	name         string
	calls        int
	time         time.Duration
	flops, bytes float64 // of all its calls
}

// table prints where the time went, the longest first.
func (r *result) table(out io.Writer) {
	rows := map[string]*row{}
	var order []*row
	total := time.Duration(0)
	for i, c := range r.calls {
		name := fmt.Sprintf("%s%+v", kernels.Name(c.Op), c.Op)
		if rows[name] == nil {
			rows[name] = &row{name: name}
			order = append(order, rows[name])
		}
		w := rows[name]
		w.calls++
		w.time += r.times[i]
		w.flops += flops(c.Op)
		w.bytes += traffic(c.Op)
		total += r.times[i]
	}
	sort.SliceStable(order, func(i, j int) bool { return order[i].time > order[j].time })
	fmt.Fprintf(out, "\n## Calls on %s\n\nOne by one they take %.3f ms. GB/s counts every buffer once.\n", r.device, milliseconds(total))
	fmt.Fprintln(out, "\n| instruction | calls | ms | TFLOP/s | GB/s |\n|---|---:|---:|---:|---:|")
	for _, w := range order {
		s := w.time.Seconds()
		fmt.Fprintf(out, "| `%s` | %d | %.4f | %.2f | %.0f |\n", w.name, w.calls, milliseconds(w.time), w.flops/s/1e12, w.bytes/s/1e9)
	}
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
	case kernels.MatMul:
		return 2 * float64(o.Batch*o.M*o.N) * float64(o.K)
	case kernels.Attention:
		return 4 * float64(o.N*o.T*o.T) * float64(o.C)
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
