package weights

import (
	"fmt"
	"maps"
	"slices"
	"strings"

	"aecsad/core/graph"
	"aecsad/core/net"
)

// The parts of a model that files of others hold, by our name.
const (
	encoder   = "encoder"
	teacher   = "teacher"
	segmentor = "segmentor"
	local     = "local"
	global    = "global"
)

// source is where a part's tensors may be in a file of others: below a prefix,
// recognised by one tensor.
type source struct{ part, prefix, sign string }

// sources, in the order in which they are tried. The names are those of
// torchvision and timm (a bare WideResNet), of CSAD's modules saved by
// themselves, of the state dict that its export_model.py writes, and of its
// training checkpoint with every module replaced by its state dict.
var sources = []source{
	{encoder, "", "layer1.0.conv1.weight"},
	{encoder, "encoder.", "layer1.0.conv1.weight"},
	{encoder, "teacher.encoder.", "layer1.0.conv1.weight"},
	{segmentor, "", "aspp.stages.c0.conv.weight"},
	{segmentor, "segmentor.", "aspp.stages.c0.conv.weight"},
	{local, "", "conv_st.weight"},
	{local, "local_st.", "conv_st.weight"},
	{local, "student.", "conv_st.weight"},
	{global, "", "enconv1.weight"},
	{global, "autoencoder.", "enconv1.weight"},
	{teacher, "", "teacher.proj.weight"},
}

// addParts sorts a file's tensors by part, with the names that they have there
// below the part's prefix.
func addParts(have map[string]graph.Weights, all graph.Weights) error {
	found := 0
	for _, s := range sources {
		if all[s.prefix+s.sign] == nil {
			continue
		}
		found++
		if have[s.part] != nil {
			return fmt.Errorf("holds the %s, which is there already", s.part)
		}
		w := graph.Weights{}
		for name, t := range all {
			if below, ok := strings.CutPrefix(name, s.prefix); ok {
				w[below] = t
			}
		}
		have[s.part] = w
	}
	if found == 0 {
		return fmt.Errorf("holds %d tensors, but neither a WideResNet-50-2 (layer1.0.conv1.weight, ...) nor a part of CSAD (aspp.*, conv_st.*, enconv1.*)%s", len(all), example(all))
	}
	return nil
}

func example(w graph.Weights) string {
	if len(w) == 0 {
		return ""
	}
	return fmt.Sprintf("; the first is %.100q", w.Names()[0])
}

// networks is a graph of all parts at a configuration's sizes, which knows every
// name and shape.
func networks(c net.Config) (*graph.Graph, error) {
	return graph.Build(func(g *graph.Graph) {
		root, x := g.Root(), g.Input("x", 1, 3, c.Side, c.Side)
		f := net.EncoderNet(root.Sub(encoder), c.Encoder, x)
		net.TeacherNet(root.Sub(teacher), c, f)
		net.SegmentorNet(root.Sub(segmentor), c, f)
		net.LocalNet(root.Sub(local), c, x)
		net.GlobalNet(root.Sub(global), c, x, 0)
	})
}

// take checks a part's tensors, names and shapes, and returns them by our full
// names. A tensor too many is an error as well, since a larger network holds a
// smaller one's names; only a classifier's upper layers are passed over.
func take(part string, have graph.Weights, want map[string][]int) (graph.Weights, error) {
	out := graph.Weights{}
	for _, full := range slices.Sorted(maps.Keys(want)) {
		name, ok := strings.CutPrefix(full, part+".")
		if !ok {
			continue
		}
		t := have[name]
		if t == nil {
			return nil, fmt.Errorf("tensor %s of the %s is missing; expected shape %v", name, part, want[full])
		}
		if !slices.Equal(t.Shape, want[full]) {
			return nil, fmt.Errorf("tensor %s of the %s has shape %v, expected %v", name, part, t.Shape, want[full])
		}
		out[full] = t
	}
	for _, name := range have.Names() {
		upper := part == encoder && (strings.HasPrefix(name, "fc.") || strings.HasPrefix(name, "layer4."))
		if out[part+"."+name] == nil && !upper {
			return nil, fmt.Errorf("tensor %s is not one of the %s; is this another network?", name, part)
		}
	}
	return out, out.Finite()
}
