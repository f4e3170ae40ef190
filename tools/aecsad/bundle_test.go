package main

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"aecsad/core/image"
	"aecsad/core/model/modeltest"
)

// line writes model files of products whose encoder and teacher are the same.
func line(t *testing.T, dir string, products ...string) []string {
	var paths []string
	first := modeltest.Tiny(1)
	for i, product := range products {
		m := modeltest.Tiny(uint32(i + 1))
		m.Provenance.Category = product
		for name := range m.Weights {
			if strings.HasPrefix(name, "encoder.") || strings.HasPrefix(name, "teacher.") {
				m.Weights[name] = first.Weights[name]
			}
		}
		path := filepath.Join(dir, string(rune('a'+i))+".aecsad")
		require.NoError(t, m.Save(path))
		paths = append(paths, path)
	}
	return paths
}

func TestBundleOfALine(t *testing.T) {
	dir := t.TempDir()
	files := line(t, dir, "nuts", "bolts", "nuts")
	out := filepath.Join(dir, "line.aecsad")
	code, _, errs := tool(append([]string{"bundle", "--out", out}, files...)...)
	assert.Equal(t, exitInput, code)
	assert.Contains(t, errs, files[0]+" and "+files[2]+` both have a product "nuts"; rename one with --name `+files[2]+"=NEW")
	assert.NoFileExists(t, out)

	code, printed, errs := tool(append([]string{"bundle", "--out", out, "--name", files[2] + "=nuts, left"}, files...)...)
	require.Zero(t, code, errs)
	assert.Contains(t, printed, "3 products")
	code, printed, errs = tool("info", out)
	require.Zero(t, code, errs)
	for _, want := range []string{"3 products", "nuts ", "bolts ", "nuts, left ", "shared MB"} {
		assert.Contains(t, printed, want)
	}

	// Each product says what its own file says, digit by digit.
	picture := "testdata/square.png"
	for i, product := range []string{"nuts", "bolts", "nuts, left"} {
		code, single, errs := tool("inspect", "--json", files[i], picture)
		require.Zero(t, code, errs)
		code, bundled, errs := tool("inspect", "--json", "--product", product, out, picture)
		require.Zero(t, code, errs)
		assert.Equal(t, single, bundled)
		code, described, errs := tool("info", "--product", product, out)
		require.Zero(t, code, errs)
		assert.Contains(t, described, "category      "+product+"\n")
	}
	code, _, errs = tool("inspect", out, picture)
	assert.Equal(t, exitInput, code)
	assert.Contains(t, errs, out+": has 3 products, expected the name of one: nuts, bolts, nuts, left")
	code, _, errs = tool("inspect", "--product=screws", out, picture)
	assert.Equal(t, exitInput, code)
	assert.Contains(t, errs, `has no product "screws", expected one of: nuts, bolts`)

	// A bundle can grow.
	more := filepath.Join(dir, "more.aecsad")
	code, _, errs = tool("bundle", "-o", more, out, files[0], "--name", files[0]+"=again", "--name", "bolts=screws")
	require.Zero(t, code, errs)
	_, printed, _ = tool("info", more)
	for _, want := range []string{"4 products", "again ", "screws "} {
		assert.Contains(t, printed, want)
	}
	st, err := os.Stat(out)
	require.NoError(t, err)
	grown, err := os.Stat(more)
	require.NoError(t, err)
	assert.Less(t, grown.Size()-st.Size(), int64(20000), "the fourth product shares all its tensors with the first")
}

func TestBundleRefuses(t *testing.T) {
	dir := t.TempDir()
	files := line(t, dir, "nuts", "bolts", "nuts")
	out := filepath.Join(dir, "line.aecsad")
	require.NoError(t, os.WriteFile(filepath.Join(dir, "text"), []byte("hello"), 0o666))
	for _, c := range []struct{ args, want string }{
		{"nuts", "--name nuts: expected OLD=NEW"},
		{"nuts=", "--name nuts=: expected OLD=NEW"},
		{"nuts=x", "several files have this product; give the file: --name " + files[2] + "=x"},
		{files[2] + "=bolts", files[1] + " and " + files[2] + ` both have a product "bolts"`},
		{files[2] + "=" + strings.Repeat("x", 128), "has 128 bytes; expected 1 to 127"},
	} {
		code, _, errs := tool(append([]string{"bundle", "-o", out, "--name", c.args}, files...)...)
		assert.Equal(t, exitInput, code)
		assert.Contains(t, errs, c.want)
		assert.NoFileExists(t, out)
	}
	code, _, errs := tool("bundle", "-o", out, "--name", "washers=x", files[0])
	assert.Equal(t, exitInput, code)
	assert.Contains(t, errs, "--name washers=x: no file has this product")
	code, _, errs = tool("bundle", "-o", out, filepath.Join(dir, "text"))
	assert.Equal(t, exitInput, code)
	assert.Contains(t, errs, "is not an aecsad file")
	code, _, errs = tool("bundle", "-o", filepath.Join(dir, "none", "line.aecsad"), files[0])
	assert.Equal(t, exitInput, code)
	assert.Contains(t, errs, "no such file or directory")
}

func TestInspectWithAMask(t *testing.T) {
	dir := t.TempDir()
	file := line(t, dir, "nuts")[0]
	im, err := image.ReadFile("testdata/square.png")
	require.NoError(t, err)
	folder := filepath.Join(dir, "pictures")
	require.NoError(t, os.Mkdir(folder, 0o777))
	for _, name := range []string{"1.png", "2.png"} {
		require.NoError(t, im.WriteFile(filepath.Join(folder, name)))
	}
	mask := func(name string, w, h, marked int) string {
		m := image.New(w, h)
		for i := range marked {
			m.Pix[3*i+1] = 255
		}
		path := filepath.Join(dir, name)
		require.NoError(t, m.WriteFile(path))
		return path
	}
	_, plain, _ := tool("inspect", "--json", file, folder)
	code, masked, errs := tool("inspect", "--json", "--ignore", mask("half.png", im.Width, im.Height, im.Width*im.Height*3/4), file, folder)
	require.Zero(t, code, errs)
	assert.Equal(t, 2, strings.Count(plain, "\n"), "all images of the folder")
	assert.Equal(t, 2, strings.Count(masked, "\n"), "one mask serves them")
	assert.NotEqual(t, plain, masked)

	for path, want := range map[string]string{
		mask("small.png", im.Width, im.Height-1, 9):                "small.png has ",
		mask("black.png", im.Width, im.Height, 0):                  "black.png: 0 of ",
		mask("white.png", im.Width, im.Height, im.Width*im.Height): "are not black; expected some of each",
		file: "a mask must be a PNG file",
	} {
		code, _, errs := tool("inspect", "--ignore", path, file, folder)
		assert.Equal(t, exitInput, code)
		assert.Contains(t, errs, want)
	}
	code, _, errs = tool("inspect", file, filepath.Join(dir, "empty"))
	assert.Equal(t, exitInput, code)
	assert.Contains(t, errs, "no such file")
	require.NoError(t, os.Mkdir(filepath.Join(dir, "empty"), 0o777))
	code, _, errs = tool("inspect", file, filepath.Join(dir, "empty"))
	assert.Equal(t, exitInput, code)
	assert.Contains(t, errs, "empty: found 0 images in this folder")
}
