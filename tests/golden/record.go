package golden

import (
	"encoding/json"
	"fmt"
	"math"
	"os"
	"path/filepath"
	"strings"

	"aecsad/kernels"
)

// Largest errors allowed, relative to the largest magnitude of the tensor.
const (
	Forward  = 1e-5
	Gradient = 1e-4
)

// Machines are those that goldens hold: ref and cpu, and where AECSAD_REQUIRE
// names it cuda.
func Machines() []string {
	names := []string{"ref", "cpu"}
	if strings.Contains(os.Getenv("AECSAD_REQUIRE"), "cuda") {
		names = append(names, "cuda")
	}
	return names
}

// Record is what a file keeps of a tensor.
type Record struct {
	N      int       `json:"n"`
	Max    float64   `json:"max"`
	Norm   float64   `json:"norm"`
	Dot    float64   `json:"dot"` // with Tensor("probe", n, -1, 1)
	Sample []float64 `json:"sample"`
}

const samples = 8

func sampled(n, k int) int {
	if n <= samples {
		return k
	}
	return int(kernels.Mix64(uint64(k+1)) % uint64(n))
}

// Error is the relative error of got: the largest of the samples' deviations over
// Max, the norm's deviation over Norm, and that of the scalar product over Norm
// (the product notices every element and its place). A tensor smaller than floor
// is measured against floor. NaN counts as infinite.
func (r Record) Error(got []float32, floor float64) (float64, error) {
	if len(got) != r.N || len(r.Sample) != min(r.N, samples) {
		return 0, fmt.Errorf("has %d elements, the golden %d with %d samples", len(got), r.N, len(r.Sample))
	}
	probe := Tensor("probe", r.N, 0, 1)
	var squares, dot float64
	for i, v := range got {
		squares += float64(v) * float64(v)
		dot += float64(v) * (2*float64(probe[i]) - 1)
	}
	largest := math.Max(r.Max, floor)
	norm := math.Max(r.Norm, floor*math.Sqrt(float64(r.N)))
	worst := math.Max(math.Abs(math.Sqrt(squares)-r.Norm), math.Abs(dot-r.Dot)) / norm
	for k, want := range r.Sample {
		worst = math.Max(worst, math.Abs(float64(got[sampled(r.N, k)])-want)/largest)
	}
	if largest == 0 {
		worst = math.Sqrt(squares) // a tensor of zeros admits nothing else
	}
	if math.IsNaN(worst) {
		worst = math.Inf(1)
	}
	return worst, nil
}

// Read decodes a file of testdata that tools/golden wrote. up is the path from
// the caller's package to the repository's root.
func Read(up, name string, into any) error {
	b, err := os.ReadFile(filepath.Join(up, "tests", "golden", "testdata", name))
	if err != nil {
		return err
	}
	if err := json.Unmarshal(b, into); err != nil {
		return fmt.Errorf("%s: %w", name, err)
	}
	return nil
}
