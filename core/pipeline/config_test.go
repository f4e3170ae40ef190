package pipeline

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

func TestConfigLayers(t *testing.T) {
	path := filepath.Join(t.TempDir(), "c.yaml")
	require.NoError(t, os.WriteFile(path, []byte("profile: paper\nseed: 7\nstudents:\n  steps: 123\n"), 0o666))
	c, err := ReadConfig(path, []string{"students.rate=0.5", "seed=9"})
	require.NoError(t, err)
	paper, err := Defaults("paper")
	require.NoError(t, err)
	paper.Seed, paper.Students.Steps, paper.Students.Rate = 9, 123, 0.5
	assert.Equal(t, paper, c, "the profile, then the file, then --set")
}

func TestLabelsFollowTheNetworksSide(t *testing.T) {
	c, err := ReadConfig("", []string{"network.side=128"})
	require.NoError(t, err)
	assert.Equal(t, 128, c.Label.Side)
	_, err = ReadConfig("", []string{"network.side=128", "label.side=256"})
	assert.ErrorContains(t, err, "label.side is 256 and network.side 128")
}

// A setting that no training would accept is refused before any work.
func TestSettingsOfTheTrainingAreChecked(t *testing.T) {
	_, err := ReadConfig("", []string{"students.steps=-1"})
	assert.ErrorContains(t, err, "students.steps is -1; expected at least 1")
	_, err = ReadConfig("", []string{"segmentor.batch=0"})
	assert.ErrorContains(t, err, "segmentor.batch is 0")
	c, err := ReadConfig("", []string{"device=gpu"})
	require.NoError(t, err)
	dir := filepath.Join(t.TempDir(), "run")
	_, err = Open(dir, t.TempDir(), c, "test")
	assert.ErrorContains(t, err, `no device "gpu"`)
	c.Device, c.Precision = "ref", "int8"
	_, err = Open(dir, t.TempDir(), c, "test")
	assert.ErrorContains(t, err, "precision is int8 and the device is ref; expected the device cpu")
	assert.NoDirExists(t, dir)
}

func TestScheduleSetsDefaults(t *testing.T) {
	c, err := ReadConfig("", []string{"profile=paper", "schedule=thesis", "segmentor.final_rate=1e-7"})
	require.NoError(t, err)
	assert.Equal(t, 16, c.Students.Batch)
	assert.Equal(t, 7500, c.Students.Steps)
	assert.Equal(t, [2]float64{1e-4, 1e-7}, [2]float64{c.Segmentor.Rate, c.Segmentor.FinalRate}, "what is set by hand counts")
	_, err = ReadConfig("", []string{"schedule=fast"})
	assert.ErrorContains(t, err, "expected code or thesis")
}

func TestConfigIsWrittenResolved(t *testing.T) {
	c, err := ReadConfig("", []string{"network.global.bottleneck=vector", "segmentor.anomalies.min_distance=0.1"})
	require.NoError(t, err)
	path := filepath.Join(t.TempDir(), "config.yaml")
	require.NoError(t, c.write(path))
	back, err := ReadConfig(path, nil)
	require.NoError(t, err)
	assert.Equal(t, c, back)
}

func TestConfigErrorsNameTheKey(t *testing.T) {
	for set, want := range map[string]string{
		"network.side=100":                 "side is 100",
		"network.encoder.wide=3":           "wide",
		"calibrate.false_alarm_rate=-1":    "calibrate.false_alarm_rate is -1",
		"calibrate.tolerance=0":            "calibrate.tolerance is 0; expected a share above 0 and up to 1",
		"select=best":                      "expected schedule or synthetic",
		"threads=-1":                       "threads is -1",
		"network.global.bottleneck=narrow": "expected spatial or vector",
		"students.steps=many":              "many",
		"students":                         "expected key=value",
		"network.segmentor.momentum=2":     "segmentor.momentum is 2",
		"network.side=64,label={side: 64":  "--set",
	} {
		_, err := ReadConfig("", []string{set})
		assert.ErrorContains(t, err, want, set)
	}
}

func TestRateFitsTheNumberOfImages(t *testing.T) {
	assert.Equal(t, 0.05, Calibrate{}.rate(30))
	assert.InDelta(t, 1.0/7, Calibrate{}.rate(6), 1e-12)
	for n := 4; n < 60; n++ {
		assert.NoError(t, Calibrate{}.possible(n), "%d validation images", n)
	}
	assert.ErrorContains(t, Calibrate{FalseAlarmRate: 0.01}.possible(30), "needs at least 99 validation images, there are 30")
	assert.NoError(t, Calibrate{FalseAlarmRate: 0.01, Extrapolate: true}.possible(30))
}
