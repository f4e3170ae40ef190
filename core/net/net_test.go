package net

import (
	"math"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	g "aecsad/core/graph"
)

func paper(t *testing.T) Config {
	c, err := Profile("paper")
	require.NoError(t, err)
	require.NoError(t, c.Check())
	return c
}

// Parameter counts of the spec, sections 1.1, 2.1, 2.2, 2.4, 5.2 and E.
func TestParameterCounts(t *testing.T) {
	c := paper(t)
	count := func(path string, change func(*Config), f func(s g.Scope, c Config, x *g.Value)) int {
		c := c
		if change != nil {
			change(&c)
		}
		gr, err := g.Build(func(gr *g.Graph) { f(gr.Root().Sub(path), c, gr.Input("x", 1, 3, 256, 256)) })
		require.NoError(t, err)
		return gr.Parameters(path)
	}
	encoder := func(s g.Scope, c Config, x *g.Value) { EncoderNet(s, c.Encoder, x) }
	local := func(s g.Scope, c Config, x *g.Value) { LocalNet(s, c, x) }
	global := func(s g.Scope, c Config, x *g.Value) { GlobalNet(s, c, x, 0) }
	assert.Equal(t, 24_862_528, count("encoder", nil, encoder))
	assert.Equal(t, 9_452_800, count("local", nil, local))
	assert.Equal(t, 945_856, count("global", nil, global))
	assert.Equal(t, 1_236_736, count("global", func(c *Config) { c.Global.Bottleneck = "vector" }, global))
	assert.Equal(t, 1_170_176, count("global", func(c *Config) {
		c.Global.Bottleneck, c.Global.Attention = "vector", false
	}, global))
	for _, classes := range []int{2, 7} {
		gr, err := g.Build(func(gr *g.Graph) {
			f := EncoderNet(gr.Root().Sub("encoder"), c.Encoder, gr.Input("x", 1, 3, 256, 256))
			c := c
			c.Segmentor.Classes = classes
			SegmentorNet(gr.Root().Sub("segmentor"), c, f)
			TeacherNet(gr.Root().Sub("teacher"), c, f)
		})
		require.NoError(t, err)
		assert.Equal(t, 9_236_576+257*classes, gr.Parameters("segmentor"))
		assert.Equal(t, 786_944-512, gr.Parameters("teacher"), "the projection without its bias")
	}
}

func TestShapes(t *testing.T) {
	for _, profile := range []string{"quick", "paper"} {
		for _, side := range []int{128, 256, 320} {
			for _, bottleneck := range []string{"spatial", "vector"} {
				c, err := Profile(profile)
				require.NoError(t, err)
				c.Side, c.Global.Bottleneck = side, bottleneck
				require.NoError(t, c.Check())
				_, err = g.Build(func(gr *g.Graph) {
					x := gr.Input("x", 2, 3, side, side)
					f := EncoderNet(gr.Root().Sub("encoder"), c.Encoder, x)
					want := []int{2, c.Teacher.Channels, side / 4, side / 4}
					a, b := LocalNet(gr.Root().Sub("local"), c, x)
					assert.Equal(t, want, a.Shape)
					assert.Equal(t, want, b.Shape)
					assert.Equal(t, want, GlobalNet(gr.Root().Sub("global"), c, x, 1).Shape)
					assert.Equal(t, want, TeacherNet(gr.Root().Sub("teacher"), c, f).Shape)
					assert.Equal(t, []int{2, 2, side, side}, SegmentorNet(gr.Root().Sub("segmentor"), c, f).Shape)
				})
				require.NoError(t, err)
			}
		}
	}
}

// Models from before there was a choice say nothing of stages.
func TestTeacherStages(t *testing.T) {
	for stage, want := range map[int]g.Weights{
		0: {"layer2.weight": {Shape: []int{512, 512, 1, 1}}, "layer3.weight": {Shape: []int{512, 1024, 1, 1}}},
		1: {"layer1.weight": {Shape: []int{512, 256, 1, 1}}, "layer2.weight": {Shape: []int{512, 512, 1, 1}}},
	} {
		c := paper(t)
		c.Teacher.Stage = stage
		gr, err := g.Build(func(gr *g.Graph) {
			x := gr.Input("x", 1, 3, 256, 256)
			TeacherRaw(gr.Root().Sub("teacher"), c, EncoderNet(gr.Root().Sub("encoder"), c.Encoder, x))
		})
		require.NoError(t, err)
		drawn := gr.Initialize(1)
		for i, name := range c.Teacher.Weights() {
			require.Contains(t, drawn, "teacher."+name, "weight %d", i)
			assert.Equal(t, want[name].Shape, drawn["teacher."+name].Shape)
		}
	}
}

func TestConfigErrorsNameTheKey(t *testing.T) {
	for key, change := range map[string]func(*Config){
		"side":              func(c *Config) { c.Side = 250 },
		"encoder.width":     func(c *Config) { c.Encoder.Width = 0 },
		"teacher.stage":     func(c *Config) { c.Teacher.Stage = 3 },
		"global.bottleneck": func(c *Config) { c.Global.Bottleneck = "flat" },
		"global.dropout":    func(c *Config) { c.Global.Dropout = 1 },
		"third_map":         func(c *Config) { c.ThirdMap = math.NaN() },
		"segmentor.classes": func(c *Config) { c.Segmentor.Classes = 300 },
	} {
		c := paper(t)
		change(&c)
		assert.ErrorContains(t, c.Check(), key)
	}
	_, err := Profile("huge")
	assert.ErrorContains(t, err, "huge")
}
