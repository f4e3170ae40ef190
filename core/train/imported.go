package train

import (
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"
	"fmt"
	"io"
	"strings"

	"aecsad/core/graph"
	"aecsad/core/net"
	"aecsad/core/weights"
)

// WeightsError says that a profile wants weights that nobody has imported.
type WeightsError struct{ Profile string }

func (e *WeightsError) Error() string {
	return fmt.Sprintf(`profile %s wants the ImageNet weights of WideResNet-50-2, and none were given.
Get %s,
import it once with  aecsad import FILE -o wide_resnet50_2.aecsad
and pass  --set teacher=wide_resnet50_2.aecsad ; or train with profile quick, which brings its own`, e.Profile, weights.Source)
}

// useImported puts imported encoder weights ("encoder.conv1.weight", ...) in
// place of the drawn ones.
func useImported(c net.Config, w, imported graph.Weights) error {
	if imported == nil {
		if c.Encoder.Pretrained {
			return &WeightsError{c.Profile}
		}
		return nil
	}
	for _, name := range w.Names() {
		if !strings.HasPrefix(name, "encoder.") {
			continue
		}
		t := imported[name]
		if t == nil {
			return fmt.Errorf("the imported weights lack %s of shape %v", name, w[name].Shape)
		}
		if fmt.Sprint(t.Shape) != fmt.Sprint(w[name].Shape) {
			return fmt.Errorf("imported weight %s has shape %v, the encoder of width %d wants %v",
				name, t.Shape, c.Encoder.Width, w[name].Shape)
		}
		w[name] = t
	}
	return nil
}

// digest names imported weights, for checkpoints; none have the empty one.
func digest(w graph.Weights) string {
	if w == nil {
		return ""
	}
	h := sha256.New()
	for _, name := range w.Names() {
		io.WriteString(h, name)                            //nolint:errcheck // a hash takes everything
		binary.Write(h, binary.LittleEndian, w[name].Data) //nolint:errcheck
	}
	return hex.EncodeToString(h.Sum(nil))
}
