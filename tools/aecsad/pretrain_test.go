package main

import (
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"aecsad/core/weights"
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
