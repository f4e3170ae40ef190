"""Numbers that both sides of a golden compute for themselves, so that files stay small.

Element i of the tensor called NAME is lo + (hi - lo) * u, rounded to float32, where u in [0, 1) is
kernels.Uniform(0, fnv1a32(NAME), i) of the Go side. tests/golden/values.go is the same in Go.
"""
import math

import numpy as np
import torch

GOLDEN_RATIO = 0x9E3779B97F4A7C15
MASK = (1 << 64) - 1


def fnv1a(name):
    """The 32-bit FNV-1a hash of a name."""
    h = 0x811C9DC5
    for b in name.encode():
        h = ((h ^ b) * 0x01000193) & 0xFFFFFFFF
    return h


def mix64(z):
    """The finaliser of splitmix64, on an array of uint64."""
    z = (z ^ (z >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
    z = (z ^ (z >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
    return z ^ (z >> np.uint64(31))


def uniform(seed, step, n):
    """kernels.Uniform(seed, step, i) for i < n, as float64 (24 bits, so exact)."""
    with np.errstate(over="ignore"):
        key = mix64(np.array([(seed << 32 | step) & MASK], dtype=np.uint64))
        z = mix64(key + np.arange(1, n + 1, dtype=np.uint64) * np.uint64(GOLDEN_RATIO))
    return (z >> np.uint64(40)).astype(np.float64) / (1 << 24)


def tensor(name, shape, lo=-1.0, hi=1.0, dtype=torch.float64):
    """The tensor called name."""
    n = int(np.prod(shape))
    v = (lo + (hi - lo) * uniform(0, fnv1a(name), n)).astype(np.float32)
    return torch.from_numpy(v).to(dtype).reshape(tuple(shape))


def labels(name, shape, lo, hi):
    """Whole numbers lo <= v < hi."""
    return torch.floor(tensor(name, shape, lo, hi))


def weight_range(name, shape):
    """Where a weight lies: what keeps the variance through a network without training it."""
    last = name.rsplit(".", 1)[-1]
    if len(shape) == 4:
        gain = 1 if ".query." in name or ".key." in name else 6  # a softmax of larger products only selects
        bound = math.sqrt(gain / (shape[1] * shape[2] * shape[3]))
        return -bound, bound
    if last in ("running_var", "std"):
        return 1.0, 1.25
    if name.endswith("bn3.weight"):
        return 0.1, 0.2  # the end of a residual branch
    if last == "weight":
        return 0.5, 1.0
    return -0.1, 0.1


def fill(module, prefix, dtype=torch.float64):
    """Gives every weight of a module its value by its full name."""
    module.to(dtype)
    with torch.no_grad():
        for name, t in module.state_dict().items():
            if not name.endswith("num_batches_tracked"):
                full = prefix + name
                t.copy_(tensor(full, t.shape, *weight_range(full, t.shape), dtype=dtype))
    return module
