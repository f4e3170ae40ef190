package main

import (
	"bytes"
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"aecsad/core/model/modeltest"
)

// tool runs the command and returns what it printed.
func tool(args ...string) (code int, stdout, stderr string) {
	var out, errs bytes.Buffer
	code = run(args, &out, &errs)
	return code, out.String(), errs.String()
}

// slim is a network and a schedule that train in seconds.
func slim() []string {
	var args []string
	for _, s := range []string{
		"teacher=random", "network.side=64", "network.encoder.width=4", "network.teacher.channels=8", "network.local.first=4",
		"network.local.width=8", "network.global.width=4", "network.segmentor.low=4", "network.segmentor.width=8",
		"segmentor.steps=12", "segmentor.batch=2", "students.steps=8", "calibrate.false_alarm_rate=0.2",
	} {
		args = append(args, "--set", s)
	}
	return args
}

// The main job: from nothing to verdicts and a page.
func TestFromPhotographsToVerdict(t *testing.T) {
	dir := t.TempDir()
	data, runDir := filepath.Join(dir, "data"), filepath.Join(dir, "run")
	code, out, errs := tool("data", "synth", data, "--category=parts_tray", "--train=12", "--validation=8",
		"--test-good=4", "--test-logical=4", "--test-structural=4")
	require.Zero(t, code, errs)
	assert.Contains(t, out, "parts_tray")
	set := filepath.Join(data, "parts_tray")
	code, out, errs = tool("data", "check", set)
	require.Zero(t, code, errs)
	assert.Contains(t, out, "ready for training")

	code, out, errs = tool(append([]string{"fit", set, "-o", runDir}, slim()...)...)
	require.Zero(t, code, errs)
	for _, want := range []string{"component classes", "Teacher: untrained", "threshold", "logical", "structural", "AU-sPRO in %", "By defect", "peak memory"} {
		assert.Contains(t, out, want)
	}
	for _, file := range []string{"config.yaml", "log.txt", "losses.csv", "labels/labels.json", "labels/sheet.png",
		"weights.aecsad", "model.aecsad", "scores.csv", "metrics.csv", "evaluation.json", "report.html", "scores.svg"} {
		st, err := os.Stat(filepath.Join(runDir, file))
		require.NoError(t, err)
		assert.Positive(t, st.Size(), file)
	}

	model := filepath.Join(runDir, "model.aecsad")
	image := filepath.Join(set, "test/logical_anomalies/000.png")
	code, first, errs := tool("inspect", "--json", "--threads=1", model, image)
	require.Zero(t, code, errs)
	_, second, _ := tool("inspect", "--json", "--threads=2", model, image)
	assert.Equal(t, first, second, "the number of threads changes nothing")
	var verdict struct{ Score, Structural, Logical float64 }
	require.NoError(t, json.Unmarshal([]byte(first), &verdict))
	assert.Equal(t, verdict.Score, verdict.Structural+verdict.Logical)

	// Evaluation and inspection give the same digits.
	scores, err := os.ReadFile(filepath.Join(runDir, "scores.csv"))
	require.NoError(t, err)
	line := ""
	for _, l := range strings.Split(string(scores), "\n") {
		if strings.HasPrefix(l, "test/logical_anomalies/000.png") {
			line = l
		}
	}
	digits, err := json.Marshal(verdict.Score)
	require.NoError(t, err)
	assert.Contains(t, line, ","+string(digits)+",")

	maps := filepath.Join(dir, "maps")
	code, out, errs = tool("inspect", "--fail", "--threshold=-100", "--maps", maps, model, image)
	assert.Equal(t, exitAnomalous, code, errs)
	assert.Contains(t, out, "anomalous")
	assert.FileExists(t, filepath.Join(maps, "000_anomaly.png"))
	assert.FileExists(t, filepath.Join(maps, "000_components.png"))

	code, out, _ = tool("info", model)
	assert.Zero(t, code)
	assert.Contains(t, out, "parts_tray")
	page := filepath.Join(dir, "report.html")
	code, out, errs = tool("report", runDir, "-o", page)
	require.Zero(t, code, errs)
	html, err := os.ReadFile(page)
	require.NoError(t, err)
	assert.Contains(t, string(html), "run/examples/")
	code, _, errs = tool("bench", "--runs=1", "--threads=1", model)
	assert.Zero(t, code, errs)
}

// What people hand in by mistake: one clear message and exit code 2.
func TestBadInput(t *testing.T) {
	dir := t.TempDir()
	at := func(name string) string { return filepath.Join(dir, name) }
	put := func(name string, b []byte) {
		require.NoError(t, os.MkdirAll(filepath.Dir(at(name)), 0o777))
		require.NoError(t, os.WriteFile(at(name), b, 0o666))
	}
	model, err := modeltest.Tiny(1).Bytes()
	require.NoError(t, err)
	put("model.aecsad", model)
	put("empty.aecsad", nil)
	put("cut.aecsad", model[:len(model)/2])
	put("text.png", []byte("hello"))
	put("config.yaml", []byte("students:\n  step: 5\n"))
	put("folder/readme.txt", []byte("no images here"))
	put("good/good/x.png", []byte("not an image"))
	whole, err := os.ReadFile("testdata/square.png")
	require.NoError(t, err)
	put("cut.png", whole[:len(whole)/2])
	put("square.png", whole)

	for _, c := range []struct {
		args []string
		want []string
	}{
		{[]string{"inspect", at("empty.aecsad"), at("square.png")}, []string{"empty.aecsad", "is empty, expected an aecsad file"}},
		{[]string{"inspect", at("cut.aecsad"), at("square.png")}, []string{"cut.aecsad", "is cut off", "expected"}},
		{[]string{"inspect", at("text.png"), at("square.png")}, []string{"text.png"}},
		{[]string{"inspect", at("model.aecsad"), at("cut.png")}, []string{"cut.png"}},
		{[]string{"inspect", at("model.aecsad"), at("text.png")}, []string{"text.png", "not a PNG, JPEG, BMP, TIFF or WebP file"}},
		{[]string{"inspect", at("model.aecsad"), at("none.png")}, []string{"none.png", "no such file"}},
		{[]string{"inspect", "--rate=2", at("model.aecsad"), at("square.png")}, []string{"expected a share between 0 and 1"}},
		{[]string{"inspect", "--rate=0.0001", at("model.aecsad"), at("square.png")}, []string{"9999"}},
		{[]string{"fit", at("none")}, []string{"none", "no such folder"}},
		{[]string{"fit", at("folder"), "-o", at("run")}, []string{"found 0 images", "train/good/"}},
		{[]string{"fit", at("good"), "-o", at("run")}, []string{"found 1 image", "expected at least"}},
		{[]string{"fit", at("folder"), "-c", at("config.yaml")}, []string{"config.yaml", "step", "line"}},
		{[]string{"fit", at("folder"), "--set", "students.step=5"}, []string{"--set students.step=5", "step"}},
		{[]string{"fit", at("folder"), "--set", "profile=huge"}, []string{"no profile", "quick, balanced and paper"}},
		{[]string{"fit", at("folder"), "--set", "nonsense"}, []string{"expected key=value"}},
		{[]string{"data", "synth", at("folder"), "--category=cars"}, []string{"no category", "parts_tray"}},
		{[]string{"import", at("text.png"), "-o", at("w.aecsad")}, []string{"text.png"}},
		{[]string{"report", at("none")}, []string{"none has no evaluation.json; run the eval step first"}},
		{[]string{"export", "onnx", at("model.aecsad"), "-o", at("none/x.onnx")}, []string{"create " + at("none/x.onnx") + ": no such file"}},
		{[]string{"pretrain", "--steps=1", "-o", at("none/x")}, []string{"create " + at("none/x.png") + ": no such file"}},
		{[]string{"fly"}, []string{"fly", "--help"}},
	} {
		code, _, errs := tool(c.args...)
		assert.Equal(t, exitInput, code, "%v: %s", c.args, errs)
		for _, w := range c.want {
			assert.Contains(t, errs, w, "%v", c.args)
		}
		assert.NotContains(t, errs, "goroutine", "%v", c.args)
		t.Logf("%v\n    %s", c.args, strings.TrimSpace(errs))
	}
}

func TestPaperWantsWeights(t *testing.T) {
	dir := t.TempDir()
	data := filepath.Join(dir, "data")
	code, _, errs := tool("data", "synth", data, "--category=parts_tray", "--train=6", "--validation=5", "--test-good=0", "--test-logical=0", "--test-structural=0")
	require.Zero(t, code, errs)
	code, _, errs = tool("train", filepath.Join(data, "parts_tray"), "-o", filepath.Join(dir, "run"), "--set", "profile=paper")
	assert.Equal(t, exitInput, code)
	for _, want := range []string{"ImageNet weights", "aecsad import", "timm/wide_resnet50_2"} {
		assert.Contains(t, errs, want)
	}
}

func TestVersionAndHelp(t *testing.T) {
	code, out, _ := tool("--version")
	assert.Zero(t, code)
	assert.Contains(t, out, version)
	code, out, _ = tool("--help")
	assert.Zero(t, code)
	for _, verb := range []string{"label", "train", "calibrate", "eval", "inspect", "info", "bench", "import"} {
		assert.Contains(t, out, verb)
	}
}
