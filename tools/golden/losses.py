"""The losses of the specification, sections 3.1 and 5.4, with the fixes of 9.3 and, where asked, its quirks.

P are probabilities [N, C, H, W], labels [N, H, W] hold classes; a label outside [0, C) is ignored.
"""
import torch
import torch.nn.functional as F


def hard_feature(target, x, quantile):
    """The mean of the squared differences at or above their quantile; the threshold has no gradient."""
    d = (target - x) ** 2
    return d[d >= torch.quantile(d.detach().reshape(-1), quantile)].mean()


def cross_entropy(logits, labels):
    known = (labels >= 0) & (labels < logits.shape[1])
    return F.cross_entropy(logits, torch.where(known, labels, -100.0).long(), ignore_index=-100)


def one_hot(labels, classes):
    """[N, C, H, W], zero where the label is outside the classes, and the mask of the others."""
    known = (labels >= 0) & (labels < classes)
    y = F.one_hot(torch.where(known, labels, 0.0).long(), classes).permute(0, 3, 1, 2)
    return (y * known.unsqueeze(1)).to(labels.dtype), known


def focal(p, labels):
    classes = p.shape[1]
    y, known = one_hot(labels, classes)
    y = y.clamp(1e-5 / (classes - 1), 1 - 1e-5)
    pt = (y * p).sum(1) + 1e-5
    return (-((1 - pt) ** 2) * pt.log())[known].mean()


def dice(p, labels, absent=False):
    """absent: the reference's weights, where a class without pixels takes nearly everything (9.3 #6)."""
    y, known = one_hot(labels, p.shape[1])
    p = p * known.unsqueeze(1)
    area = y.sum((2, 3))
    w = 1 / (area + 1e-5)
    if not absent:
        w = w * (area > 0)
    w = w / w.sum(1, keepdim=True)
    score = (2 * (p * y).sum((2, 3)) + 1e-5) / (p.sum((2, 3)) + area + 2e-5)
    return (w * (1 - score)).mean()


def histogram(p, target):
    """Without the background."""
    return (target[:, 1:] - p.mean((2, 3))[:, 1:]).abs().sum() / p.shape[0]


def entropy(p):
    return (-p * (p + 1e-5).log()).mean()
