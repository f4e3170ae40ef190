"""Ten-step loss curves of both trainings (core/train), with dropout off and other inputs at every step."""
import torch
import torch.nn.functional as F

import losses
import record
from networks import Encoder, Global, Local, Segmentor, Teacher
from values import fill, labels, tensor

STEPS, SIDE, WIDTH, CHANNELS, CLASSES = 10, 64, 4, 8, 4


class Curve:
    """A training run: the losses of every step by name."""

    def __init__(self, name, salt, dtype):
        self.name, self.salt, self.dtype, self.losses = name, salt, dtype, {}

    def input(self, name, step, shape, lo=-2.0, hi=2.0, make=tensor):
        return make("%s %d/%s %d" % (self.name, self.salt, name, step), shape, lo, hi).to(self.dtype)

    def network(self, net, path, frozen=False):
        fill(net, path + ".", self.dtype)
        return net.requires_grad_(False).eval() if frozen else net.train()

    def run(self, modules, rate, decay, step):
        """step gives the weighted and the reported losses of one step."""
        optimizer = torch.optim.Adam([p for m in modules for p in m.parameters()], lr=rate, weight_decay=decay)
        for i in range(STEPS):
            total, parts = step(i)
            for name, v in parts.items():
                self.losses.setdefault(name, []).append(record.number(v.detach()))
            optimizer.zero_grad()
            total.backward()
            optimizer.step()

    def json(self):
        return {"name": self.name, "salt": self.salt, "losses": self.losses}


def attach(*nets):
    """The modules that note their results need somewhere to note them."""
    class Nowhere:
        def note(self, path, kind, y):
            return y

    for net in nets:
        net.attach("", Nowhere())


def segment(c, batch=3, supervised=False, reference=False):
    """Section 5.4: labelled images and, unless supervised, unlabelled ones. reference has quirks 5, 6 and 7."""
    encoder = c.network(Encoder(WIDTH), "encoder", frozen=True)
    net = c.network(Segmentor(SIDE, WIDTH, 4, 8, CLASSES, 0.999 if reference else 0.1), "segmentor")
    attach(encoder, net)

    def probabilities(x):
        f1, _, f3 = encoder(x)
        y = net(f1, f3)
        return y, F.softmax(y, 1)

    def step(i):
        y, p = probabilities(c.input("x", i, (batch, 3, SIDE, SIDE)))
        k = c.input("labels", i, (batch, SIDE, SIDE), 0, CLASSES - 1 if reference else CLASSES, labels)
        parts = {"cross_entropy": losses.cross_entropy(p if reference else y, k), "focal": losses.focal(p, k),
                 "dice": losses.dice(p, k, absent=reference)}
        total = 0.5 * parts["cross_entropy"] + 10 * parts["focal"] + parts["dice"]
        if not supervised:
            _, u = probabilities(c.input("unlabelled", i, (batch, 3, SIDE, SIDE)))
            parts["histogram"] = losses.histogram(u, c.input("target", i, (batch, CLASSES), 0, 0.5))
            parts["entropy"] = losses.entropy(u) + losses.entropy(p)
            total = total + 10 * parts["histogram"] + parts["entropy"]
        return total, parts

    c.run([net], 0.001, 1e-5, step)


def students(c, batch=2, quantile=0.99):
    """Section 3.1: hard features, penalty, global student on other images, and the head that imitates it."""
    encoder = c.network(Encoder(WIDTH), "encoder", frozen=True)
    fixed = c.network(Teacher(WIDTH, CHANNELS), "teacher", frozen=True)
    local = c.network(Local(4, 8, CHANNELS), "local")
    student = c.network(Global(SIDE, WIDTH, CHANNELS, "spatial", True), "global")
    attach(encoder, local, student)

    def teacher(x):
        _, f2, f3 = encoder(x)
        return fixed(f2, f3, SIDE // 4)

    def step(i):
        x, jittered = (c.input(name, i, (batch, 3, SIDE, SIDE)) for name in ("x", "jittered"))
        imitation = student(jittered)
        parts = {
            "hard": losses.hard_feature(teacher(x), local(x)[0], quantile),
            "global": F.mse_loss(imitation, teacher(jittered)),
            "fusion": F.mse_loss(local(jittered)[1], imitation),
            "penalty": (local(c.input("penalty", i, (1, 3, SIDE, SIDE)))[0] ** 2).mean(),
        }
        return sum(parts.values()), parts

    c.run([local, student], 0.002, 1e-4, step)


def fair(name, run, **options):
    """The curve with the first inputs on which PyTorch's float32 stays near its float64 (see nets.fair)."""
    for salt in range(100):
        exact, rounded = (Curve(name, salt, dtype) for dtype in (torch.float64, torch.float32))
        for c in (exact, rounded):
            run(c, **options)
        stray = max(abs(a - b) / abs(a) for k in exact.losses for a, b in zip(exact.losses[k], rounded.losses[k]))
        if stray < 5e-6:
            print("%s %d: float32 strays %.1e in ten steps" % (name, salt, stray))
            return exact
    raise SystemExit("%s: no inputs on which float32 can tell" % name)


def cases():
    """All curves."""
    yield fair("segmentor", segment)
    yield fair("segmentor supervised", segment, supervised=True)
    yield fair("segmentor reference", segment, reference=True)
    yield fair("students", students)
