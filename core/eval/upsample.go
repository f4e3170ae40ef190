package eval

// upsampler enlarges an anomaly map to the size of its image, bilinearly as the
// networks do it (spec appendix A): pixel i looks at max(0, (i+0.5) in/out - 0.5).
type upsampler struct {
	values []float32
	width  int // of the map
	x, y   axis
	row    []float32 // the map interpolated to one image row
}

// axis holds, for each output position, its lower neighbour, its upper neighbour
// and the weight of the latter.
type axis struct {
	lower, upper []int
	weight       []float32
}

func newAxis(in, out int) axis {
	a := axis{make([]int, out), make([]int, out), make([]float32, out)}
	for i := range out {
		src := max(0, (float64(i)+0.5)*float64(in)/float64(out)-0.5)
		a.lower[i] = min(int(src), in-1)
		a.upper[i] = min(a.lower[i]+1, in-1)
		a.weight[i] = float32(src - float64(a.lower[i]))
	}
	return a
}

func newUpsampler(im *Image) *upsampler {
	return &upsampler{
		values: im.Map, width: im.MapWidth,
		x: newAxis(im.MapWidth, im.Width), y: newAxis(im.MapHeight, im.Height),
		row: make([]float32, im.MapWidth),
	}
}

// mix is the same number wherever it is computed: the conversion keeps compilers
// from fusing the product into the sum.
func mix(a, b, t float32) float32 { return a + float32(t*(b-a)) }

// at is the value of one pixel.
func (u *upsampler) at(x, y int) float32 {
	above, below, t := u.y.lower[y]*u.width, u.y.upper[y]*u.width, u.y.weight[y]
	l, r := u.x.lower[x], u.x.upper[x]
	return mix(mix(u.values[above+l], u.values[below+l], t), mix(u.values[above+r], u.values[below+r], t), u.x.weight[x])
}

// fill computes image row y.
func (u *upsampler) fill(out []float32, y int) {
	above, below, t := u.y.lower[y]*u.width, u.y.upper[y]*u.width, u.y.weight[y]
	for i := range u.row {
		u.row[i] = mix(u.values[above+i], u.values[below+i], t)
	}
	for i := range out {
		out[i] = mix(u.row[u.x.lower[i]], u.row[u.x.upper[i]], u.x.weight[i])
	}
}
