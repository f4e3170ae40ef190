package train

import (
	"aecsad/core/graph"
	"aecsad/core/net"
)

// Programs are the training step of the segmentor's second stage and that of the
// students, without penalty images, for those who time them.
func Programs(c net.Config, s Segmentor, t Students) (segmentor, students *graph.Program, err error) {
	if segmentor, _, err = segmentProgram(c, s, true); err != nil {
		return nil, nil, err
	}
	students, _, err = studentProgram(c, t, false, 0)
	return segmentor, students, err
}
