package ref

import "aecsad/kernels"

func concat(o kernels.Concat, a args) {
	total := 0
	for i := range a[1:] {
		total += o.C[i]
	}
	y := a.shaped(0, o.N, total, o.HW)
	for n := 0; n < o.N; n++ {
		first := 0
		for i := range a[1:] {
			x := a.shaped(1+i, o.N, o.C[i], o.HW)
			for c := 0; c < o.C[i]; c++ {
				copy(part(y, n, first+c), part(x, n, c))
			}
			first += o.C[i]
		}
	}
}

func slice(o kernels.Slice, a args) {
	y, x := a.shaped(0, o.N, o.K, o.HW), a.shaped(1, o.N, o.C, o.HW)
	for n := 0; n < o.N; n++ {
		for k := 0; k < o.K; k++ {
			copy(part(y, n, k), part(x, n, o.First+k))
		}
	}
}
