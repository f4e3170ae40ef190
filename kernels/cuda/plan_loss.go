package cuda

import "aecsad/kernels"

// partials is AE_PARTIALS of common.h, the most blocks of a sum over a buffer.
const partials = 256

// summed is the first kernel of a sum over n elements; it takes its number of
// blocks as its last argument where the second kernel needs it.
func summed(kernel string, n int, args ...arg) launch {
	return launch{kernel, min(ceil(n, threads), partials), 1, 1, args}
}

// selection is the size of struct selection of loss_feature.cu in words of 4 bytes.
const selection = threads + 5

func planFeatureLoss(o kernels.Op) ([]launch, int) {
	switch o := o.(type) {
	case kernels.MeanSquare:
		sums := summed("mean_square_sums", o.Len, op, temp(0), buf(1))
		return []launch{sums, blocks("mean", 1, buf(0), temp(0), num(sums.x), num(o.Len))}, partials
	case kernels.MeanSquareBackward:
		return simple("mean_square_backward", o.Len, o), 0
	case kernels.MSE:
		sums := summed("mse_sums", o.Len, op, temp(0), buf(1), buf(2))
		return []launch{sums, blocks("mean", 1, buf(0), temp(0), num(sums.x), num(o.Len))}, partials
	case kernels.MSEBackward:
		return simple("mse_backward", o.Len, o), 0
	case kernels.HardFeature:
		return planHardFeature(o)
	case kernels.HardFeatureBackward:
		return simple("hard_backward", o.Len, o), 0
	}
	return nil, 0
}

func planHardFeature(o kernels.HardFeature) ([]launch, int) {
	loss, stats, d, a, b := buf(0), buf(1), buf(2), buf(3), buf(4)
	state, sums := temp(0), temp(align(selection))
	l := []launch{over("hard_difference", o.Len, op, d, a, b, state)}
	for shift := 24; shift >= 0; shift -= 8 {
		l = append(l, over("hard_count", o.Len, op, d, state, num(shift)), blocks("hard_select", 1, state, num(shift)))
	}
	add := summed("hard_sums", o.Len, op, d, state, sums)
	return append(l, over("hard_next", o.Len, op, d, state), add,
		blocks("hard_mean", 1, op, loss, stats, state, sums, num(add.x))), align(selection) + partials
}

func planSegmentLoss(o kernels.Op) ([]launch, int) {
	switch o := o.(type) {
	case kernels.CrossEntropy:
		return labelMean("cross_entropy_sums", o.N*o.HW)
	case kernels.CrossEntropyBackward:
		return labelGradient("cross_entropy_backward", o.N*o.HW, o.C)
	case kernels.Focal:
		return labelMean("focal_sums", o.N*o.HW)
	case kernels.FocalBackward:
		return labelGradient("focal_backward", o.N*o.HW, o.C)
	case kernels.Dice:
		return []launch{
			blocks("dice_overlaps", o.N*o.C, temp(0), buf(1), buf(2), num(o.C), num(o.HW)),
			blocks("dice_mean", 1, op, buf(0), temp(0)),
		}, 3 * o.N * o.C
	case kernels.DiceBackward:
		slopes := temp(align(3 * o.N * o.C))
		return []launch{
			blocks("dice_overlaps", o.N*o.C, temp(0), buf(2), buf(3), num(o.C), num(o.HW)),
			over("dice_slopes", o.N*o.C, op, slopes, buf(1), temp(0)),
			over("dice_backward", o.N*o.C*o.HW, op, buf(0), buf(3), slopes),
		}, slopes.value + 2*o.N*o.C
	case kernels.HistogramLoss:
		return []launch{
			blocks("histogram_means", o.N*o.C, temp(0), buf(1), num(o.HW)),
			blocks("histogram_loss", 1, op, buf(0), temp(0), buf(2)),
		}, o.N * o.C
	case kernels.HistogramLossBackward:
		return []launch{
			blocks("histogram_means", o.N*o.C, temp(0), buf(2), num(o.HW)),
			over("histogram_loss_backward", o.N*o.C*o.HW, op, buf(0), buf(1), temp(0), buf(3)),
		}, o.N * o.C
	case kernels.Entropy:
		sums := summed("entropy_sums", o.Len, op, temp(0), buf(1))
		return []launch{sums, blocks("mean", 1, buf(0), temp(0), num(sums.x), num(o.Len))}, partials
	case kernels.EntropyBackward:
		return simple("entropy_backward", o.Len, o), 0
	case kernels.WeightedSum:
		return []launch{blocks("weighted_sum", 1, filled(all(o), 2+kernels.MaxConcat)...)}, 0
	}
	return nil, 0
}

// labelMean is a loss that is a mean over the labelled of n pixels.
func labelMean(kernel string, n int) ([]launch, int) {
	sums := summed(kernel, n, op, temp(0), buf(1), buf(2))
	return []launch{sums, blocks("label_mean", 1, buf(0), temp(0), num(sums.x))}, 2 * partials
}

// labelGradient is the gradient of such a loss: the pixels are counted first.
func labelGradient(kernel string, n, classes int) ([]launch, int) {
	count := summed("label_count", n, temp(0), buf(3), num(n), num(classes))
	return []launch{count, over(kernel, n, op, buf(0), buf(1), buf(2), buf(3), temp(0), num(count.x))}, partials
}
