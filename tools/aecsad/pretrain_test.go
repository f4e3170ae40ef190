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
	path := filepath.Join(t.TempDir(), "e.aecsad")
	var out strings.Builder
	code := run([]string{"pretrain", "-o", path, "--width", "4", "--side", "32", "--batch", "2", "--steps", "3"}, &out, io.Discard)
	require.Zero(t, code)
	assert.Contains(t, out.String(), "after 6 pictures")
	w, err := weights.LoadEncoder(path)
	require.NoError(t, err)
	assert.Contains(t, w, "encoder.layer3.5.bn3.running_mean")
	b, err := os.ReadFile(path + ".losses.csv")
	require.NoError(t, err)
	assert.Contains(t, string(b), "3,f2.texture,")
	assert.FileExists(t, path+".png")
	assert.NoFileExists(t, path+".checkpoint")
}
