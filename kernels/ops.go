package kernels

// Every instruction, with its formula and the order of its buffers (outputs
// first). Names: N C H W is the input, K R S the filter, P Q the output; the
// gradient of x is dx. To add an instruction: a struct here, an entry in Ops
// below, one file of the same name in each machine, a case in tests/ops, then
// `go generate ./kernels`.

//go:generate go run aecsad/tools/opgen

// Ops lists every instruction; an instruction's opcode is its index.
var Ops = []Op{
	Conv2D{}, Conv2DBackwardData{}, Conv2DBackwardFilter{}, ChannelSum{},
	BatchNorm{}, BatchNormTrain{}, BatchNormBackward{}, BatchNormFold{},
	Relu{}, ReluBackward{}, Add{}, Scale{}, Fill{}, Standardize{},
	Dropout{}, DropoutBackward{},
	Concat{}, Slice{},
	AvgPool{}, AvgPoolBackward{}, MaxPool{}, MaxPoolBackward{}, GlobalAvgPool{}, GlobalAvgPoolBackward{},
	Resize{}, ResizeBackward{},
	MatMul{}, Softmax{}, SoftmaxBackward{}, Attention{}, AttentionBackward{},
	Argmax{}, Histogram{}, SquaredDifference{},
	MeanSquare{}, MeanSquareBackward{}, MSE{}, MSEBackward{}, HardFeature{}, HardFeatureBackward{},
	CrossEntropy{}, CrossEntropyBackward{}, Focal{}, FocalBackward{}, Dice{}, DiceBackward{},
	HistogramLoss{}, HistogramLossBackward{}, Entropy{}, EntropyBackward{}, WeightedSum{},
	Adam{},
}

// ---- convolution (conv2d) ----

// ConvShape is the geometry shared by a convolution and its gradients.
type ConvShape struct {
	N, C, H, W            int // input
	K, R, S               int // output channels, filter height and width
	Stride, Pad, Dilation int // the same in both directions
}

// P is the output height.
func (c ConvShape) P() int { return (c.H+2*c.Pad-c.Dilation*(c.R-1)-1)/c.Stride + 1 }

// Q is the output width.
func (c ConvShape) Q() int { return (c.W+2*c.Pad-c.Dilation*(c.S-1)-1)/c.Stride + 1 }

func (c ConvShape) sizes() (x, w, y int) {
	return c.N * c.C * c.H * c.W, c.K * c.C * c.R * c.S, c.N * c.K * c.P() * c.Q()
}

// Conv2D is a cross-correlation with zero padding, and its usual followers:
//
//	y[n,k,p,q] = act( sum_{c,r,s} x[n,c,p*Stride-Pad+r*Dilation, q*Stride-Pad+s*Dilation] * w[k,c,r,s]
//	                  + b[k] (if Bias) + res[n,k,p,q] (if Residual) ),  act = max(0,.) if Relu
//
// Buffers: y, x, w, b (if Bias), res (if Residual).
type Conv2D struct {
	ConvShape
	Bias, Residual, Relu bool
}

func (o Conv2D) Buffers() (out, in []int) {
	x, w, y := o.sizes()
	in = []int{x, w}
	if o.Bias {
		in = append(in, o.K)
	}
	if o.Residual {
		in = append(in, y)
	}
	return []int{y}, in
}

// Conv2DBackwardData is the gradient of Conv2D (no followers) for x.
// Buffers: dx, dy, w.
type Conv2DBackwardData struct{ ConvShape }

func (o Conv2DBackwardData) Buffers() (out, in []int) {
	x, w, y := o.sizes()
	return []int{x}, []int{y, w}
}

// Conv2DBackwardFilter is the gradient of Conv2D (no followers) for w, summed
// over the batch. Buffers: dw, dy, x.
type Conv2DBackwardFilter struct{ ConvShape }

func (o Conv2DBackwardFilter) Buffers() (out, in []int) {
	x, w, y := o.sizes()
	return []int{w}, []int{y, x}
}

// ChannelSum sums over batch and space, the gradient of a bias:
// y[c] = sum_{n,i} x[n,c,i]. Buffers: y, x.
type ChannelSum struct{ N, C, HW int }

func (o ChannelSum) Buffers() (out, in []int) { return []int{o.C}, []int{o.N * o.C * o.HW} }

// ---- batch normalisation (batchnorm) ----

// BatchNorm normalises with stored statistics:
// y = (x-mean[c]) / sqrt(var[c]+Eps) * gamma[c] + beta[c].
// Buffers: y, x, gamma, beta, mean, var.
type BatchNorm struct {
	N, C, HW int
	Eps      float32
}

func (o BatchNorm) Buffers() (out, in []int) {
	n := o.N * o.C * o.HW
	return []int{n}, []int{n, o.C, o.C, o.C, o.C}
}

// BatchNormTrain normalises with the statistics of the batch (variance with
// divisor N*HW) and moves the running ones (variance with divisor N*HW-1):
// running = (1-Momentum)*running + Momentum*batch.
// mean and rstd = 1/sqrt(var+Eps) are kept for the gradient.
// Buffers: y, mean, rstd, runningMean (in/out), runningVar (in/out), x, gamma, beta.
type BatchNormTrain struct {
	N, C, HW      int
	Eps, Momentum float32
}

func (o BatchNormTrain) Buffers() (out, in []int) {
	n := o.N * o.C * o.HW
	return []int{n, o.C, o.C, o.C, o.C}, []int{n, o.C, o.C}
}

// BatchNormBackward is the gradient of BatchNormTrain.
// Buffers: dx, dgamma, dbeta, dy, x, mean, rstd, gamma.
type BatchNormBackward struct{ N, C, HW int }

func (o BatchNormBackward) Buffers() (out, in []int) {
	n := o.N * o.C * o.HW
	return []int{n, o.C, o.C}, []int{n, n, o.C, o.C, o.C}
}

// BatchNormFold turns stored statistics into a convolution's weights, for
// Setup: with s = gamma[k]/sqrt(var[k]+Eps), y[k,i] = w[k,i]*s and
// b[k] = beta[k] - mean[k]*s. Len is C*R*S.
// Buffers: y, b, w, gamma, beta, mean, var.
type BatchNormFold struct {
	K, Len int
	Eps    float32
}

func (o BatchNormFold) Buffers() (out, in []int) {
	n := o.K * o.Len
	return []int{n, o.K}, []int{n, o.K, o.K, o.K, o.K}
}

// ---- element by element (pointwise) ----

// Relu: y = max(x, 0). Buffers: y, x.
type Relu struct{ Len int }

func (o Relu) Buffers() (out, in []int) { return []int{o.Len}, []int{o.Len} }

// ReluBackward: dx = y > 0 ? dy : 0. Buffers: dx, dy, y.
type ReluBackward struct{ Len int }

func (o ReluBackward) Buffers() (out, in []int) { return []int{o.Len}, []int{o.Len, o.Len} }

// Add: y = a + b. Buffers: y, a, b.
type Add struct{ Len int }

func (o Add) Buffers() (out, in []int) { return []int{o.Len}, []int{o.Len, o.Len} }

// Scale: y = Factor * x. Buffers: y, x.
type Scale struct {
	Len    int
	Factor float32
}

func (o Scale) Buffers() (out, in []int) { return []int{o.Len}, []int{o.Len} }

// Fill: y = Value. Buffers: y.
type Fill struct {
	Len   int
	Value float32
}

func (o Fill) Buffers() (out, in []int) { return []int{o.Len}, nil }

// Standardize is the teacher's normalisation: y = (x - mean[c]) / std[c].
// Buffers: y, x, mean, std.
type Standardize struct{ N, C, HW int }

func (o Standardize) Buffers() (out, in []int) {
	n := o.N * o.C * o.HW
	return []int{n}, []int{n, o.C, o.C}
}

// Dropout: y[i] = u(i) < P ? 0 : x[i]/(1-P), with u(i) = Uniform(Seed, step[0], i)
// of random.go: a function of its arguments, so that there is no state to save.
// Buffers: y, x, step.
type Dropout struct {
	Len  int
	P    float32
	Seed int
}

func (o Dropout) Buffers() (out, in []int) { return []int{o.Len}, []int{o.Len, 1} }

// DropoutBackward: dx[i] = u(i) < P ? 0 : dy[i]/(1-P). Buffers: dx, dy, step.
type DropoutBackward struct {
	Len  int
	P    float32
	Seed int
}

func (o DropoutBackward) Buffers() (out, in []int) { return []int{o.Len}, []int{o.Len, 1} }

// ---- channels (concat) ----

// MaxConcat is the largest number of inputs of Concat and WeightedSum.
const MaxConcat = 8

// Concat joins along the channels, in order. C holds each input's channels; the
// first zero ends the list. Buffers: y, x1, x2, ...
type Concat struct {
	N, HW int
	C     [MaxConcat]int
}

func (o Concat) Buffers() (out, in []int) {
	total := 0
	for _, c := range o.C {
		if c == 0 {
			break
		}
		in = append(in, o.N*c*o.HW)
		total += c
	}
	return []int{o.N * total * o.HW}, in
}

// Slice copies channels [First, First+K) of x: y[n,k,i] = x[n,First+k,i]; the
// gradient of Concat for one input. Buffers: y, x.
type Slice struct{ N, C, HW, First, K int }

func (o Slice) Buffers() (out, in []int) { return []int{o.N * o.K * o.HW}, []int{o.N * o.C * o.HW} }

// ---- pooling (pool) ----

// PoolShape is the geometry of a square pooling window.
type PoolShape struct{ N, C, H, W, R, Stride, Pad int }

// P is the output height.
func (s PoolShape) P() int { return (s.H+2*s.Pad-s.R)/s.Stride + 1 }

// Q is the output width.
func (s PoolShape) Q() int { return (s.W+2*s.Pad-s.R)/s.Stride + 1 }

func (s PoolShape) sizes() (x, y int) { return s.N * s.C * s.H * s.W, s.N * s.C * s.P() * s.Q() }

// AvgPool is the mean over an RxR window; padding zeros are counted, so the
// divisor is always R*R. Buffers: y, x.
type AvgPool struct{ PoolShape }

func (o AvgPool) Buffers() (out, in []int) { x, y := o.sizes(); return []int{y}, []int{x} }

// AvgPoolBackward is its gradient. Buffers: dx, dy.
type AvgPoolBackward struct{ PoolShape }

func (o AvgPoolBackward) Buffers() (out, in []int) { x, y := o.sizes(); return []int{x}, []int{y} }

// MaxPool is the maximum over the part of an RxR window that lies inside the
// image. Buffers: y, x.
type MaxPool struct{ PoolShape }

func (o MaxPool) Buffers() (out, in []int) { x, y := o.sizes(); return []int{y}, []int{x} }

// MaxPoolBackward sends each dy to the first maximum of its window, in row-major
// order. Buffers: dx, dy, x.
type MaxPoolBackward struct{ PoolShape }

func (o MaxPoolBackward) Buffers() (out, in []int) { x, y := o.sizes(); return []int{x}, []int{y, x} }

// GlobalAvgPool: y[n,c] = mean_i x[n,c,i]. Buffers: y, x.
type GlobalAvgPool struct{ N, C, HW int }

func (o GlobalAvgPool) Buffers() (out, in []int) { return []int{o.N * o.C}, []int{o.N * o.C * o.HW} }

// GlobalAvgPoolBackward: dx[n,c,i] = dy[n,c]/HW. Buffers: dx, dy.
type GlobalAvgPoolBackward struct{ N, C, HW int }

func (o GlobalAvgPoolBackward) Buffers() (out, in []int) {
	return []int{o.N * o.C * o.HW}, []int{o.N * o.C}
}

// ---- bilinear resize (resize) ----

// Resize is bilinear with align_corners=false and no antialiasing: for output i,
// src = max(0, (i+0.5)*in/out - 0.5), i0 = floor(src), i1 = min(i0+1, in-1).
// Equal sizes are the identity. Buffers: y[N,C,P,Q], x[N,C,H,W].
type Resize struct{ N, C, H, W, P, Q int }

func (o Resize) Buffers() (out, in []int) {
	return []int{o.N * o.C * o.P * o.Q}, []int{o.N * o.C * o.H * o.W}
}

// ResizeBackward is its gradient. Buffers: dx[N,C,H,W], dy[N,C,P,Q].
type ResizeBackward struct{ N, C, H, W, P, Q int }

func (o ResizeBackward) Buffers() (out, in []int) {
	return []int{o.N * o.C * o.H * o.W}, []int{o.N * o.C * o.P * o.Q}
}

// ---- matrices and attention (matmul, softmax, attention) ----

// MatMul: y[b] = A[b] B[b] with A = a[M,K], or a[K,M] transposed if TransA, and
// B = b[K,N], or b[N,K] transposed if TransB. Buffers: y[Batch,M,N], a, b.
type MatMul struct {
	Batch, M, N, K int
	TransA, TransB bool
}

func (o MatMul) Buffers() (out, in []int) {
	return []int{o.Batch * o.M * o.N}, []int{o.Batch * o.M * o.K, o.Batch * o.K * o.N}
}

// Softmax is over the channels: y[n,c,i] = exp(x[n,c,i]-max) / sum. Buffers: y, x.
type Softmax struct{ N, C, HW int }

func (o Softmax) Buffers() (out, in []int) {
	n := o.N * o.C * o.HW
	return []int{n}, []int{n}
}

// SoftmaxBackward: dx = y*(dy - sum_c dy*y). Buffers: dx, dy, y.
type SoftmaxBackward struct{ N, C, HW int }

func (o SoftmaxBackward) Buffers() (out, in []int) {
	n := o.N * o.C * o.HW
	return []int{n}, []int{n, n}
}

// Attention is single-head scaled dot product over T tokens of C channels, laid
// out channels first: p[n,i,j] = softmax_j( sum_c q[n,c,i]*k[n,c,j] / sqrt(C) ),
// y[n,c,i] = sum_j p[n,i,j]*v[n,c,j]. The gradient wants p; without Keep it need
// never be in memory. Buffers: y[N,C,T], p[N,T,T] (if Keep), q, k, v.
type Attention struct {
	N, C, T int
	Keep    bool
}

func (o Attention) Buffers() (out, in []int) {
	n := o.N * o.C * o.T
	out = []int{n}
	if o.Keep {
		out = append(out, o.N*o.T*o.T)
	}
	return out, []int{n, n, n}
}

// AttentionBackward is its gradient; ds is scratch.
// Buffers: dq, dk, dv, ds[N,T,T], dy, p, q, k, v.
type AttentionBackward struct{ N, C, T int }

func (o AttentionBackward) Buffers() (out, in []int) {
	n, t := o.N*o.C*o.T, o.N*o.T*o.T
	return []int{n, n, n, t}, []int{n, t, n, n, n}
}

// ---- what the scores are made of (score) ----

// Argmax: y[n,i] = the c of the largest x[n,c,i] (the lowest c on a tie), as a
// float32. Buffers: y[N,HW], x[N,C,HW].
type Argmax struct{ N, C, HW int }

func (o Argmax) Buffers() (out, in []int) { return []int{o.N * o.HW}, []int{o.N * o.C * o.HW} }

// Histogram counts classes per patch of a Grid x Grid partition (H and W are
// multiples of Grid): y[n, (px*Grid+py)*C + c] = pixels of class c in patch
// (row py, column px) / pixels of a patch, for c >= 1; entry c = 0 is 0. Patches
// run down the columns first: top-left, bottom-left, top-right, bottom-right.
// Classes outside [0,C) count as background. Buffers: y[N,Grid*Grid*C], x[N,H,W].
type Histogram struct{ N, C, H, W, Grid int }

func (o Histogram) Buffers() (out, in []int) {
	return []int{o.N * o.Grid * o.Grid * o.C}, []int{o.N * o.H * o.W}
}

// SquaredDifference is an anomaly map: y[n,i] = mean_c (a[n,c,i]-b[n,c,i])^2.
// Buffers: y[N,HW], a, b.
type SquaredDifference struct{ N, C, HW int }

func (o SquaredDifference) Buffers() (out, in []int) {
	n := o.N * o.C * o.HW
	return []int{o.N * o.HW}, []int{n, n}
}

// ---- losses (loss_feature, loss_segment) ----
// Every loss is a scalar in a slot of one element; dloss is its gradient.

// MeanSquare: loss = mean a^2. Buffers: loss, a.
type MeanSquare struct{ Len int }

func (o MeanSquare) Buffers() (out, in []int) { return []int{1}, []int{o.Len} }

// MeanSquareBackward: da = dloss*2*a/Len. Buffers: da, dloss, a.
type MeanSquareBackward struct{ Len int }

func (o MeanSquareBackward) Buffers() (out, in []int) { return []int{o.Len}, []int{1, o.Len} }

// MSE: loss = mean (a-b)^2. Buffers: loss, a, b.
type MSE struct{ Len int }

func (o MSE) Buffers() (out, in []int) { return []int{1}, []int{o.Len, o.Len} }

// MSEBackward: da = dloss*2*(a-b)/Len; swap a and b for db. Buffers: da, dloss, a, b.
type MSEBackward struct{ Len int }

func (o MSEBackward) Buffers() (out, in []int) { return []int{o.Len}, []int{1, o.Len, o.Len} }

// HardFeature is CSAD's hard-feature loss: d = (a-b)^2, threshold = the Quantile
// of d (rank Quantile*(Len-1), linear interpolation, by selection), loss = mean
// of the d >= threshold. stats holds threshold and count, for the gradient.
// Buffers: loss, stats[2], d[Len], a, b.
type HardFeature struct {
	Len      int
	Quantile float32
}

func (o HardFeature) Buffers() (out, in []int) { return []int{1, 2, o.Len}, []int{o.Len, o.Len} }

// HardFeatureBackward: db = d >= threshold ? dloss*2*(b-a)/count : 0; the
// threshold carries no gradient. Buffers: db, dloss, stats, d, a, b.
type HardFeatureBackward struct{ Len int }

func (o HardFeatureBackward) Buffers() (out, in []int) {
	return []int{o.Len}, []int{1, 2, o.Len, o.Len, o.Len}
}

// In the segmentation losses x and p are [N,C,HW] and labels [N,HW] holds class
// numbers as float32. A label outside [0,C) is ignored: its pixel adds nothing
// and is not counted in a mean.

// CrossEntropy: loss = mean over pixels of -log softmax(x)[label].
// Buffers: loss, x, labels.
type CrossEntropy struct{ N, C, HW int }

func (o CrossEntropy) Buffers() (out, in []int) {
	return []int{1}, []int{o.N * o.C * o.HW, o.N * o.HW}
}

// CrossEntropyBackward: dx = dloss*(softmax(x)-onehot)/pixels.
// Buffers: dx, dloss, x, labels.
type CrossEntropyBackward struct{ N, C, HW int }

func (o CrossEntropyBackward) Buffers() (out, in []int) {
	n := o.N * o.C * o.HW
	return []int{n}, []int{1, n, o.N * o.HW}
}

// Focal, gamma 2: with the one-hot Y clamped to [1e-5/(C-1), 1-1e-5] and
// pt = sum_c Y*p + 1e-5, loss = mean over pixels of -(1-pt)^2 ln pt.
// Buffers: loss, p, labels.
type Focal struct{ N, C, HW int }

func (o Focal) Buffers() (out, in []int) { return []int{1}, []int{o.N * o.C * o.HW, o.N * o.HW} }

// FocalBackward is its gradient. Buffers: dp, dloss, p, labels.
type FocalBackward struct{ N, C, HW int }

func (o FocalBackward) Buffers() (out, in []int) {
	n := o.N * o.C * o.HW
	return []int{n}, []int{1, n, o.N * o.HW}
}

// Dice, weighted by inverse area: per sample, w_c = (1/(area_c+1e-5)) / sum over
// classes, dice_c = (2*sum Y*p + 1e-5)/(sum p + sum Y + 2e-5), loss = mean over
// N and C of w_c*(1-dice_c), area in pixels. Classes without a pixel in the
// sample have w_c = 0, unless Absent asks for the reference's quirk, where they
// take nearly all the weight. Buffers: loss, p, labels.
type Dice struct {
	N, C, HW int
	Absent   bool
}

func (o Dice) Buffers() (out, in []int) { return []int{1}, []int{o.N * o.C * o.HW, o.N * o.HW} }

// DiceBackward is its gradient. Buffers: dp, dloss, p, labels.
type DiceBackward struct {
	N, C, HW int
	Absent   bool
}

func (o DiceBackward) Buffers() (out, in []int) {
	n := o.N * o.C * o.HW
	return []int{n}, []int{1, n, o.N * o.HW}
}

// HistogramLoss: loss = sum_{n, c>=1} |target[n,c] - mean_i p[n,c,i]| / N.
// Buffers: loss, p, target[N,C].
type HistogramLoss struct{ N, C, HW int }

func (o HistogramLoss) Buffers() (out, in []int) {
	return []int{1}, []int{o.N * o.C * o.HW, o.N * o.C}
}

// HistogramLossBackward is its gradient (0 where the difference is 0).
// Buffers: dp, dloss, p, target.
type HistogramLossBackward struct{ N, C, HW int }

func (o HistogramLossBackward) Buffers() (out, in []int) {
	n := o.N * o.C * o.HW
	return []int{n}, []int{1, n, o.N * o.C}
}

// Entropy: loss = mean over all of -p*ln(p+1e-5). Buffers: loss, p.
type Entropy struct{ Len int }

func (o Entropy) Buffers() (out, in []int) { return []int{1}, []int{o.Len} }

// EntropyBackward is its gradient. Buffers: dp, dloss, p.
type EntropyBackward struct{ Len int }

func (o EntropyBackward) Buffers() (out, in []int) { return []int{o.Len}, []int{1, o.Len} }

// WeightedSum adds losses: y = sum_i Weights[i]*x_i for i < Count, all scalars.
// Buffers: y, x1, x2, ...
type WeightedSum struct {
	Count   int
	Weights [MaxConcat]float32
}

func (o WeightedSum) Buffers() (out, in []int) {
	for i := 0; i < o.Count; i++ {
		in = append(in, 1)
	}
	return []int{1}, in
}

// ---- the optimiser (adam) ----

// Adam with L2 decay added to the gradient: g += Decay*w, m = Beta1*m+(1-Beta1)*g,
// v = Beta2*v+(1-Beta2)*g^2, w -= lr * (m/c1) / (sqrt(v/c2) + Eps), with
// clock = {lr, c1 = 1-Beta1^t, c2 = 1-Beta2^t} written by the host each step.
// Buffers: w (in/out), m (in/out), v (in/out), g, clock[3].
type Adam struct {
	Len                      int
	Beta1, Beta2, Eps, Decay float32
}

func (o Adam) Buffers() (out, in []int) {
	return []int{o.Len, o.Len, o.Len}, []int{o.Len, 3}
}
