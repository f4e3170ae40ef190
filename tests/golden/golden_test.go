package golden

import (
	"testing"

	"github.com/stretchr/testify/require"

	"aecsad/kernels"
	"aecsad/kernels/ref"
)

const up = "../.."

// machines runs a test on every machine that goldens hold.
func machines(t *testing.T, f func(t *testing.T, d kernels.Device)) {
	for _, name := range []string{"ref"} {
		t.Run(name, func(t *testing.T) {
			d := ref.Open()
			require.Equal(t, name, d.Name())
			defer d.Close()
			f(t, d)
		})
	}
}
