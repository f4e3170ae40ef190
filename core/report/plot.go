package report

import (
	"bytes"
	"image/color"

	"gonum.org/v1/plot"
	"gonum.org/v1/plot/plotter"
	"gonum.org/v1/plot/vg"
	"gonum.org/v1/plot/vg/draw"
	"gonum.org/v1/plot/vg/vgsvg"

	"aecsad/modelfmt"
)

// Group is a kind of test images with their scores.
type Group struct {
	Name   string
	Scores []float64
}

// colours of good, logical, structural and other groups: told apart by people
// with red-green weakness too.
var colours = []color.RGBA{{0x2d, 0xa4, 0x4e, 0xff}, {0x82, 0x50, 0xdf, 0xff}, {0xd9, 0x5f, 0x02, 0xff}, {0x57, 0x60, 0x6a, 0xff}}

// WriteScores draws one row of dots per group and the threshold, as SVG.
func WriteScores(path string, groups []Group, threshold float64) error {
	p := plot.New()
	p.X.Label.Text = "score (standard deviations of good images)"
	var names []string
	for row, g := range groups {
		names = append(names, g.Name)
		points := make(plotter.XYs, len(g.Scores))
		for i, s := range g.Scores {
			// A little height by rank keeps equal scores apart.
			points[i] = plotter.XY{X: s, Y: float64(row) + 0.5*(float64(i%9)/8-0.5)}
		}
		if len(points) == 0 {
			continue
		}
		dots, err := plotter.NewScatter(points)
		if err != nil {
			return err
		}
		dots.GlyphStyle = draw.GlyphStyle{Color: colours[row%len(colours)], Radius: vg.Points(2.5), Shape: draw.CircleGlyph{}}
		p.Add(dots)
	}
	line, err := plotter.NewLine(plotter.XYs{{X: threshold, Y: -0.5}, {X: threshold, Y: float64(len(groups)) - 0.5}})
	if err != nil {
		return err
	}
	line.Color = color.RGBA{0xcf, 0x22, 0x2e, 0xff}
	p.Add(line)
	p.NominalY(names...)
	c := vgsvg.New(20*vg.Centimeter, vg.Length(1.5+float64(len(groups)))*vg.Centimeter)
	p.Draw(draw.New(c))
	var b bytes.Buffer
	if _, err := c.WriteTo(&b); err != nil {
		return err
	}
	return modelfmt.WriteBytes(path, b.Bytes())
}
