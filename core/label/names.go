package label

import (
	"fmt"
	"math"
)

// hues are the words for the angle of (a, b), in degrees, up to which they hold.
var hues = []struct {
	upTo float64
	word string
}{{20, "pink"}, {50, "red"}, {75, "orange"}, {105, "yellow"}, {165, "green"}, {220, "turquoise"}, {310, "blue"}, {345, "purple"}, {360, "pink"}}

// word names a colour.
func (c color) word() string {
	light, chroma := c[0]/lightWeight, math.Hypot(c[1], c[2])
	if chroma < 12 {
		switch {
		case light < 30:
			return "black"
		case light > 82:
			return "white"
		}
		return "grey"
	}
	hue := math.Atan2(c[2], c[1]) * 180 / math.Pi
	if hue < 0 {
		hue += 360
	}
	word := hues[0].word
	for _, h := range hues {
		word = h.word
		if hue < h.upTo {
			break
		}
	}
	if word == "orange" && light < 50 {
		return "brown"
	}
	return word
}

// names calls the kinds by their colours, with numbers where several have one.
func (f *finder) names() []string {
	names := make([]string, len(f.kinds))
	times, used := map[string]int{}, map[string]int{}
	for i, k := range f.kinds {
		c := f.palette.entries[k.entry]
		for j := range c { // the last three features are the colour of the parts
			c[j] += f.o.ColorBandwidth * k.centre[len(k.centre)-3+j]
		}
		names[i] = c.word() + " part"
		times[names[i]]++
	}
	for i, n := range names {
		if times[n] > 1 {
			used[n]++
			names[i] = fmt.Sprintf("%s %d", n, used[n])
		}
	}
	return names
}
