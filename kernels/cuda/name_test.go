package cuda

import (
	"testing"

	"github.com/stretchr/testify/assert"
)

func TestNames(t *testing.T) {
	for name, want := range map[string]int{"cuda": 0, "cuda:0": 0, "cuda:1": 1, "cuda:12": 12} {
		index, err := parse(name)
		assert.NoError(t, err, name)
		assert.Equal(t, want, index, name)
	}
	for _, name := range []string{"", "cpu", "cuda:", "cuda:-1", "cuda:x", "cuda:bf16", "cuda:0:bf16", "cuda:99999"} {
		_, err := parse(name)
		assert.ErrorContains(t, err, "expected cuda[:index]", name)
	}
}
