package image

import (
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// shared is a folder beside the repository with material too large for it. Tests
// that need it are skipped without it, or fail if AECSAD_REQUIRE names shared.
func shared(t *testing.T, path string) string {
	dir := filepath.Join("..", "..", "..", "shared", filepath.FromSlash(path))
	if _, err := os.Stat(dir); err != nil {
		if slices.Contains(strings.Split(os.Getenv("AECSAD_REQUIRE"), ","), "shared") {
			require.NoError(t, err)
		}
		t.Skipf("no %s beside the repository", path)
	}
	return dir
}

// Every file of the corpora is a picture of its stated size or an error.
func TestMalformedFilesAreErrors(t *testing.T) {
	good, bad := 0, 0
	for _, folder := range []string{
		"dvyukov+go-fuzz-corpus/png", "dvyukov+go-fuzz-corpus/jpeg", "dvyukov+go-fuzz-corpus/bmp",
		"dvyukov+go-fuzz-corpus/tiff", "dvyukov+go-fuzz-corpus/webp",
		"image-rs+image-png", "pnggroup+libpng", "libjpeg-turbo+libjpeg-turbo",
	} {
		root := shared(t, "data/corpora/"+folder)
		require.NoError(t, filepath.WalkDir(root, func(path string, d fs.DirEntry, err error) error {
			if err != nil || d.IsDir() {
				return err
			}
			im, err := ReadFile(path)
			if err != nil {
				bad++
				assert.Nil(t, im)
				return nil
			}
			good++
			assert.Len(t, im.Pix, 3*im.Width*im.Height, path)
			assert.LessOrEqual(t, im.Width*im.Height, maxPixels, path)
			if m, err := ReadMask(path); err == nil {
				assert.Len(t, m.Pix, im.Width*im.Height, path)
			}
			return nil
		}))
	}
	assert.Greater(t, good, 100)
	assert.Greater(t, bad, 100)
	t.Logf("%d pictures, %d errors", good, bad)
}
