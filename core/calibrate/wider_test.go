package calibrate

import (
	"context"
	"math"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"gonum.org/v1/gonum/stat"

	"aecsad/core/detect"
	"aecsad/core/graph"
	"aecsad/core/model"
	"aecsad/kernels"
)

func TestHarmIsMeasured(t *testing.T) {
	o := options(t)
	m := wide(t)
	require.NoError(t, Run(context.Background(), m, pictures(0, 4), pictures(100, 9), o))
	e, err := detect.NewEngine(m.Config, m.Weights, o.Device, 1)
	require.NoError(t, err)
	defer e.Close()
	images := func() []*detect.Raw {
		raws, err := look(context.Background(), e, pictures(100, 4), "", nil)
		require.NoError(t, err)
		return raws
	}
	want := images()
	assert.Zero(t, harmOf(m, want, images()))
	var structural []float64
	for _, r := range want {
		structural = append(structural, detect.Judge(m, r).Structural)
	}

	got := images()
	for i := range got[1].Local {
		got[1].Local[i] *= 4
	}
	moved := detect.Judge(m, got[1]).Structural - structural[1]
	require.NotZero(t, moved)
	h := harmOf(m, want, got)
	assert.Zero(t, h.flips)
	assert.InEpsilon(t, math.Abs(moved)/2/stat.StdDev(structural, nil), h.moves, 1e-9, "one of four images")

	got = images()
	got[2].Classes[7] ^= 1
	h = harmOf(m, want, got)
	assert.InEpsilon(t, 1/float64(4*len(got[2].Classes)), h.flips, 1e-9)
	assert.Zero(t, h.moves, "areas are what the networks measured")
	got[2].Histograms[0][1] += 0.1
	assert.Positive(t, harmOf(m, want, got).moves, "the logical branch")
}

// Signed inputs are never in int8, and the file keeps what was found.
func TestCalibrationRecordsWhatStaysWider(t *testing.T) {
	o := options(t)
	o.Precision = kernels.Int8
	m := wide(t)
	require.NoError(t, Run(context.Background(), m, pictures(0, 4), pictures(100, 9), o))
	for path, r := range m.Calibration.Ranges {
		if r.Low < 0 {
			assert.NotEmpty(t, m.Calibration.Wider[path], path)
		}
	}
	assert.Less(t, len(m.Calibration.Wider), len(m.Calibration.Ranges), "something is in int8")
	b, err := m.Bytes()
	require.NoError(t, err)
	again, err := model.LoadBytes(b, "")
	require.NoError(t, err)
	assert.Equal(t, m.Calibration.Wider, again.Calibration.Wider)
	assert.Equal(t, kernels.Int8, again.Calibration.Precision)
	m.Calibration.Wider["encoder.conv1"] = "int4"
	_, err = m.Bytes()
	assert.ErrorContains(t, err, `encoder.conv1 keeps the precision "int4"; expected f32 or bf16`)
}

// Stages are judged as a processor would compute them that gains by all of them, on any.
func TestStagesAreJudgedRounded(t *testing.T) {
	m := wide(t)
	images, err := probeImages(pictures(100, 2))
	require.NoError(t, err)
	for _, isa := range []string{"scalar", "wide"} {
		t.Setenv("AECSAD_CPU", isa)
		o := options(t)
		o.Precision = kernels.BFloat16
		e, err := detect.NewEngine(m.Config, m.Weights, o.Device, 1)
		require.NoError(t, err)
		all := graph.Wider{}
		for _, c := range e.Convolutions() {
			all[c.Path] = kernels.Float32
		}
		e.Close()
		want, err := seen(context.Background(), m, images, o, all)
		require.NoError(t, err)
		got, err := seen(context.Background(), m, images, o, graph.Wider{})
		require.NoError(t, err)
		assert.NotEqual(t, want[0].Local, got[0].Local, isa)
		delete(all, "local.conv1")
		alone, err := seen(context.Background(), m, images, o, all)
		require.NoError(t, err)
		assert.NotEqual(t, want[0].Local, alone[0].Local, "a convolution that gains nowhere but on matrix tiles")
		assert.Equal(t, want[0].Histograms, alone[0].Histograms)
	}
}

// A model that is calibrated in bf16x6 is one of float32: its scores are those but for rounding,
// and nobody has to say in which of the two it computes.
func TestCalibrationForBF16x6(t *testing.T) {
	o := options(t)
	plain, m := wide(t), wide(t)
	require.NoError(t, Run(context.Background(), plain, pictures(0, 4), pictures(100, 9), o))
	o.Precision = kernels.BF16x6
	require.NoError(t, Run(context.Background(), m, pictures(0, 4), pictures(100, 9), o))
	assert.Equal(t, kernels.Float32, m.Calibration.Precision)
	assert.Empty(t, m.Calibration.Wider)
	assert.InDeltaSlice(t, plain.Calibration.Scores, m.Calibration.Scores, 1e-4)
	for _, precision := range []string{kernels.BF16x6, kernels.Float32} {
		d, err := detect.New(m, detect.Options{Device: "cpu", Precision: precision})
		require.NoError(t, err)
		assert.Equal(t, precision, d.Info().Precision)
		assert.Empty(t, d.Info().Mismatch())
		require.NoError(t, d.Close())
	}
}

// A model that was calibrated in bf16 repeats its scores in bf16, and says so otherwise.
func TestCalibrationForBFloat16(t *testing.T) {
	o := options(t)
	o.Precision = kernels.BFloat16
	m := wide(t)
	require.NoError(t, Run(context.Background(), m, pictures(0, 4), pictures(100, 9), o))
	assert.Empty(t, m.Calibration.Ranges)
	var scores []float64
	for _, precision := range []string{kernels.BFloat16, kernels.Float32} {
		d, err := detect.New(m, detect.Options{Device: "cpu", Precision: precision, Threads: 2})
		require.NoError(t, err)
		defer d.Close()
		assert.Equal(t, kernels.BFloat16, d.Info().Calibrated)
		assert.Equal(t, precision == kernels.Float32, d.Info().Mismatch() != "")
		for i := range 9 {
			im, err := pictures(100, 9).Image(i)
			require.NoError(t, err)
			v, err := d.Inspect(im.Pixels())
			require.NoError(t, err)
			if precision == kernels.BFloat16 {
				scores = append(scores, v.Score)
			}
		}
	}
	assert.ElementsMatch(t, m.Calibration.Scores, scores)
}
