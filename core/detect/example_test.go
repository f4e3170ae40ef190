package detect_test

import (
	"fmt"
	"log"

	"aecsad/core/detect"
	"aecsad/core/image"
	"aecsad/core/model/modeltest"
)

// A Go program uses this package and must not load libaecsad.so, which has a Go
// runtime of its own.
func Example() {
	// detect.Open("model.aecsad", detect.Options{}) opens a file.
	detector, err := detect.New(modeltest.Tiny(1), detect.Options{Sessions: 2})
	if err != nil {
		log.Fatal(err)
	}
	defer detector.Close()

	// image.ReadFile reads a picture; these are pixels as a camera has them.
	frame := image.Pixels{Data: make([]byte, 3*640*480), Width: 640, Height: 480, Stride: 3 * 640, Format: image.BGR8}
	verdict, err := detector.Inspect(frame)
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(verdict.Decision, verdict.Kind, verdict.Score > verdict.Threshold)

	// Judge by another threshold, a false-alarm rate, or look at a part only.
	if err := detector.SetThreshold(1e6); err != nil {
		log.Fatal(err)
	}
	frame.ROI = image.Rect{X: 100, Y: 50, Width: 320, Height: 240}
	verdict, err = detector.Inspect(frame)
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(verdict.Decision, len(verdict.Findings))
	fmt.Println(detector.SetFalseAlarmRate(0.001, false))
	// Output:
	// anomalous structural true
	// good 0
	// a false-alarm rate of 0.001 needs at least 999 validation images, there are 40, which allow a rate of 0.0244; add good images, choose a higher rate, or allow extrapolation
}
