package export

import (
	"encoding/json"
	"fmt"
	"strings"

	"aecsad/core/image"
	"aecsad/core/model"
)

// What a file says about itself.

const documentation = `AeCSAD: structural and logical anomalies of manufactured goods.

Input: one RGB picture, resized to the input's side with an antialiased bilinear
filter (Pillow's BILINEAR), divided by 255, then (v - mean) / std per colour with
the mean and std of the metadata. Channels are red, green, blue.

A picture is anomalous where score exceeds the threshold of the metadata.`

var inputDocs = map[string]string{
	"image": "the prepared picture: red, green and blue plane",
}

var outputDocs = map[string]string{
	"local_map":   "mean squared difference of the local student and the teacher",
	"global_map":  "mean squared difference of the local and the global student",
	"third_map":   "mean squared difference of the teacher and the global student",
	"classes":     "component of every pixel, 0 for the background",
	"histogram1":  "share of every component in the picture",
	"histogram2":  "share of every component in each quadrant: top left, bottom left, top right, bottom right",
	"anomaly_map": "the maps, scaled by good pictures and added; the third one, if there, with its weight",
	"distances":   "Mahalanobis distances of the histograms",
	"structural":  "z-scored largest value of anomaly_map",
	"logical":     "z-scored sum of the z-scored distances",
	"score":       "structural + logical",
}

// properties are the numbers that a user of the file needs beside it.
func properties(m *model.Model) ([]property, error) {
	mean, std := image.Normalization()
	c := m.Calibration
	components, err := json.Marshal(append([]string{"background"}, m.Components...))
	if err != nil {
		return nil, err
	}
	p := []property{
		{"profile", m.Config.Profile},
		{"category", m.Provenance.Category},
		{"components", string(components)},
		{"side", fmt.Sprint(m.Config.Side)},
		{"colours", "RGB"},
		{"mean", list(mean[:])},
		{"std", list(std[:])},
		{"dataset_sha256", m.Provenance.Dataset},
		{"tool_version", m.Provenance.Tool},
	}
	if len(c.Histograms) > 0 {
		p = append(p,
			property{"threshold", fmt.Sprint(c.Threshold)},
			property{"false_alarm_rate", fmt.Sprint(c.Rate)},
			property{"validation_scores", list(c.Scores)})
	}
	return p, nil
}

// list is a JSON array of finite numbers.
func list[T float32 | float64](v []T) string {
	return strings.ReplaceAll(fmt.Sprint(v), " ", ",")
}
