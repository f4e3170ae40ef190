package main

import (
	"fmt"

	"aecsad/core/net"
	"aecsad/core/train"
)

// variant is a setting that differs from the default in one thing.
type variant struct {
	name   string
	change func(*net.Config, *train.Students)
}

// variants has the default first, which the others are compared with. The third
// map changes no training, so it is no variant: every one is measured without it
// and with it.
var variants = []variant{
	{"default", func(*net.Config, *train.Students) {}},
	input(train.InputJitter),
	input(train.InputAnomalies),
	input(train.InputClean),
	{"bottleneck vector", func(c *net.Config, _ *train.Students) { c.Global.Bottleneck = "vector" }},
	hardest(0),
	hardest(0.97),
	hardest(0.999),
	{"no whitening", func(_ *net.Config, o *train.Students) { o.Whitening = 0 }},
}

// hardest lets the local student learn from features beyond this quantile of the
// squared difference alone; 0 is the mean squared error.
func hardest(quantile float64) variant {
	return variant{fmt.Sprintf("quantile %v", quantile), func(_ *net.Config, o *train.Students) { o.Quantile = quantile }}
}

func input(in train.Input) variant {
	return variant{"input " + string(in), func(_ *net.Config, o *train.Students) { o.Input = in }}
}

// weights of the third map.
var thirdMaps = []float64{0, 1}

// row names the variant with a weight of the third map.
func (v variant) row(third float64) string {
	if third == 0 {
		return v.name
	}
	return fmt.Sprintf("%s, third map %v", v.name, third)
}
