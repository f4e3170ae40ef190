// Package arch holds the architecture: who may import whom, where cgo and build
// tags are, how large things may get, and that generated files are fresh.
package arch

import (
	"bufio"
	"go/ast"
	"go/build/constraint"
	"go/parser"
	"go/token"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

const root = "../.."

// allowed lists, per package, the packages of ours that its non-test code may
// import. A folder stands for everything below it. Imports go one way: every
// name on the right has its own row above.
var allowed = []struct{ pkg, imports string }{
	{"kernels", ""},
	{"kernels/ref", "kernels"},
	{"kernels/cpu", "kernels"},
	{"kernels/cuda/lazy", ""},
	{"kernels/cuda", "kernels kernels/cuda/lazy"},
	{"kernels/devices", "kernels kernels/ref kernels/cpu kernels/cuda"},
	{"modelfmt", ""},
	{"core/task", ""},
	{"core/graph", "core/task kernels"},
	{"core/net", "core/graph"},
	{"core/coordinates", "core/graph core/net"},
	{"core/stats", ""},
	{"core/image", ""},
	{"core/shape", "core/stats"},
	{"core/model", "core/graph core/net core/shape core/stats modelfmt"},
	{"core/weights", "core/graph core/net core/model modelfmt"},
	{"core/checkpoint", "core/graph core/model modelfmt"},
	{"core/detect", "core/graph core/image core/model core/net core/shape core/stats core/task kernels kernels/devices"},
	{"core/model/modeltest", "core/detect core/model core/net core/stats kernels"},
	{"core/data", "core/image core/stats kernels"},
	{"core/data/synth/draw", "core/image kernels"},
	{"core/data/synth", "core/data/synth/draw core/image core/data kernels modelfmt"},
	{"core/formula", "core/image kernels"},
	{"core/label", "core/image core/stats kernels"},
	{"core/train", "core/checkpoint core/coordinates core/detect core/graph core/image core/model core/net core/stats core/weights kernels modelfmt"},
	{"core/pretrain", "core/checkpoint core/formula core/graph core/image core/net kernels"},
	{"core/calibrate", "core/detect core/graph core/image core/model core/shape core/stats kernels"},
	{"core/eval", "core/image core/stats core/data"},
	{"core/report", "core/detect modelfmt"},
	{"core/tensorboard", ""},
	{"core/export", "core/detect core/graph core/image core/model core/net core/stats kernels modelfmt"},
	{"core/bench", "core/coordinates core/detect core/graph core/image core/model core/net core/export kernels kernels/devices"},
	{"core/pipeline", "core/calibrate core/coordinates core/data core/detect core/eval core/graph core/image core/label core/model core/net core/report core/stats core/tensorboard core/train core/weights kernels kernels/devices modelfmt"},
	{"capi", "core/detect core/image core/stats core/task"},
	{"tools/opgen", "kernels"},
	{"tools/abigen", ""},
	{"tools/aecsad", "core/bench core/data core/data/synth core/detect core/export core/formula core/image core/model core/pipeline core/pretrain core/report core/weights kernels kernels/devices modelfmt"},
	{"tests/abi", "core/detect core/image core/model core/model/modeltest"},
	{"tests/ops", "kernels kernels/ref kernels/devices"},
	{"tests/golden", "core/graph core/net core/train kernels kernels/devices"},
	{"tests/docs", ""},
	{"tests/gpu", "core/detect core/graph core/net core/train kernels kernels/ref kernels/cpu kernels/cuda tests/golden"},
	{"tests/bench/border", "core/model/modeltest core/net"},
	{"tests/bench/students", "core/calibrate core/data core/data/synth core/detect core/graph core/image core/model core/net core/stats core/train core/weights kernels kernels/devices"},
	{"tests/bench/teachers", "core/data core/eval core/graph core/image core/net core/stats core/weights kernels kernels/devices"},
	{"tests/bench/torch", "core/bench core/graph core/net core/pretrain core/train kernels kernels/devices"},
}

// Sizes in lines: above these, redesign. Tests and generated files do not count.
const maxFile, maxPackage, maxFunction = 600, 2500, 100

// source is a parsed Go file of ours.
type source struct {
	path, pkg string
	file      *ast.File
	lines     int
	fset      *token.FileSet
}

func sources(t *testing.T) []source {
	var out []source
	walk(t, ".go", func(path string, b []byte) {
		fset := token.NewFileSet()
		f, err := parser.ParseFile(fset, path, b, parser.ParseComments)
		require.NoError(t, err)
		out = append(out, source{path, filepath.ToSlash(filepath.Dir(path)), f, strings.Count(string(b), "\n"), fset})
	})
	require.NotEmpty(t, out)
	return out
}

// walk calls f for every file of ours with an extension; paths are relative to
// the root.
func walk(t *testing.T, ext string, f func(path string, b []byte)) {
	err := filepath.WalkDir(root, func(p string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		name := d.Name()
		if d.IsDir() && (name == "build" || name == "testdata" || strings.HasPrefix(name, ".") && p != root) {
			return filepath.SkipDir
		}
		if d.IsDir() || !strings.HasSuffix(name, ext) {
			return nil
		}
		b, err := os.ReadFile(p)
		if err != nil {
			return err
		}
		rel, err := filepath.Rel(root, p)
		if err != nil {
			return err
		}
		f(filepath.ToSlash(rel), b)
		return nil
	})
	require.NoError(t, err)
}

func (s source) test() bool { return strings.HasSuffix(s.path, "_test.go") }

func TestImportsGoOneWay(t *testing.T) {
	rules := map[string][]string{}
	for i, r := range allowed {
		rules[r.pkg] = strings.Fields(r.imports)
		for _, imp := range rules[r.pkg] {
			above := false
			for _, a := range allowed[:i] {
				above = above || a.pkg == imp
			}
			assert.True(t, above, "the rule of %s names %s, which has no row above it", r.pkg, imp)
		}
	}
	for _, s := range sources(t) {
		if s.test() {
			continue
		}
		may, known := rules[s.pkg]
		if !assert.True(t, known, "%s: package %s has no row in tests/arch", s.path, s.pkg) {
			continue
		}
		for _, i := range s.file.Imports {
			path := strings.Trim(i.Path.Value, `"`)
			if own, ok := strings.CutPrefix(path, "aecsad/"); ok {
				assert.Contains(t, may, own, "%s imports %s", s.path, path)
			}
			if path == "C" {
				assert.Contains(t, []string{"capi", "kernels/cpu", "kernels/cuda", "kernels/cuda/lazy"}, s.pkg, "%s uses cgo", s.path)
			}
			if path == "gorgonia.org/cu" {
				assert.Equal(t, "kernels/cuda", s.pkg, "%s imports cu", s.path)
			}
		}
	}
}

func TestCgoInTheCPUMachineIsOneFile(t *testing.T) {
	count := 0
	for _, s := range sources(t) {
		for _, i := range s.file.Imports {
			if s.pkg == "kernels/cpu" && i.Path.Value == `"C"` {
				count++
			}
		}
	}
	assert.Equal(t, 1, count)
}

func TestBuildTagsOnlyWhereMachinesAreChosen(t *testing.T) {
	for _, s := range sources(t) {
		for _, group := range s.file.Comments {
			for _, c := range group.List {
				if constraint.IsGoBuild(c.Text) {
					assert.Contains(t, []string{"kernels/devices", "kernels/cuda", "kernels/cuda/lazy"}, s.pkg, "%s has a build tag", s.path)
				}
			}
		}
	}
}

func TestSizes(t *testing.T) {
	packages := map[string]int{}
	for _, s := range sources(t) {
		if s.test() || ast.IsGenerated(s.file) {
			continue
		}
		packages[s.pkg] += s.lines
		assert.LessOrEqual(t, s.lines, maxFile, "%s has %d lines", s.path, s.lines)
		for _, d := range s.file.Decls {
			if f, ok := d.(*ast.FuncDecl); ok {
				n := s.fset.Position(f.End()).Line - s.fset.Position(f.Pos()).Line + 1
				assert.LessOrEqual(t, n, maxFunction, "%s: %s has %d lines", s.path, f.Name.Name, n)
			}
		}
	}
	for pkg, n := range packages {
		assert.LessOrEqual(t, n, maxPackage, "package %s has %d lines", pkg, n)
	}
	for _, ext := range []string{".c", ".h", ".hpp", ".py"} {
		walk(t, ext, func(path string, b []byte) {
			if n := strings.Count(string(b), "\n"); !generated(b) {
				assert.LessOrEqual(t, n, maxFile, "%s has %d lines", path, n)
			}
		})
	}
}

// generated tells files that say so in one of their first lines.
func generated(b []byte) bool {
	s := bufio.NewScanner(strings.NewReader(string(b)))
	for i := 0; i < 3 && s.Scan(); i++ {
		if strings.Contains(strings.ToLower(s.Text()), "generated") {
			return true
		}
	}
	return false
}

// TestOneNamePerFamily: a family of instructions is one file name in every
// machine, in the graph and in the conformance suite.
func TestOneNamePerFamily(t *testing.T) {
	families := []string{
		"conv2d", "batchnorm", "pointwise", "concat", "pool", "resize", "matmul",
		"softmax", "attention", "score", "loss_feature", "loss_segment", "adam",
	}
	for _, f := range families {
		for _, path := range []string{"kernels/ref/" + f + ".go", "kernels/cpu/" + f + ".h", "tests/ops/" + f + "_test.go"} {
			_, err := os.Stat(filepath.Join(root, path))
			assert.NoError(t, err, "family %s has no %s", f, path)
		}
	}
}

func TestNothingIsLeftToDo(t *testing.T) {
	for _, ext := range []string{".go", ".c", ".h", ".hpp", ".py", ".sh", ".md"} {
		walk(t, ext, func(path string, b []byte) {
			for _, word := range []string{"TO" + "DO", "FIX" + "ME", "X" + "XX"} {
				assert.NotContains(t, string(b), word, path)
			}
		})
	}
}

// A panic on a bare goroutine ends the process of the library's host, so the
// packages that are linked into the library start them through core/task only.
func TestGoroutinesOfTheLibraryAreTasks(t *testing.T) {
	linked := map[string]bool{}
	var link func(pkg string)
	link = func(pkg string) {
		linked[pkg] = true
		for _, row := range allowed {
			if row.pkg == pkg {
				for _, next := range strings.Fields(row.imports) {
					link(next)
				}
			}
		}
	}
	link("capi")
	require.True(t, linked["core/task"])
	for _, s := range sources(t) {
		if !linked[s.pkg] || s.pkg == "core/task" || strings.HasSuffix(s.path, "_test.go") {
			continue
		}
		ast.Inspect(s.file, func(n ast.Node) bool {
			switch n := n.(type) {
			case *ast.GoStmt:
				t.Errorf("%s starts a goroutine; expected a task", s.fset.Position(n.Pos()))
			case *ast.CallExpr:
				if f, ok := n.Fun.(*ast.SelectorExpr); ok && f.Sel.Name == "Go" {
					t.Errorf("%s starts a goroutine; expected a task", s.fset.Position(n.Pos()))
				}
			}
			return true
		})
	}
}
