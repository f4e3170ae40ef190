"""A case of the instruction goldens: a short program of package kernels and what PyTorch says it computes.

Buffers have names. An input is known by its range (values.tensor computes it) or by its values; the
instructions are named with their fields; every wanted buffer has a record.
"""
import torch

import record
import values


class Case:
    def __init__(self, name):
        self.name, self.inputs, self.calls, self.wanted = name, {}, [], {}

    def input(self, name, shape, lo=-1.0, hi=1.0):
        """A buffer of hash values; a leaf of autograd."""
        t = values.tensor(self.name + "/" + name, shape, lo, hi)
        self.inputs[name] = {"n": t.numel(), "lo": lo, "hi": hi}
        return t.requires_grad_()

    def labels(self, name, shape, lo, hi):
        """A buffer of whole numbers lo <= v < hi."""
        t = values.labels(self.name + "/" + name, shape, lo, hi)
        self.inputs[name] = {"n": t.numel(), "lo": lo, "hi": hi, "whole": True}
        return t

    def given(self, name, numbers):
        """A buffer whose values the file holds."""
        self.inputs[name] = {"n": len(numbers), "values": list(numbers)}
        return torch.tensor(numbers, dtype=torch.float32).double()

    def call(self, op, buffers, **fields):
        """An instruction on buffers, outputs first."""
        self.calls.append({"op": op, "bufs": buffers.split(), "fields": fields})

    def want(self, name, t):
        """What a buffer holds in the end."""
        self.wanted[name] = record.record(t)

    def gradients(self, y, dy="dy", **inputs):
        """Wants the gradient of each input (dx=x) for a hash gradient of y."""
        g = self.input(dy, y.shape).detach()
        for name, d in zip(inputs, torch.autograd.grad(y, list(inputs.values()), g)):
            self.want(name, d)

    def json(self):
        return {"name": self.name, "inputs": self.inputs, "calls": self.calls, "want": self.wanted}
