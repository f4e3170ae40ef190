"""Goldens of the instructions that networks are made of, each with its gradient through autograd."""
import torch
import torch.nn.functional as F
from torch.nn.utils.fusion import fuse_conv_bn_weights

import values
from case import Case


def conv(name, n, c, h, w, k, r, s, stride=1, pad=0, dilation=1, bias=False, residual=False, relu=False):
    case = Case("conv2d " + name)
    shape = dict(N=n, C=c, H=h, W=w, K=k, R=r, S=s, Stride=stride, Pad=pad, Dilation=dilation)
    x, weight = case.input("x", (n, c, h, w)), case.input("w", (k, c, r, s))
    b = case.input("b", (k,)) if bias else None
    y = F.conv2d(x, weight, b, stride, pad, dilation)
    buffers = "y x w" + (" b" if bias else "")
    if residual:
        y, buffers = y + case.input("res", y.shape), buffers + " res"
    if relu:
        y = F.relu(y)
    case.call("Conv2D", buffers, Bias=bias, Residual=residual, Relu=relu, **shape)
    case.want("y", y)
    if not (residual or relu):
        case.call("Conv2DBackwardData", "dx dy w", **shape)
        case.call("Conv2DBackwardFilter", "dw dy x", **shape)
        if bias:
            case.call("ChannelSum", "db dy", N=n, C=k, HW=y.shape[2] * y.shape[3])
            case.gradients(y, dx=x, dw=weight, db=b)
        else:
            case.gradients(y, dx=x, dw=weight)
    return case


def convolutions():
    yield conv("1x1", 2, 5, 4, 7, 6, 1, 1)
    yield conv("3x3", 2, 3, 6, 5, 4, 3, 3, pad=1, bias=True)
    yield conv("3x5 without padding", 1, 2, 7, 9, 3, 3, 5, bias=True)
    yield conv("7x7 stride 2", 2, 3, 15, 13, 4, 7, 7, stride=2, pad=3)
    yield conv("1x1 stride 2", 2, 4, 7, 6, 5, 1, 1, stride=2)
    yield conv("4x4 padding 3", 1, 3, 8, 8, 4, 4, 4, pad=3, bias=True)
    yield conv("4x4 stride 2", 2, 3, 10, 8, 4, 4, 4, stride=2, pad=1, bias=True)
    yield conv("3x3 dilation 6", 1, 4, 9, 9, 3, 3, 3, pad=6, dilation=6)
    yield conv("3x3 dilation 12", 1, 3, 16, 16, 2, 3, 3, pad=12, dilation=12)
    yield conv("3x3 dilation 12 of which only the centre lands", 1, 4, 6, 6, 3, 3, 3, pad=12, dilation=12)
    yield conv("3x3 with bias, residual and relu", 2, 8, 6, 6, 8, 3, 3, pad=1, bias=True, residual=True, relu=True)
    yield conv("8x8 to one pixel", 2, 3, 8, 8, 5, 8, 8, bias=True)


def batch_norm_weights(case, c):
    return (case.input("gamma", (c,), 0.5, 1.5), case.input("beta", (c,)),
            case.input("mean", (c,)), case.input("var", (c,), 0.5, 2.0))


def batch_norm(case, shape=(2, 5, 3, 4), eps=1e-5):
    n, c, h, w = shape
    x = case.input("x", shape)
    gamma, beta, mean, var = batch_norm_weights(case, c)
    case.call("BatchNorm", "y x gamma beta mean var", N=n, C=c, HW=h * w, Eps=eps)
    case.want("y", F.batch_norm(x, mean.detach(), var.detach(), gamma, beta, False, 0, eps))


def batch_norm_train(case, shape=(3, 4, 5, 3), eps=1e-5, momentum=0.1, batches=3):
    """Several batches, so that the running statistics move more than once; the gradient is of the last."""
    n, c, h, w = shape
    gamma, beta, mean, var = (t.detach() for t in batch_norm_weights(case, c))
    gamma.requires_grad_(), beta.requires_grad_()
    for i in range(batches):
        x = case.input("x%d" % i, shape, -1, 2)
        y = F.batch_norm(x, mean, var, gamma, beta, True, momentum, eps)
        case.call("BatchNormTrain", "y m rstd mean var x%d gamma beta" % i,
                  N=n, C=c, HW=h * w, Eps=eps, Momentum=momentum)
    case.call("BatchNormBackward", "dx dgamma dbeta dy x%d m rstd gamma" % (batches - 1), N=n, C=c, HW=h * w)
    case.want("y", y)
    case.want("mean", mean)
    case.want("var", var)
    case.want("m", x.mean((0, 2, 3)))
    case.want("rstd", (x.var((0, 2, 3), unbiased=False) + eps).rsqrt())
    case.gradients(y, dx=x, dgamma=gamma, dbeta=beta)


def batch_norm_reference(case):
    """The published code's momentum (spec 9.3 #7)."""
    batch_norm_train(case, momentum=0.999)


def batch_norm_fold(case, k=4, c=3, size=3, eps=1e-5):
    w = case.input("w", (k, c, size, size))
    gamma, beta, mean, var = batch_norm_weights(case, k)
    y, b = fuse_conv_bn_weights(w, None, mean, var, eps, gamma, beta)
    case.call("BatchNormFold", "y b w gamma beta mean var", K=k, Len=c * size * size, Eps=eps)
    case.want("y", y)
    case.want("b", b)


def relu(case, n=60):
    x = case.input("x", (n,))
    y = F.relu(x)
    case.call("Relu", "y x", Len=n)
    case.call("ReluBackward", "dx dy y", Len=n)
    case.want("y", y)
    case.gradients(y, dx=x)


def add(case, n=37):
    case.call("Add", "y a b", Len=n)
    case.want("y", case.input("a", (n,)) + case.input("b", (n,)))


def scale(case, n=37):
    case.call("Scale", "y x", Len=n, Factor=-1.75)
    case.want("y", -1.75 * case.input("x", (n,)))


def fill(case, n=9):
    case.call("Fill", "y", Len=n, Value=0.625)
    case.want("y", torch.full((n,), 0.625))


def standardize(case, shape=(2, 3, 4, 5)):
    x = case.input("x", shape)
    mean, std = case.input("mean", (3,)), case.input("std", (3,), 0.5, 2)
    case.call("Standardize", "y x mean std", N=2, C=3, HW=20)
    case.want("y", (x - mean.reshape(1, 3, 1, 1)) / std.reshape(1, 3, 1, 1))


def dropout(case, n=500, p=0.2, seed=7, step=3):
    """The mask is ours (values.uniform); autograd gives the gradient."""
    x = case.input("x", (n,))
    case.given("step", [step])
    kept = torch.from_numpy(values.uniform(seed, step, n) >= p).double()
    y = x * kept / (1 - p)
    case.call("Dropout", "y x step", Len=n, P=p, Seed=seed)
    case.call("DropoutBackward", "dx dy step", Len=n, P=p, Seed=seed)
    case.want("y", y)
    case.gradients(y, dx=x)


def concat(case):
    parts = [case.input("x%d" % i, (2, c, 3, 4)) for i, c in enumerate((3, 1, 4))]
    y = torch.cat(parts, 1)
    case.call("Concat", "y x0 x1 x2", N=2, HW=12, C=[3, 1, 4])
    first = 0
    for i, x in enumerate(parts):
        k = x.shape[1]
        case.call("Slice", "d%d dy" % i, N=2, C=8, HW=12, First=first, K=k)
        first += k
    case.want("y", y)
    case.gradients(y, d0=parts[0], d1=parts[1], d2=parts[2])


def pool(name, op, function, size, stride, pad, lo=-1, hi=1, shape=(2, 3, 9, 7)):
    case = Case(name)
    n, c, h, w = shape
    geometry = dict(N=n, C=c, H=h, W=w, R=size, Stride=stride, Pad=pad)
    x = case.input("x", shape, lo, hi)
    y = function(x, size, stride, pad)
    case.call(op, "y x", **geometry)
    case.call(op + "Backward", "dx dy" + (" x" if op == "MaxPool" else ""), **geometry)
    case.want("y", y)
    case.gradients(y, dx=x)
    return case


def pools():
    yield pool("average pool 3x3", "AvgPool", F.avg_pool2d, 3, 1, 1)
    yield pool("average pool 2x2 stride 2, padded", "AvgPool", F.avg_pool2d, 2, 2, 1)
    yield pool("max pool 3x3 stride 2", "MaxPool", F.max_pool2d, 3, 2, 1)
    yield pool("max pool 3x3 of negative numbers", "MaxPool", F.max_pool2d, 3, 2, 1, -2, -1)


def global_avg_pool(case, shape=(2, 5, 3, 4)):
    x = case.input("x", shape)
    y = F.adaptive_avg_pool2d(x, 1)
    case.call("GlobalAvgPool", "y x", N=2, C=5, HW=12)
    case.call("GlobalAvgPoolBackward", "dx dy", N=2, C=5, HW=12)
    case.want("y", y)
    case.gradients(y, dx=x)


def resize(h, w, p, q):
    case = Case("resize %dx%d to %dx%d" % (h, w, p, q))
    x = case.input("x", (2, 3, h, w))
    y = F.interpolate(x, (p, q), mode="bilinear", align_corners=False)
    case.call("Resize", "y x", N=2, C=3, H=h, W=w, P=p, Q=q)
    case.call("ResizeBackward", "dx dy", N=2, C=3, H=h, W=w, P=p, Q=q)
    case.want("y", y)
    case.gradients(y, dx=x)
    return case


def resizes():
    for sizes in ((4, 4, 8, 8), (5, 3, 8, 15), (16, 17, 6, 5), (1, 1, 3, 3), (9, 9, 15, 15), (12, 12, 6, 6)):
        yield resize(*sizes)


def matmul(trans_a, trans_b, batch=2, m=5, n=7, k=6):
    case = Case("matmul" + (" A transposed" if trans_a else "") + (" B transposed" if trans_b else ""))
    a = case.input("a", (batch, k, m) if trans_a else (batch, m, k))
    b = case.input("b", (batch, n, k) if trans_b else (batch, k, n))
    case.call("MatMul", "y a b", Batch=batch, M=m, N=n, K=k, TransA=trans_a, TransB=trans_b)
    case.want("y", torch.matmul(a.transpose(1, 2) if trans_a else a, b.transpose(1, 2) if trans_b else b))
    return case


def matmuls():
    for flags in ((False, False), (True, False), (False, True), (True, True)):
        yield matmul(*flags)


def softmax(case, shape=(2, 5, 3, 4)):
    x = case.input("x", shape, -4, 4)
    y = F.softmax(x, 1)
    case.call("Softmax", "y x", N=2, C=5, HW=12)
    case.call("SoftmaxBackward", "dx dy y", N=2, C=5, HW=12)
    case.want("y", y)
    case.gradients(y, dx=x)


def attention(case, n=2, c=6, t=10):
    """Channels first: q, k, v are [N, C, T]."""
    q, k, v = (case.input(name, (n, c, t), -2, 2) for name in "qkv")
    p = F.softmax(torch.matmul(q.transpose(1, 2), k) / c**0.5, 2)
    y = torch.matmul(v, p.transpose(1, 2))
    case.call("Attention", "y p q k v", N=n, C=c, T=t, Keep=True)
    case.call("AttentionBackward", "dq dk dv ds dy p q k v", N=n, C=c, T=t)
    case.want("y", y)
    case.want("p", p)
    case.gradients(y, dq=q, dk=k, dv=v)


def argmax(case, shape=(2, 5, 4, 6)):
    case.call("Argmax", "y x", N=2, C=5, HW=24)
    case.want("y", case.input("x", shape).argmax(1))


def histogram(case, grid=2, classes=4, side=8):
    """Patches run down the columns first; labels outside the classes count as background."""
    x = case.labels("x", (2, side, side), -1, classes + 1)
    step = side // grid
    patches = [x[:, py * step:(py + 1) * step, px * step:(px + 1) * step]
               for px in range(grid) for py in range(grid)]
    shares = [(p == c).double().mean((1, 2)) if c else torch.zeros(2) for p in patches for c in range(classes)]
    case.call("Histogram", "y x", N=2, C=classes, H=side, W=side, Grid=grid)
    case.want("y", torch.stack(shares, 1))


def squared_difference(case, shape=(2, 5, 3, 4)):
    a, b = case.input("a", shape), case.input("b", shape)
    case.call("SquaredDifference", "y a b", N=2, C=5, HW=12)
    case.want("y", ((a - b) ** 2).mean(1))


def cases():
    """All cases of this file."""
    yield from convolutions()
    for function in (batch_norm, batch_norm_train, batch_norm_reference, batch_norm_fold,
                     relu, add, scale, fill, standardize, dropout, concat):
        case = Case(function.__name__.replace("_", " "))
        function(case)
        yield case
    yield from pools()
    yield from resizes()
    yield from matmuls()
    for function in (global_avg_pool, softmax, attention, argmax, histogram, squared_difference):
        case = Case(function.__name__.replace("_", " "))
        function(case)
        yield case
