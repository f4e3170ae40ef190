"""What a golden file keeps of a tensor, and how it is written.

A record is {n, max, norm, dot, sample}: the number of elements, the largest magnitude, the Euclidean norm,
the scalar product with tensor("probe", ..., -1, 1), which notices every element and its place, and up to
SAMPLES elements, all of a short tensor, else those at index mix64(k + 1) mod n.
"""
import json
import os

import numpy as np

import values

SAMPLES = 8


def sampled(n):
    """The indices of the elements that a record keeps."""
    if n <= SAMPLES:
        return list(range(n))
    with np.errstate(over="ignore"):
        return [int(z % np.uint64(n)) for z in values.mix64(np.arange(1, SAMPLES + 1, dtype=np.uint64))]


def record(t):
    """The record of a torch tensor."""
    x = t.detach().double().reshape(-1).numpy()
    probe = 2 * values.uniform(0, values.fnv1a("probe"), x.size) - 1
    return {
        "n": x.size,
        "max": number(np.abs(x).max()),
        "norm": number(np.sqrt((x * x).sum())),
        "dot": number((x * probe).sum()),
        "sample": [number(x[i]) for i in sampled(x.size)],
    }


def number(x):
    """Ten digits: a hundred times finer than float32."""
    return float("%.9e" % x)


def write(path, document):
    """Writes JSON with one line per entry of the lists and maps of the second level, to keep diffs small."""
    lines = []
    for key, value in document.items():
        if isinstance(value, list):
            body = ",\n  ".join(json.dumps(v, separators=(",", ":")) for v in value)
            lines.append(' "%s": [\n  %s\n ]' % (key, body))
        elif isinstance(value, dict):
            body = ",\n  ".join('"%s": %s' % (k, json.dumps(v, separators=(",", ":"))) for k, v in value.items())
            lines.append(' "%s": {\n  %s\n }' % (key, body))
        else:
            lines.append(' "%s": %s' % (key, json.dumps(value)))
    with open(path, "w") as f:
        f.write("{\n" + ",\n".join(lines) + "\n}\n")
    print("%s: %d bytes" % (os.path.basename(path), os.path.getsize(path)))


def torch_version():
    """For the file's provenance."""
    import torch

    return "torch " + torch.__version__
