"""Goldens of every network in a tiny configuration: named intermediates and the gradient of every weight."""
import torch
import torch.nn.functional as F

import losses
import networks
import record
import values

BATCH, WIDTH, CHANNELS = 3, 4, 8


class NetCase:
    """What PyTorch computes with a network in evaluation and in training mode."""

    def __init__(self, name, path, salt, dtype):
        self.name, self.path, self.salt, self.dtype = name, path, salt, dtype
        self.inputs, self.infer, self.train, self.gradients, self.states = {}, {}, {}, {}, {}

    def input(self, name, shape, lo=-1.0, hi=1.0, whole=False):
        full = "%s %d/%s" % (self.name, self.salt, name)
        self.inputs[name] = {"n": torch.Size(shape).numel(), "lo": lo, "hi": hi, "whole": whole}
        return (values.labels if whole else values.tensor)(full, shape, lo, hi).to(self.dtype)

    def prepare(self, net):
        """Names the network's parts and gives it its weights."""
        self.net, self.trace = values.fill(net, self.path + ".", self.dtype), networks.Trace()
        if isinstance(net, networks.Net):
            net.attach(self.path, self.trace)
        return net

    def evaluate(self, run):
        """Keeps the values of evaluation mode; run returns extra ones by name."""
        self.net.eval()
        extra = run()
        self.infer = {**self.trace.values, **extra}
        self.trace.values.clear()

    def learn(self, run):
        """Keeps the values of training mode, the gradients of the loss that run returns and moved statistics."""
        self.net.train()
        loss = run()
        self.train = {**self.trace.values, "loss": loss}
        loss.backward()
        self.gradients = {self.path + "." + name: p.grad for name, p in self.net.named_parameters()}
        self.states = {self.path + "." + name: b for name, b in self.net.named_buffers() if "running_" in name}

    def json(self):
        ordered = lambda named: [{"name": name, **record.record(v)} for name, v in named.items()]
        unordered = lambda named: {name: record.record(v) for name, v in named.items()}
        return {"name": self.name, "salt": self.salt, "inputs": self.inputs, "infer": ordered(self.infer),
                "train": ordered(self.train), "gradients": unordered(self.gradients),
                "states": unordered(self.states)}


def fair(name, build, path=None):
    """The case with the first inputs on which float32 can tell.

    A relu whose argument is zero but for float32's rounding makes a gradient differ by any amount, whoever
    computes it. So PyTorch's own float32 must come within half of the error that tests allow forward, and within a tenth of
    what they allow in gradients, of its float64.
    """
    for salt in range(100):
        exact, rounded = (NetCase(name, path or name, salt, dtype) for dtype in (torch.float64, torch.float32))
        for c in (exact, rounded):
            build(c)
        forward = max(strays(exact.infer, rounded.infer), strays(exact.train, rounded.train))
        gradient = strays(exact.gradients, rounded.gradients)
        if forward < 5e-6 and gradient < 1e-5:
            print("%s %d: float32 strays %.1e forward, %.1e in gradients" % (name, salt, forward, gradient))
            return exact
    raise SystemExit("%s: no inputs on which float32 can tell" % name)


def strays(exact, rounded):
    """The largest difference relative to the tensor's largest element; zeros but for rounding do not count."""
    largest = max((v.abs().max() for v in exact.values()), default=0)
    return max((float((v - rounded[name]).abs().max() / v.abs().max())
                for name, v in exact.items() if v.abs().max() > 1e-12 * largest), default=0)


def encoder(c, side=64):
    net = c.prepare(networks.Encoder(WIDTH))
    x = c.input("x", (BATCH, 3, side, side), -2, 2)
    targets = [c.input("target%d" % (i + 1), (BATCH, 4 * WIDTH << i, side // 4 >> i, side // 4 >> i))
               for i in range(3)]
    c.evaluate(lambda: dict(zip(("f1", "f2", "f3"), net(x))))
    c.learn(lambda: sum(F.mse_loss(f, t) for f, t in zip(net(x), targets)))


def teacher(c, side=64):
    net = c.prepare(networks.Teacher(WIDTH, CHANNELS))
    f2 = c.input("f2", (BATCH, 8 * WIDTH, side // 8, side // 8), 0, 1)
    f3 = c.input("f3", (BATCH, 16 * WIDTH, side // 16, side // 16), 0, 1)
    target = c.input("target", (BATCH, CHANNELS, side // 4, side // 4))
    column = lambda v: v.reshape(1, -1, 1, 1)
    raw = lambda: net(f2, f3, side // 4) * column(net.std) + column(net.mean)
    c.evaluate(lambda: {"teacher": net(f2, f3, side // 4), "raw": raw()})
    c.learn(lambda: F.mse_loss(raw(), target))


def local(c, side=64):
    net = c.prepare(networks.Local(4, 8, CHANNELS))
    x = c.input("x", (BATCH, 3, side, side), -2, 2)
    targets = [c.input(name, (BATCH, CHANNELS, side // 4, side // 4)) for name in ("target1", "target2")]
    c.evaluate(lambda: dict(zip(("teacher", "global"), net(x))))
    c.learn(lambda: sum(F.mse_loss(y, t) for y, t in zip(net(x), targets)))


def global_student(side, bottleneck, attention):
    def build(c):
        net = c.prepare(networks.Global(side, WIDTH, CHANNELS, bottleneck, attention))
        x = c.input("x", (BATCH, 3, side, side), -2, 2)
        target = c.input("target", (BATCH, CHANNELS, side // 4, side // 4))
        c.evaluate(lambda: {"y": net(x)})
        c.learn(lambda: F.mse_loss(net(x), target))

    return build


def segmentor(side, learn, classes=4):
    """At side 128 dilation 6 reaches across the 8x8 map, at side 256 dilation 12 does; 18 never does."""

    def build(c):
        net = c.prepare(networks.Segmentor(side, WIDTH, 4, 8, classes))
        f1 = c.input("f1", (BATCH, 4 * WIDTH, side // 4, side // 4), 0, 1)
        f3 = c.input("f3", (BATCH, 16 * WIDTH, side // 16, side // 16), 0, 1)
        labels = c.input("labels", (BATCH, side, side), 0, classes, whole=True)
        target = c.input("target", (BATCH, classes), 0, 0.5)

        def loss():
            logits = net(f1, f3)
            p = F.softmax(logits, 1)
            return (0.5 * losses.cross_entropy(logits, labels) + 10 * losses.focal(p, labels)
                    + losses.dice(p, labels) + 10 * losses.histogram(p, target) + losses.entropy(p))

        c.evaluate(lambda: {"logits": net(f1, f3)})
        if learn:
            c.learn(loss)

    return build


def cases():
    """All networks."""
    yield fair("encoder", encoder)
    yield fair("teacher", teacher)
    yield fair("local", local)
    yield fair("global", global_student(64, "spatial", True))
    yield fair("global vector", global_student(128, "vector", True), "global")
    yield fair("global of CSAD", global_student(128, "vector", False), "global")
    yield fair("segmentor", segmentor(128, learn=True))
    yield fair("segmentor of 256 pixels", segmentor(256, learn=False), "segmentor")
