package weights

import (
	"fmt"
	"slices"

	"aecsad/core/graph"
	"aecsad/core/net"
)

// csadConfig makes c the configuration of the published CSAD: no attention, the
// 64-number bottleneck, as many classes as the segmentor has.
func csadConfig(c *net.Config, segmentor graph.Weights) error {
	c.Profile = "csad"
	c.Teacher.Stage, c.Global.Bottleneck, c.Global.Attention = 2, "vector", false
	last := segmentor["fc2.conv3.weight"]
	if last == nil || len(last.Shape) != 4 {
		return fmt.Errorf("tensor fc2.conv3.weight of the segmentor is missing or not a convolution; it has the number of classes")
	}
	c.Segmentor.Classes = last.Shape[0]
	return c.Check()
}

// csadTeacher takes CSAD's projection of both stages apart and its bias out of
// the mean, which is exact: (Wf + b - mean) / std = (Wf - (mean - b)) / std.
//
// CSAD's exporter writes another bias than the one that mean was measured with
// (spec 9.3 #2). What is imported then is what the exported model computes.
func csadTeacher(w graph.Weights, want map[string][]int) (graph.Weights, error) {
	second, third := want["teacher.layer2.weight"], want["teacher.layer3.weight"]
	k, c2, c3 := second[0], second[1], third[1]
	shapes := map[string][]int{"teacher.proj.weight": {k, c2 + c3, 1, 1}, "teacher.proj.bias": {k}}
	for name, shape := range shapes {
		if t := w[name]; t == nil || !slices.Equal(t.Shape, shape) {
			return nil, fmt.Errorf("tensor %s is missing or misshaped; expected shape %v", name, shape)
		}
	}
	for _, name := range []string{"teacher_mean", "teacher_std"} {
		if t := w[name]; t == nil || len(t.Data) != k {
			return nil, fmt.Errorf("tensor %s is missing or misshaped; expected %d numbers", name, k)
		}
	}
	a, b := &graph.Tensor{Shape: second}, &graph.Tensor{Shape: third}
	for i := range k {
		row := w["teacher.proj.weight"].Data[i*(c2+c3) : (i+1)*(c2+c3)]
		a.Data, b.Data = append(a.Data, row[:c2]...), append(b.Data, row[c2:]...)
	}
	mean := &graph.Tensor{Shape: []int{k}, Data: slices.Clone(w["teacher_mean"].Data)}
	for i, v := range w["teacher.proj.bias"].Data {
		mean.Data[i] -= v
	}
	std := &graph.Tensor{Shape: []int{k}, Data: w["teacher_std"].Data}
	for i, v := range std.Data {
		if v <= 0 {
			return nil, fmt.Errorf("teacher_std of channel %d is %v, expected a positive number", i, v)
		}
	}
	out := graph.Weights{"teacher.layer2.weight": a, "teacher.layer3.weight": b, "teacher.mean": mean, "teacher.std": std}
	return out, out.Finite()
}
