package main

import (
	"os"
	"testing"

	"aecsad/kernels"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

func TestOpsHeaderIsFresh(t *testing.T) {
	have, err := os.ReadFile("../../kernels/ops.h")
	require.NoError(t, err)
	assert.Equal(t, header(kernels.Ops), string(have), "kernels/ops.h is stale: run go generate ./kernels")
}

type badOp struct{ Names []string }

func (badOp) Buffers() (out, in []int) { return nil, nil }

func TestHeader(t *testing.T) {
	text := header([]kernels.Op{kernels.Conv2D{}, kernels.WeightedSum{}})
	assert.Contains(t, text, "typedef struct { int64_t N; int64_t C; int64_t H; int64_t W; int64_t K; int64_t R; int64_t S;"+
		" int64_t Stride; int64_t Pad; int64_t Dilation; int64_t Bias; int64_t Residual; int64_t Relu; } ae_Conv2D;")
	assert.Contains(t, text, "typedef struct { int64_t Count; double Weights[8]; } ae_WeightedSum;")
	assert.Contains(t, text, "#define AE_OPS(X) \\\n\tX(Conv2D) \\\n\tX(WeightedSum)\n")
	assert.Panics(t, func() { header([]kernels.Op{badOp{}}) })
}
