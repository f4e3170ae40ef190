package ref

import (
	"reflect"

	"aecsad/kernels"
)

// kernel runs an instruction on its buffers.
type kernel func(op kernels.Op, a args)

// entry is a kernel and the type of its instruction.
type entry struct {
	op  reflect.Type
	run kernel
}

// on makes an entry of a function of one instruction.
func on[O kernels.Op](f func(o O, a args)) entry {
	return entry{reflect.TypeFor[O](), func(op kernels.Op, a args) { f(op.(O), a) }}
}

func index(entries ...entry) map[reflect.Type]kernel {
	out := map[reflect.Type]kernel{}
	for _, e := range entries {
		out[e.op] = e.run
	}
	return out
}

// table holds every kernel; a test compares it with kernels.Ops.
var table = index(
	on(conv2d), on(conv2dBackwardData), on(conv2dBackwardFilter), on(channelSum),
	on(batchNorm), on(batchNormTrain), on(batchNormBackward), on(batchNormFold),
	on(relu), on(reluBackward), on(add), on(scale), on(fill), on(standardize),
	on(dropout), on(dropoutBackward),
	on(concat), on(slice),
	on(avgPool), on(avgPoolBackward), on(maxPool), on(maxPoolBackward), on(globalAvgPool), on(globalAvgPoolBackward),
	on(resize), on(resizeBackward),
	on(matMul), on(softmax), on(softmaxBackward), on(attention), on(attentionBackward),
	on(argmax), on(histogram), on(squaredDifference),
	on(meanSquare), on(meanSquareBackward), on(mse), on(mseBackward), on(hardFeature), on(hardFeatureBackward),
	on(crossEntropy), on(crossEntropyBackward), on(focal), on(focalBackward), on(dice), on(diceBackward),
	on(histogramLoss), on(histogramLossBackward), on(entropy), on(entropyBackward), on(weightedSum),
	on(adam),
)
