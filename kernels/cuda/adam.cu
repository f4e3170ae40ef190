// The optimiser.

#include "common.h"

KERNEL(adam, const ae_Adam *o, float *w, float *m, float *v, const float *grad, const float *clock) {
	float beta1 = (float)o->Beta1, beta2 = (float)o->Beta2, eps = (float)o->Eps, decay = (float)o->Decay;
	float lr = clock[0], c1 = clock[1], c2 = clock[2];
	EACH(i, o->Len) {
		float g = grad[i] + decay * w[i];
		m[i] = beta1 * m[i] + (1 - beta1) * g;
		v[i] = beta2 * v[i] + (1 - beta2) * g * g;
		w[i] -= lr * (m[i] / c1) / (sqrt_of(v[i] / c2) + eps);
	}
}
