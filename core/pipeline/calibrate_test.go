package pipeline

import (
	"context"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"aecsad/core/model/modeltest"
)

// A calibrated model has heads that cost half; weights that are not whole are named.
func TestCalibrateRotatesTheHeads(t *testing.T) {
	r, _ := squares(t)
	m := modeltest.Tiny(1)
	second := m.Config.Local.Width // the first weight of the second output
	require.NotZero(t, m.Weights["local.conv_st.weight"].Data[second])
	require.NoError(t, m.SaveWeights(r.path(WeightsFile)))
	got, err := r.Calibrate(context.Background())
	require.NoError(t, err)
	assert.Zero(t, got.Weights["local.conv_st.weight"].Data[second])
	assert.Zero(t, got.Weights["local.conv_ae.weight"].Data[second])
	assert.Len(t, got.Calibration.Scores, 7)

	delete(m.Weights, "local.conv_st.bias")
	require.NoError(t, m.SaveWeights(r.path(WeightsFile)))
	_, err = r.Calibrate(context.Background())
	assert.ErrorContains(t, err, r.path(WeightsFile)+": weight local.conv_st.bias is missing; expected shape")
}
