"""Goldens of the instructions that compute losses and of the optimiser."""
import numpy as np
import torch
import torch.nn.functional as F

import losses
from case import Case

SEGMENT = dict(N=2, C=4, HW=30)
SHAPE = (2, 4, 5, 6)


def mean_square(case, n=80):
    a = case.input("a", (n,))
    loss = (a**2).mean()
    case.call("MeanSquare", "loss a", Len=n)
    case.call("MeanSquareBackward", "da dloss a", Len=n)
    finish(case, loss, da=a)


def mse(case, n=80):
    a, b = case.input("a", (n,)), case.input("b", (n,))
    loss = F.mse_loss(a, b)
    case.call("MSE", "loss a b", Len=n)
    case.call("MSEBackward", "da dloss a b", Len=n)
    case.call("MSEBackward", "db dloss b a", Len=n)
    finish(case, loss, da=a, db=b)


def hard_feature(name, n, quantile):
    case = Case("hard feature " + name)
    a, b = case.input("a", (n,)).detach(), case.input("b", (n,))
    loss = losses.hard_feature(a, b, quantile)
    case.call("HardFeature", "loss stats d a b", Len=n, Quantile=quantile)
    case.call("HardFeatureBackward", "db dloss stats d a b", Len=n)
    d = (a - b.detach()) ** 2
    threshold = torch.quantile(d, quantile)
    case.want("d", d)
    case.want("stats", torch.stack([threshold, (d >= threshold).sum().double()]))
    finish(case, loss, db=b)
    return case


def hard_features():
    yield hard_feature("hardest thousandth", 4000, 0.999)
    yield hard_feature("hardest tenth", 350, 0.9)
    yield hard_feature("everything", 50, 0.0)


def probabilities(case):
    """Probabilities as the instructions see them: Softmax of hash logits, the leaf of autograd."""
    x = case.input("x", SHAPE, -3, 3)
    p = F.softmax(x, 1)
    case.call("Softmax", "p x", **SEGMENT)
    return x, p


def segment(name, op, function, lo=0, hi=4, **fields):
    """A loss over probabilities and labels; its gradient is taken back to the logits."""
    case = Case(name)
    x, p = probabilities(case)
    y = case.labels("labels", (2, 5, 6), lo, hi)
    loss = function(p, y)
    case.call(op, "loss p labels", **SEGMENT, **fields)
    case.call(op + "Backward", "dp dloss p labels", **SEGMENT, **fields)
    case.call("SoftmaxBackward", "dx dp p", **SEGMENT)
    finish(case, loss, dx=x)
    return case


def segments():
    """Labels -1 and 4 are outside the four classes; labels below 3 leave class 3 without a pixel."""
    for name, lo, hi in (("", 0, 4), (" with ignored labels", -1, 5), (" with an absent class", 0, 3)):
        yield segment("focal" + name, "Focal", losses.focal, lo, hi)
        yield segment("dice" + name, "Dice", losses.dice, lo, hi, Absent=False)
        yield segment("reference dice" + name, "Dice", lambda p, y: losses.dice(p, y, True), lo, hi, Absent=True)
        yield segment("double softmax" + name, "CrossEntropy", losses.cross_entropy, lo, hi)
    for name, lo, hi in (("", 0, 4), (" with ignored labels", -1, 5)):
        case = Case("cross-entropy" + name)
        x, y = case.input("x", SHAPE, -3, 3), case.labels("labels", (2, 5, 6), lo, hi)
        case.call("CrossEntropy", "loss x labels", **SEGMENT)
        case.call("CrossEntropyBackward", "dx dloss x labels", **SEGMENT)
        finish(case, losses.cross_entropy(x, y), dx=x)
        yield case


def histogram_loss(case):
    x, p = probabilities(case)
    target = case.input("target", (2, 4), 0, 0.5).detach()
    case.call("HistogramLoss", "loss p target", **SEGMENT)
    case.call("HistogramLossBackward", "dp dloss p target", **SEGMENT)
    case.call("SoftmaxBackward", "dx dp p", **SEGMENT)
    finish(case, losses.histogram(p, target), dx=x)


def entropy(case):
    x, p = probabilities(case)
    case.call("Entropy", "loss p", Len=p.numel())
    case.call("EntropyBackward", "dp dloss p", Len=p.numel())
    case.call("SoftmaxBackward", "dx dp p", **SEGMENT)
    finish(case, losses.entropy(p), dx=x)


def finish(case, loss, **inputs):
    case.want("loss", loss.reshape(1))
    case.gradients(loss.reshape(1), dy="dloss", **inputs)


def weighted_sum(case):
    weights = [0.5, 10.0, -1.25]
    parts = [case.input("x%d" % i, (1,)) for i in range(3)]
    case.call("WeightedSum", "y x0 x1 x2", Count=3, Weights=weights)
    case.want("y", sum(w * x for w, x in zip(weights, parts)))


def adam(case, n=40, steps=10, rate=0.02, decay=1e-3):
    """Ten steps of torch.optim.Adam, the rate a tenth from the eighth on, with L2 decay in the gradient.

    The instruction holds its betas as float32, where 1 - 0.999 is off by 1.3e-5; PyTorch gets the same betas.
    """
    b1, b2 = float(np.float32(0.9)), float(np.float32(0.999))
    w = case.input("w", (n,)).detach().clone().requires_grad_()
    case.given("m", [0.0] * n)
    case.given("v", [0.0] * n)
    optimizer = torch.optim.Adam([w], lr=rate, betas=(b1, b2), weight_decay=decay)
    for i in range(steps):
        lr = rate if i < 7 else rate / 10
        optimizer.param_groups[0]["lr"] = lr
        w.grad = case.input("g%d" % i, (n,), -0.01, 0.01).detach()
        optimizer.step()
        case.given("clock%d" % i, [lr, 1 - b1 ** (i + 1), 1 - b2 ** (i + 1)])
        case.call("Adam", "w m v g%d clock%d" % (i, i), Len=n, Beta1=0.9, Beta2=0.999, Eps=1e-8, Decay=decay)
    case.want("w", w)
    case.want("m", optimizer.state[w]["exp_avg"])
    case.want("v", optimizer.state[w]["exp_avg_sq"])


def cases():
    """All cases of this file."""
    yield from hard_features()
    yield from segments()
    for function in (mean_square, mse, histogram_loss, entropy, weighted_sum, adam):
        case = Case(function.__name__.replace("_", " "))
        function(case)
        yield case
