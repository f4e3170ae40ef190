// One dimension of Winograd's convolution, by the construction of Cook and Toom.
//
// Seen as polynomials, m outputs of r taps are interpolated from a = m + r - 1
// points: the taps are evaluated at the points (G), multiplied with the input's
// values there (B), and the products are summed into outputs (A):
//
//	y = A' ((G w) * (B' d)),  d: a inputs, w: r taps, y: m outputs
//
// With points p_i, N_i = prod over j != i of (p_i - p_j) and infinity the last:
//
//	G: u_i = sum_k p_i^k w_k / N_i                    and  w_{r-1} for infinity
//	B: v_i = the coefficients of prod_{j != i} (x - p_j)  times d,
//	         and those of the product over all j for infinity
//	A: y_j = sum_i p_i^j u_i v_i, and for j = m-1 the product at infinity too
//
// The points are 0, 1, -1 (and 2, -2 (and 1/2, -1/2)), in this order, and infinity:
// small powers of two, whose sums stay accurate. Those of a pair p, -p share
// their even and odd parts, which halves the additions.
//
// With stride 2, four outputs are the sum of two such convolutions, of the even inputs
// with the even taps and of the odd with the odd: two taps by the points 0, 1, -1, 2 and
// infinity. A single tap needs no points: it multiplies four inputs as they are.

// input_points evaluates B.
AE_INLINE void AE(input_pair)(ae_v *v, float p, ae_v even, ae_v odd) {
	odd *= p;
	v[0] = even + odd;
	v[1] = even - odd;
}
AE_INLINE void AE(input_half)(const ae_v *d, ae_v *v) { // x (x^2 - 1) (x - 2) of every other input
	const ae_v a = d[4] - d[0], b = d[6] - d[2];
	v[0] = b - 2 * a;
	v[1] = d[6] - d[4] - 2 * d[2];
	v[2] = d[6] - 3 * d[4] + 2 * d[2];
	v[3] = b;
	v[4] = d[8] - d[4] - 2 * b;
}
AE_INLINE void AE(input_points)(const int points, const ae_v *d, ae_v *v) {
	if (points > 8) { // stride 2
		AE(input_half)(d, v);
		if (points == 10)
			AE(input_half)(d + 1, v + 5);
		else
			for (int i = 0; i < 4; i++)
				v[5 + i] = d[2 * i + 1];
	} else if (points == 4) { // x (x^2 - 1)
		v[0] = d[2] - d[0];
		AE(input_pair)(v + 1, 1, d[2], d[1]);
		v[3] = d[3] - d[1];
	} else if (points == 6) { // x (x^2 - 1) (x^2 - 4)
		v[0] = 4 * d[0] - 5 * d[2] + d[4];
		AE(input_pair)(v + 1, 1, d[4] - 4 * d[2], d[3] - 4 * d[1]);
		AE(input_pair)(v + 3, 2, d[4] - d[2], d[3] - d[1]);
		v[5] = 4 * d[1] - 5 * d[3] + d[5];
	} else { // x (x^2 - 1) (x^2 - 4) (x^2 - 1/4)
		v[0] = (d[6] - d[0]) + 5.25f * (d[2] - d[4]);
		AE(input_pair)(v + 1, 1, d[6] + d[2] - 4.25f * d[4], d[5] + d[1] - 4.25f * d[3]);
		AE(input_pair)(v + 3, 2, d[6] - 1.25f * d[4] + 0.25f * d[2], d[5] - 1.25f * d[3] + 0.25f * d[1]);
		AE(input_pair)(v + 5, 0.5f, d[6] - 5 * d[4] + 4 * d[2], d[5] - 5 * d[3] + 4 * d[1]);
		v[7] = (d[7] - d[1]) + 5.25f * (d[3] - d[5]);
	}
}

// weight_points evaluates G, for AE_W filters at once; tap k is w[k*step].
AE_INLINE void AE(weight_pair)(ae_v *u, float p, float n, const int taps, const ae_v *w, const int step) {
	ae_v even = w[0] + p * p * w[2 * step], odd = w[step];
	if (taps == 4)
		odd += p * p * w[3 * step];
	u[0] = ae_over(even + p * odd, n);
	u[1] = ae_over(even - p * odd, n);
}
AE_INLINE void AE(weight_half)(ae_v *u, ae_v even, ae_v odd) {
	u[0] = ae_over(even, 2);
	u[1] = ae_over(even + odd, -2);
	u[2] = ae_over(even - odd, -6);
	u[3] = ae_over(even + 2 * odd, 6);
	u[4] = odd;
}
AE_INLINE void AE(weight_points)(const int points, const int taps, const ae_v *w, const int step, ae_v *u) {
	if (points > 8) {
		AE(weight_half)(u, w[0], w[2 * step]);
		if (taps == 4)
			AE(weight_half)(u + 5, w[step], w[3 * step]);
		else
			u[5] = w[step];
		return;
	}
	if (points == 4) {
		u[0] = -w[0];
		AE(weight_pair)(u + 1, 1, 2, taps, w, step);
	} else if (points == 6) {
		u[0] = ae_over(w[0], 4);
		AE(weight_pair)(u + 1, 1, -6, taps, w, step);
		AE(weight_pair)(u + 3, 2, 24, taps, w, step);
	} else {
		u[0] = -w[0];
		AE(weight_pair)(u + 1, 1, -4.5f, taps, w, step);
		AE(weight_pair)(u + 3, 2, 90, taps, w, step);
		AE(weight_pair)(u + 5, 0.5f, 1.40625f, taps, w, step);
	}
	u[points - 1] = w[(taps - 1) * step];
}

// output_points evaluates A for m outputs; product i is u[i*step].
AE_INLINE void AE(output_points)(const int points, const int m, const ae_v *u, const int step, ae_v *y) {
	static const float two[] = {1, 2, 4, 8, 16, 32}, half[] = {1, 0.5f, 0.25f, 0.125f, 0.0625f, 0.03125f};
	ae_v even[3], odd[3];
	if (points > 8) {
		ae_v sum[5];
#pragma GCC unroll 5
		for (int i = 0; i < 5; i++)
			sum[i] = points == 10 ? u[i * step] + u[(5 + i) * step] : u[i * step];
		const ae_v plus = sum[1] + sum[2], minus = sum[1] - sum[2];
		y[0] = sum[0] + plus + sum[3];
		y[1] = minus + 2 * sum[3];
		y[2] = plus + 4 * sum[3];
		y[3] = minus + 8 * sum[3] + sum[4];
#pragma GCC unroll 4
		for (int i = 0; i < 4 && points == 9; i++)
			y[i] += u[(5 + i) * step];
		return;
	}
#pragma GCC unroll 3
	for (int i = 1; i < points - 1; i += 2) {
		even[i / 2] = u[i * step] + u[(i + 1) * step];
		odd[i / 2] = u[i * step] - u[(i + 1) * step];
	}
#pragma GCC unroll 6
	for (int j = 0; j < m; j++) {
		const ae_v *pair = j % 2 == 0 ? even : odd;
		y[j] = pair[0];
		if (points >= 6)
			y[j] += two[j] * pair[1];
		if (points == 8)
			y[j] += half[j] * pair[2];
	}
	y[0] += u[0];
	y[m - 1] += u[(points - 1) * step];
}
