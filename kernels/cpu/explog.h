// Exponential and logarithm of a vector, to about 2 units in the last place.

typedef int32_t ae_vi __attribute__((vector_size(4 * AE_W)));

// ae_choose is yes where the mask is set, no elsewhere.
AE_INLINE ae_v ae_choose(ae_vi mask, ae_v yes, ae_v no) {
	return (ae_v)((mask & (ae_vi)yes) | (~mask & (ae_vi)no));
}
AE_INLINE ae_v ae_max(ae_v a, ae_v b) { return ae_choose(a > b, a, b); }

// ae_exp: x = n ln 2 + r with |r| <= ln 2 / 2, exp(x) = 2^n exp(r), with r found
// in two steps so that it loses no bits (Cody and Waite 1980), and exp(r) by its
// Taylor series. Arguments are clamped to the range of normal numbers: below -87
// the result is about 1e-38.
AE_INLINE ae_v ae_exp(ae_v x) {
	const float round = 12582912; // 1.5 * 2^23: adding it rounds to an integer
	x = ae_max(x, ae_set(-87));
	x = ae_choose(x < 88, x, ae_set(88));
	ae_v shifted = x * 1.44269504f + round, n = shifted - round;
	ae_v r = x - n * 0.693359375f + n * 2.12194440e-4f;
	ae_v p = r * (1.f / 5040) + 1.f / 720;
	p = p * r + 1.f / 120;
	p = p * r + 1.f / 24;
	p = p * r + 1.f / 6;
	p = p * r + 0.5f;
	p = p * r * r + r + 1;
	ae_vi scale = (__builtin_convertvector(n, ae_vi) + 127) << 23;
	return p * (ae_v)scale;
}

// ae_log of positive normal numbers: x = 2^e m with m in [sqrt(1/2), sqrt(2)),
// ln m = 2 artanh(t) with t = (m-1)/(m+1), |t| < 0.172.
AE_INLINE ae_v ae_log(ae_v x) {
	ae_vi bits = (ae_vi)x - 0x3f3504f3; // sqrt(1/2)
	ae_vi e = bits >> 23;
	ae_v m = (ae_v)((bits & 0x007fffff) + 0x3f3504f3);
	ae_v t = (m - 1) / (m + 1), t2 = t * t;
	ae_v p = t2 * (2.f / 9) + 2.f / 7;
	p = p * t2 + 2.f / 5;
	p = p * t2 + 2.f / 3;
	ae_v k = __builtin_convertvector(e, ae_v);
	return k * 0.693359375f + (t * 2 + (t * t2 * p - k * 2.12194440e-4f));
}
