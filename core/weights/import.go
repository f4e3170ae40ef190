package weights

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"io"
	"maps"
	"os"
	"regexp"
	"slices"
	"strings"

	"aecsad/core/graph"
	"aecsad/core/model"
	"aecsad/core/net"
)

// Imported is what Import found: an encoder, or all of CSAD.
type Imported struct {
	Weights graph.Weights // by our full names
	// Config is CSAD's, or nil for an encoder alone.
	Config *net.Config
	// SHA256 of each file, in hexadecimal.
	SHA256 []string
}

// Import reads files of weights that others trained, by content: torchvision's or
// timm's WideResNet-50-2, or CSAD's networks in one or more files, which together
// have to be complete. All names and shapes are checked; classification layers,
// layer4, counters and CSAD's own calibration are passed over.
func Import(paths ...string) (*Imported, error) {
	out, have := &Imported{Weights: graph.Weights{}}, map[string]graph.Weights{}
	for _, path := range paths {
		sum, err := checkDigest(path)
		if err != nil {
			return nil, err
		}
		out.SHA256 = append(out.SHA256, sum)
		w, err := Read(path)
		if err != nil {
			return nil, err
		}
		if err := addParts(have, w); err != nil {
			return nil, fmt.Errorf("%s: %w", path, err)
		}
	}
	if err := out.fill(have); err != nil {
		return nil, fmt.Errorf("%s: %w", strings.Join(paths, ", "), err)
	}
	return out, nil
}

// fill checks the parts and takes their tensors.
func (o *Imported) fill(have map[string]graph.Weights) error {
	c, err := net.Profile("paper")
	if err != nil {
		return err
	}
	if len(have) > 1 || have[encoder] == nil {
		for _, part := range []string{encoder, teacher, segmentor, local, global} {
			if have[part] == nil {
				return fmt.Errorf("has %s of CSAD, but no %s; give the files of all parts together, or of an encoder alone",
					strings.Join(slices.Sorted(maps.Keys(have)), ", "), part)
			}
		}
		if err := csadConfig(&c, have[segmentor]); err != nil {
			return err
		}
		o.Config = &c
	}
	g, err := networks(c)
	if err != nil {
		return err
	}
	want := g.Shapes()
	for part, w := range have {
		var t graph.Weights
		if part == teacher {
			t, err = csadTeacher(w, want)
		} else {
			t, err = take(part, w, want)
		}
		if err != nil {
			return err
		}
		maps.Copy(o.Weights, t)
	}
	return nil
}

// hubName is how PyTorch names files for its hub: the first digits of the SHA-256
// stand before the extension.
var hubName = regexp.MustCompile(`-([0-9a-f]{8,64})\.pth$`)

// checkDigest returns a file's SHA-256 and holds it against the file's own name,
// if that has one: wide_resnet50_2-95faca4d.pth is torchvision's IMAGENET1K_V1,
// wide_resnet50_2-9ba9bcbe.pth its IMAGENET1K_V2.
func checkDigest(path string) (string, error) {
	f, err := os.Open(path)
	if err != nil {
		return "", err
	}
	defer f.Close()
	h := sha256.New()
	if _, err := io.Copy(h, f); err != nil {
		return "", err
	}
	sum := hex.EncodeToString(h.Sum(nil))
	if m := hubName.FindStringSubmatch(path); m != nil && !strings.HasPrefix(sum, m[1]) {
		return "", fmt.Errorf("%s: SHA-256 is %s, expected it to begin with %s as the name says; the file is damaged or altered", path, sum, m[1])
	}
	return sum, nil
}

// Save writes what was imported as our file: an encoder for training, or the
// weights of a whole model, which the calibrate step takes from a run's folder.
func (o *Imported) Save(path, tool string) error {
	if o.Config == nil {
		return SaveEncoder(path, o.Weights)
	}
	m := &model.Model{Config: *o.Config, Weights: o.Weights, Provenance: model.Provenance{
		Category: "csad", Dataset: "imported, SHA-256 " + strings.Join(o.SHA256, ", "), Tool: tool,
	}}
	for i := 1; i < o.Config.Segmentor.Classes; i++ {
		m.Components = append(m.Components, fmt.Sprintf("component %d", i))
	}
	return m.SaveWeights(path)
}
