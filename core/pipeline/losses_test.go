package pipeline

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"aecsad/core/train"
)

func TestLossesGoOn(t *testing.T) {
	dir := t.TempDir()
	for _, step := range []int{10, 20} {
		l, err := openLosses(dir, step == 20)
		require.NoError(t, err)
		l.add(train.Progress{Stage: "segmentor, labelled", Step: step - 1})
		l.add(train.Progress{Stage: "segmentor, labelled", Step: step, Losses: []train.Loss{{Name: "dice", Value: 0.5}}})
		require.NoError(t, l.close())
		require.NoError(t, l.close())
	}
	b, err := os.ReadFile(filepath.Join(dir, LossFile))
	require.NoError(t, err)
	assert.Equal(t, "stage,step,loss,value\n\"segmentor, labelled\",10,dice,0.5\n\"segmentor, labelled\",20,dice,0.5\n", string(b))
	events, err := filepath.Glob(filepath.Join(dir, "*tfevents*"))
	require.NoError(t, err)
	require.Len(t, events, 1, "on request only")
	b, err = os.ReadFile(events[0])
	require.NoError(t, err)
	assert.Contains(t, string(b), "segmentor_labelled/dice")
}
