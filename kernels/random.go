package kernels

// Mix64 is the finaliser of splitmix64 (Steele, Lea, Flood 2014): a bijection of
// 64-bit words whose output bits all depend on all input bits.
func Mix64(z uint64) uint64 {
	z = (z ^ z>>30) * 0xbf58476d1ce4e5b9
	z = (z ^ z>>27) * 0x94d049bb133111eb
	return z ^ z>>31
}

// Uniform is counter-based randomness: a number in [0,1) that depends on its
// arguments only. Every machine computes it the same way.
func Uniform(seed, step uint32, i uint64) float32 {
	key := Mix64(uint64(seed)<<32 | uint64(step))
	return float32(Mix64(key+(i+1)*0x9e3779b97f4a7c15)>>40) / (1 << 24)
}
