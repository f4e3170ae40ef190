// Losses between features. A mean over a buffer takes two kernels: *_sums leaves
// a partial sum per block, mean adds them.

#include "common.h"

// mean is the second kernel of a loss that is a mean of `count` values.
KERNEL(mean, float *loss, const float *partials, int64_t blocks, int64_t count) {
	__shared__ float sums[AE_WARPS];
	float sum = total(partials, (uint)blocks, sums);
	if (threadIdx.x == 0)
		loss[0] = sum / (float)count;
}

KERNEL(mean_square_sums, const ae_MeanSquare *o, float *partials, const float *a) {
	__shared__ float sums[AE_WARPS];
	float sum = 0;
	EACH(i, o->Len)
		sum += square(a[i]);
	sum = block_sum(sum, sums);
	if (threadIdx.x == 0)
		partials[blockIdx.x] = sum;
}

KERNEL(mean_square_backward, const ae_MeanSquareBackward *o, float *da, const float *dloss, const float *a) {
	float gain = dloss[0] * 2 / (float)o->Len;
	EACH(i, o->Len)
		da[i] = gain * a[i];
}

KERNEL(mse_sums, const ae_MSE *o, float *partials, const float *a, const float *b) {
	__shared__ float sums[AE_WARPS];
	float sum = 0;
	EACH(i, o->Len)
		sum += square(a[i] - b[i]);
	sum = block_sum(sum, sums);
	if (threadIdx.x == 0)
		partials[blockIdx.x] = sum;
}

KERNEL(mse_backward, const ae_MSEBackward *o, float *da, const float *dloss, const float *a, const float *b) {
	float gain = dloss[0] * 2 / (float)o->Len;
	EACH(i, o->Len)
		da[i] = gain * (a[i] - b[i]);
}

// ---- the hard-feature loss ----
// Its threshold is found by radix selection: d >= 0, so that floats are ordered
// as the integers of their bits. Four passes fix 8 bits each of the value of the
// lower rank; a fifth finds its successor.

struct selection {
	unsigned bins[AE_THREADS]; // how many candidates have each value of the 8 bits
	unsigned key;              // the bits that are fixed so far; in the end the value
	unsigned rank;             // of the value among the candidates
	unsigned equal;            // candidates in the bin that was chosen last
	unsigned next;             // the smallest key above
	unsigned count;            // values at or above the threshold
};

DEVICE double rank_of(const ae_HardFeature *o) { return o->Quantile * (double)(o->Len - 1); }

KERNEL(hard_difference, const ae_HardFeature *o, float *d, const float *a, const float *b, selection *s) {
	EACH(i, o->Len)
		d[i] = square(a[i] - b[i]);
	if (blockIdx.x > 0)
		return;
	s->bins[threadIdx.x] = 0;
	if (threadIdx.x == 0) {
		s->key = 0;
		s->rank = (unsigned)rank_of(o);
		s->equal = 0;
		s->next = ~0u;
		s->count = 0;
	}
}

// hard_count sorts the candidates, whose bits above shift+8 are those of the
// key, into bins by the 8 bits above shift.
KERNEL(hard_count, const ae_HardFeature *o, const float *d, selection *s, int64_t shift) {
	__shared__ unsigned bins[AE_THREADS];
	uint above = shift == 24 ? 0 : ~0u << (shift + 8), key = s->key;
	bins[threadIdx.x] = 0;
	__syncthreads();
	EACH(i, o->Len) {
		uint bits = float_to_bits(d[i]);
		if ((bits & above) == key)
			atomicAdd(&bins[bits >> shift & 255], 1);
	}
	__syncthreads();
	if (bins[threadIdx.x] > 0)
		atomicAdd(&s->bins[threadIdx.x], bins[threadIdx.x]);
}

// hard_select, of one block, chooses the bin that holds the rank.
KERNEL(hard_select, selection *s, int64_t shift) {
	__shared__ unsigned bins[AE_THREADS];
	bins[threadIdx.x] = s->bins[threadIdx.x];
	s->bins[threadIdx.x] = 0;
	__syncthreads();
	if (threadIdx.x > 0)
		return;
	uint bin = 0, rank = s->rank;
	while (bin < 255 && rank >= bins[bin])
		rank -= bins[bin++];
	s->key |= bin << shift;
	s->rank = rank;
	s->equal = bins[bin];
}

KERNEL(hard_next, const ae_HardFeature *o, const float *d, selection *s) {
	__shared__ unsigned smallest;
	uint key = s->key, next = ~0u;
	if (threadIdx.x == 0)
		smallest = ~0u;
	__syncthreads();
	EACH(i, o->Len) {
		uint bits = float_to_bits(d[i]);
		if (bits > key && bits < next)
			next = bits;
	}
	if (next != ~0u)
		atomicMin(&smallest, next);
	__syncthreads();
	if (threadIdx.x == 0 && smallest != ~0u)
		atomicMin(&s->next, smallest);
}

// threshold interpolates between the value of the lower rank and the next.
DEVICE float threshold_of(const ae_HardFeature *o, const selection *s) {
	double rank = rank_of(o), low = bits_to_float(s->key);
	bool successor = s->rank + 1 >= s->equal && s->next != ~0u;
	double high = successor ? bits_to_float(s->next) : low;
	return (float)(low + (rank - (double)(int64_t)rank) * (high - low));
}

KERNEL(hard_sums, const ae_HardFeature *o, const float *d, selection *s, float *partials) {
	__shared__ float sums[AE_WARPS];
	__shared__ unsigned count;
	float threshold = threshold_of(o, s), sum = 0;
	uint mine = 0;
	if (threadIdx.x == 0)
		count = 0;
	EACH(i, o->Len)
		if (d[i] >= threshold) {
			sum += d[i];
			mine++;
		}
	sum = block_sum(sum, sums); // its barrier comes before the additions to count
	atomicAdd(&count, mine);
	__syncthreads();
	if (threadIdx.x == 0) {
		partials[blockIdx.x] = sum;
		atomicAdd(&s->count, count);
	}
}

KERNEL(hard_mean, const ae_HardFeature *o, float *loss, float *stats, const selection *s, const float *partials, int64_t blocks) {
	__shared__ float sums[AE_WARPS];
	float sum = total(partials, (uint)blocks, sums);
	if (threadIdx.x == 0) {
		loss[0] = sum / (float)s->count;
		stats[0] = threshold_of(o, s);
		stats[1] = (float)s->count;
	}
}

KERNEL(hard_backward, const ae_HardFeatureBackward *o, float *db, const float *dloss, const float *stats, const float *d,
       const float *a, const float *b) {
	float gain = dloss[0] * 2 / stats[1];
	EACH(i, o->Len)
		db[i] = d[i] >= stats[0] ? gain * (b[i] - a[i]) : 0;
}
