package golden

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"aecsad/kernels"
	"aecsad/kernels/devices"
)

const up = "../.."

// machines runs a test on every machine that goldens hold.
func machines(t *testing.T, f func(t *testing.T, d kernels.Device)) {
	for _, name := range Machines() {
		t.Run(name, func(t *testing.T) {
			d, err := devices.Open(name)
			require.NoError(t, err)
			require.True(t, strings.HasPrefix(d.Name(), name), d.Name())
			defer d.Close()
			f(t, d)
		})
	}
}
