package cuda

import (
	"testing"

	"github.com/stretchr/testify/assert"
)

func TestNames(t *testing.T) {
	for name, want := range map[string]string{
		"cuda": "cuda:0", "cuda:1": "cuda:1", "cuda:bf16": "cuda:0:bf16", "cuda:12:tf32": "cuda:12:tf32", "cuda:f32": "cuda:0",
	} {
		index, arithmetic, err := parse(name)
		assert.NoError(t, err, name)
		assert.Equal(t, want, nameOf(index, arithmetic), name)
	}
	for _, name := range []string{"", "cpu", "cuda:", "cuda:-1", "cuda:x", "cuda:bf16:0", "cuda:0:bf16:1", "cuda:99999"} {
		_, _, err := parse(name)
		assert.ErrorContains(t, err, "expected cuda[:index][:precision]", name)
	}
}
