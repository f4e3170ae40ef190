package main

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"aecsad/core/model/modeltest"
)

func TestBenchAndExport(t *testing.T) {
	dir := t.TempDir()
	model, onnx := filepath.Join(dir, "m.aecsad"), filepath.Join(dir, "m.onnx")
	require.NoError(t, modeltest.Tiny(1).Save(model))

	code, out, errs := tool("bench", "--runs=1", "--threads=1", "--layers", model)
	require.Zero(t, code, errs)
	for _, want := range []string{"median", "encoder", "GFLOP/s", "ceiling", "local.conv2", "4x4 4>8"} {
		assert.Contains(t, out, want)
	}
	code, out, errs = tool("export", "onnx", model, "-o", onnx)
	require.Zero(t, code, errs)
	assert.Contains(t, out, "m.onnx")
	st, err := os.Stat(onnx)
	require.NoError(t, err)
	assert.Positive(t, st.Size())

	for _, c := range []struct {
		args []string
		want string
	}{
		{[]string{"bench", "--compare=onnxruntime", "--python=no-such-python", model}, "no-such-python -m pip install onnxruntime"},
		{[]string{"bench", "--compare=tensorrt", model}, "onnxruntime"},
		{[]string{"bench", "--precision=int8", "--device=cpu", model}, "the model has no ranges for precision int8"},
		{[]string{"bench", "--precision=int8", "--device=cpu", "--compare=onnxruntime", "--python=no-such-python", model}, "the model has no ranges for precision int8"},
		{[]string{"bench", "--precision=int8", "--like=" + model, model}, "expected it without a model"},
		{[]string{"bench", "--precision=int8", "--profile=quick", "--like=" + model}, "is calibrated in f32; expected int8"},
		{[]string{"bench", "--profile=huge"}, "quick, balanced and paper"},
		{[]string{"bench", "--threads=0", model}, "expected numbers from 1"},
		{[]string{"export", "onnx", filepath.Join(dir, "none"), "-o", onnx}, "none"},
		{[]string{"export", "onnx", model, "-o", filepath.Join(dir, "no", "m.onnx")}, "no such file"},
	} {
		code, _, errs := tool(c.args...)
		assert.Equal(t, exitInput, code, "%v", c.args)
		assert.Contains(t, errs, c.want, "%v", c.args)
	}
}

func TestBenchOfInt8(t *testing.T) {
	code, out, errs := tool("bench", "--profile=quick", "--precision=int8", "--device=cpu", "--runs=1", "--threads=1", "--layers")
	require.Zero(t, code, errs)
	for _, want := range []string{"f32, ms", "int8, ms", "segmentor", "encoder.layer2.0.conv1"} {
		assert.Contains(t, out, want)
	}
}
