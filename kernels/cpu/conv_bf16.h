// Convolutions in bf16 without matrix tiles: none gain. Emulated products of bf16 are
// slower than those of float32, which are at least as accurate.

static ae_needs AE(bf16_needs)(const void *op) {
	(void)op;
	return (ae_needs){0};
}
