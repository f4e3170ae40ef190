package image

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"os"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// pillowGoldens is testdata/pillow.json, which testdata/pillow.py writes.
type pillowGoldens struct {
	Resize []struct {
		Kind     string
		From, To [2]int
		SHA256   string
	}
	Enhance []struct {
		Name, Kind string
		Factor     float64
		SHA256     string
	}
}

func readGoldens(t *testing.T) (g pillowGoldens) {
	b, err := os.ReadFile("testdata/pillow.json")
	require.NoError(t, err)
	require.NoError(t, json.Unmarshal(b, &g))
	require.NotEmpty(t, g.Resize)
	require.NotEmpty(t, g.Enhance)
	return g
}

// madeUp draws the same bytes as testdata/pillow.py.
func madeUp(kind string, w, h int) *RGB {
	im := New(w, h)
	state := uint32(w*65536 + h)
	for i := range im.Pix {
		state = state*1664525 + 1013904223
		switch kind {
		case "noise":
			im.Pix[i] = byte(state >> 24)
		case "steps":
			im.Pix[i] = byte(255 * ((i/3%w/5 + i/3/w/4 + i%3) % 2))
		}
	}
	return im
}

func digest(im *RGB) string {
	sum := sha256.Sum256(im.Pix)
	return hex.EncodeToString(sum[:16])
}

func TestResizeIsPillowsToTheBit(t *testing.T) {
	for _, g := range readGoldens(t).Resize {
		im := Resize(madeUp(g.Kind, g.From[0], g.From[1]), g.To[0], g.To[1])
		assert.Equal(t, g.SHA256, digest(im), "%s %v to %v", g.Kind, g.From, g.To)
	}
}

func TestEnhanceIsPillowsToTheBit(t *testing.T) {
	functions := map[string]func(*RGB, float64) *RGB{"Brightness": Brightness, "Contrast": Contrast, "Color": Saturation}
	for _, g := range readGoldens(t).Enhance {
		im := functions[g.Name](madeUp(g.Kind, 61, 37), g.Factor)
		assert.Equal(t, g.SHA256, digest(im), fmt.Sprintf("%s %s %v", g.Name, g.Kind, g.Factor))
	}
}

// The size of a camera picture and of the network's input.
func BenchmarkPrepare(b *testing.B) {
	const side = 256
	p := madeUp("noise", 1280, 1024).Pixels()
	dst := make([]float32, 3*side*side)
	b.ReportAllocs()
	for b.Loop() {
		if err := Prepare(dst, p, side); err != nil {
			b.Fatal(err)
		}
	}
}
