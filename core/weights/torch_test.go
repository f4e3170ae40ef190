package weights

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// corpus is a folder of the shared test material, which a checkout may lack.
func corpus(t *testing.T, parts ...string) string {
	dir := filepath.Join(append([]string{"..", "..", "..", "shared", "data", "corpora"}, parts...)...)
	if _, err := os.Stat(dir); err != nil {
		if strings.Contains(os.Getenv("AECSAD_REQUIRE"), "shared") {
			t.Fatal(err)
		}
		t.Skip(err)
	}
	return dir
}

// TestTorchCorpus reads single tensors of ten types, five protocols and both
// formats, and their values.
func TestTorchCorpus(t *testing.T) {
	dir := corpus(t, "nlpodyssey+gopickle", "pytorch", "testdata")
	want := map[string][]float32{
		"float32": {1.2, -3.4, 5.6, -7.8}, "float64": {1.2, -3.4, 5.6, -7.8},
		"float16": {1.2001953, -3.4003906, 5.6015625, -7.8007812}, "bfloat16": {1.203125, -3.40625, 5.59375, -7.8125},
		"int8": nil, "int16": nil, "int32": nil, "int64": nil, "uint8": nil, "bool": nil,
	}
	for name, values := range want {
		for protocol := 1; protocol <= 5; protocol++ {
			for _, suffix := range []string{"", "_zip"} {
				file := fmt.Sprintf("tensor_%s_proto%d%s.pt", name, protocol, suffix)
				f, err := os.Open(filepath.Join(dir, file))
				require.NoError(t, err)
				defer f.Close()
				st, err := f.Stat()
				require.NoError(t, err)
				open := readLegacy
				if suffix != "" {
					open = readZip
				}
				v, tf, err := open(f, st.Size())
				require.NoError(t, err, file)
				x, ok := v.(*torchTensor)
				require.True(t, ok, file)
				assert.Equal(t, name, x.storage.dtype.name, file)
				assert.Equal(t, []int64{4}, x.shape, file)
				if values != nil {
					d, err := tf.decode(x)
					require.NoError(t, err)
					assert.Equal(t, values, d.Data, file)
				}
				_, err = read(f, st.Size())
				assert.ErrorContains(t, err, "holds a single tensor of "+name, file)
			}
		}
	}
}
