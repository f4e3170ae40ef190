package image

import "fmt"

// Mean and standard deviation of red, green and blue over ImageNet, for colours
// in [0,1].
var (
	mean      = [3]float32{0.485, 0.456, 0.406}
	deviation = [3]float32{0.229, 0.224, 0.225}
)

// Normalization is what Prepare applies to red, green and blue in [0,1]:
// (v - mean) / deviation.
func Normalization() (m, d [3]float32) { return mean, deviation }

// normal holds (v/255 - mean) / deviation for the 256 values of each colour.
var normal = func() (t [3][256]float32) {
	for c := range t {
		for v := range t[c] {
			t[c][v] = (float32(v)/255 - mean[c]) / deviation[c]
		}
	}
	return t
}()

// Prepare is the way from a caller's pixels to a network: the region of interest
// is resized to side x side and normalised into dst, 3 x side x side numbers,
// red, green and blue plane.
func Prepare(dst []float32, p Pixels, side int) error {
	if err := p.Check(); err != nil {
		return err
	}
	if side < 1 || side > MaxSide {
		return fmt.Errorf("prepare: side is %d; expected 1 to %d", side, MaxSide)
	}
	plane := side * side
	if len(dst) != 3*plane {
		return fmt.Errorf("prepare: room for %d numbers; 3x%dx%d take %d", len(dst), side, side, 3*plane)
	}
	red, green, blue := dst[:plane], dst[plane:2*plane], dst[2*plane:]
	resize(p, side, side, func(y int, row []packed) {
		for x, s := range row {
			i := y*side + x
			red[i], green[i], blue[i] = normal[0][byte(s.redGreen)], normal[1][byte(s.redGreen>>32)], normal[2][byte(s.blue)]
		}
	})
	return nil
}

// Normalize is Prepare for a picture that has its size already: dst takes
// 3 x Height x Width numbers.
func Normalize(dst []float32, im *RGB) {
	plane := im.Width * im.Height
	for i := range plane {
		for c := range 3 {
			dst[c*plane+i] = normal[c][im.Pix[3*i+c]]
		}
	}
}
