package graph

import (
	"testing"

	"github.com/stretchr/testify/assert"
)

func TestWiderOfOtherConvolutions(t *testing.T) {
	w := Wider{"encoder.layer1.0.conv1": "f32", "encoder.layer1.0.conv2": "f32", "global.enconv1": "bf16"}
	all := []string{"encoder.layer1.0.conv1", "encoder.layer1.0.conv2", "encoder.layer1.0.conv3", "global.enconv1", "global.enconv2", "global.enconv3", "teacher.layer1"}
	of := w.Of([]Convolution{{Path: "encoder.layer1.7.conv9"}, {Path: "encoder.layer2.0.conv1"}, {Path: "global.deconv8"}, {Path: "teacher.layer3"}}, all)
	assert.Equal(t, Wider{"encoder.layer1.7.conv9": "f32"}, of, "what most of the stage has")
}

func TestWiderNamesItsStages(t *testing.T) {
	assert.Empty(t, Wider{}.String())
	w := Wider{
		"encoder.layer2.0.conv1": "f32", "encoder.layer2.1.conv3": "f32", "encoder.conv1": "f32",
		"segmentor.aspp.stages.c0.conv": "bf16", "local.conv3": "bf16",
	}
	assert.Equal(t, "bf16 in local.conv3, segmentor; f32 in encoder.conv1, encoder.layer2", w.String())
}
