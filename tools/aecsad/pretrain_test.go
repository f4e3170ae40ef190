package main

import (
	"crypto/sha256"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"aecsad/core/weights"
	"aecsad/kernels/devices"
)

func TestPretrainWritesAnEncoder(t *testing.T) {
	// pretrain returns the losses.
	pretrain := func(path string, more ...string) string {
		var out strings.Builder
		args := []string{"pretrain", "-o", path, "--width", "4", "--side", "32", "--batch", "2", "--steps", "3"}
		require.Zero(t, run(append(args, more...), &out, io.Discard))
		assert.Contains(t, out.String(), "after 6 pictures")
		assert.FileExists(t, path+".png")
		assert.NoFileExists(t, path+".checkpoint")
		b, err := os.ReadFile(path + ".losses.csv")
		require.NoError(t, err)
		return string(b)
	}
	path := filepath.Join(t.TempDir(), "e.aecsad")
	losses := pretrain(path)
	assert.Contains(t, losses, "3,f2.shape,")
	assert.NotContains(t, losses, "texture", "pictures are in plain colours")
	w, err := weights.LoadEncoder(path)
	require.NoError(t, err)
	assert.Contains(t, w, "encoder.layer3.5.bn3.running_mean")

	assert.Contains(t, pretrain(filepath.Join(t.TempDir(), "all.aecsad"), "--without", "none"), "3,f2.texture,")
}

// The recipe of the built-in teacher still gives the bytes that its page names, as far as
// three steps can tell.
func TestPretrainMakesTheBuiltInTeacher(t *testing.T) {
	d, err := devices.Open("cpu")
	require.NoError(t, err)
	defer d.Close()
	if named, is := d.(interface{ Describe() string }); !is || named.Describe() != "cpu (avx512)" {
		t.Skip("the built-in teacher was made with AVX-512")
	}
	path := filepath.Join(t.TempDir(), "e.aecsad")
	require.Zero(t, run([]string{"pretrain", "-o", path, "--steps", "3", "--device", "cpu"}, io.Discard, io.Discard))
	made, err := os.ReadFile(path)
	require.NoError(t, err)
	page, err := os.ReadFile("../../tests/bench/teachers.md")
	require.NoError(t, err)
	assert.Contains(t, string(page), fmt.Sprintf("%x", sha256.Sum256(made)))
}
