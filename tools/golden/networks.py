"""The networks of the specification in PyTorch, with the state-dict names of torchvision and CSAD.

Every network is built from Net, which notes named intermediate results: "local.conv1/conv2d" is the result of
the first convolution in the scope local.conv1, "local/relu#2" that of the second relu directly in local. The Go
side names the values of its graph in the same way.
"""
import torch
import torch.nn as nn
import torch.nn.functional as F


class Trace:
    """Intermediate results by name, in order."""

    def __init__(self):
        self.values = {}

    def note(self, path, kind, y):
        name, n = path + "/" + kind, 1
        while name + ("#%d" % n if n > 1 else "") in self.values:
            n += 1
        self.values[name + ("#%d" % n if n > 1 else "")] = y
        return y


class Hook:
    """Notes the result of a module of PyTorch's."""

    def __init__(self, trace, path, kind):
        self.trace, self.path, self.kind = trace, path, kind

    def __call__(self, module, x, y):
        self.trace.note(self.path, self.kind, y)


class Net(nn.Module):
    """A module that knows its path and notes what it computes."""

    def attach(self, path, trace):
        """Names this module and everything below it; returns self."""
        for name, m in self.named_modules():
            full = path + ("." + name if name else "")
            if isinstance(m, Net):
                m.path, m.trace = full, trace
            elif isinstance(m, (nn.Conv2d, nn.BatchNorm2d)):
                m.register_forward_hook(Hook(trace, full, "conv2d" if isinstance(m, nn.Conv2d) else "batchnorm"))
        return self

    def note(self, kind, y):
        return self.trace.note(self.path, kind, y)

    def relu(self, x):
        return self.note("relu", F.relu(x))

    def add(self, a, b):
        return self.note("add", a + b)

    def resize(self, x, side):
        return self.note("resize", F.interpolate(x, (side, side), mode="bilinear", align_corners=False))


class Bottleneck(Net):
    def __init__(self, c, width, stride, first):
        super().__init__()
        self.conv1, self.bn1 = nn.Conv2d(c, width, 1, bias=False), nn.BatchNorm2d(width, momentum=1.0)
        self.conv2 = nn.Conv2d(width, width, 3, stride, 1, bias=False)
        self.bn2 = nn.BatchNorm2d(width, momentum=1.0)
        self.conv3, self.bn3 = nn.Conv2d(width, 2 * width, 1, bias=False), nn.BatchNorm2d(2 * width, momentum=1.0)
        if first:
            self.downsample = nn.Sequential(
                nn.Conv2d(c, 2 * width, 1, stride, bias=False), nn.BatchNorm2d(2 * width, momentum=1.0))

    def forward(self, x):
        y = self.relu(self.bn1(self.conv1(x)))
        y = self.relu(self.bn2(self.conv2(y)))
        y = self.bn3(self.conv3(y))
        return self.relu(self.add(y, self.downsample(x) if hasattr(self, "downsample") else x))


class Encoder(Net):
    """WideResNet-50-2 up to layer3; width 64 is torchvision's. Momentum 1: one batch sets the statistics."""

    def __init__(self, width):
        super().__init__()
        self.conv1, self.bn1 = nn.Conv2d(3, width, 7, 2, 3, bias=False), nn.BatchNorm2d(width, momentum=1.0)
        self.layer1 = self.stage(width, 3, 2 * width, 1)
        self.layer2 = self.stage(4 * width, 4, 4 * width, 2)
        self.layer3 = self.stage(8 * width, 6, 8 * width, 2)

    @staticmethod
    def stage(c, blocks, width, stride):
        rest = [Bottleneck(2 * width, width, 1, False) for _ in range(blocks - 1)]
        return nn.Sequential(Bottleneck(c, width, stride, True), *rest)

    def forward(self, x):
        y = self.relu(self.bn1(self.conv1(x)))
        y = self.note("maxpool", F.max_pool2d(y, 3, 2, 1))
        f1 = self.layer1(y)
        f2 = self.layer2(f1)
        return f1, f2, self.layer3(f2)


class Teacher(nn.Module):
    """The teacher in the published order: resize both stages, concatenate, smooth, project, with a bias.

    Ours projects each stage before the resize and leaves the bias out. Its weights are taken apart from the
    projection here, and its mean is this mean without the bias.
    """

    def __init__(self, width, channels):
        super().__init__()
        shape = lambda c: torch.zeros(channels, c, 1, 1)
        self.layer2, self.layer3 = nn.Module(), nn.Module()
        self.layer2.weight, self.layer3.weight = nn.Parameter(shape(8 * width)), nn.Parameter(shape(16 * width))
        self.register_buffer("mean", torch.zeros(channels))
        self.register_buffer("std", torch.ones(channels))

    def forward(self, f2, f3, side):
        resized = [F.interpolate(f, (side, side), mode="bilinear", align_corners=False) for f in (f2, f3)]
        y = F.avg_pool2d(torch.cat(resized, 1), 3, 1, 1)
        bias = torch.linspace(-0.03, 0.03, self.mean.numel(), dtype=y.dtype, device=y.device)
        y = F.conv2d(y, torch.cat([self.layer2.weight, self.layer3.weight], 1), bias)
        c = lambda v: v.reshape(1, -1, 1, 1)
        return (y - c(self.mean + bias)) / c(self.std)


class Local(Net):
    """The local student: a PDN-medium with two heads."""

    def __init__(self, first, width, channels):
        super().__init__()
        self.conv1 = nn.Conv2d(3, first, 4, padding=3)
        self.conv2 = nn.Conv2d(first, width, 4, padding=3)
        self.conv3 = nn.Conv2d(width, width, 1)
        self.conv4 = nn.Conv2d(width, width, 3, padding=1)
        self.conv5 = nn.Conv2d(width, width, 4)
        self.conv_st = nn.Conv2d(width, channels, 1)
        self.conv_ae = nn.Conv2d(width, channels, 1)

    def pool(self, x):
        return self.note("avgpool", F.avg_pool2d(x, 2, 2, 1))

    def forward(self, x):
        y = self.pool(self.relu(self.conv1(x)))
        y = self.pool(self.relu(self.conv2(y)))
        y = self.relu(self.conv3(y))
        y = self.relu(self.conv4(y))
        y = self.resize(self.relu(self.conv5(y)), x.shape[2] // 4)
        return self.conv_st(y), self.conv_ae(y)


class Attention(Net):
    """y = x + O(attention(Q(x), K(x), V(x))) over the pixels, one head."""

    def __init__(self, c):
        super().__init__()
        self.query, self.key, self.value, self.output = (nn.Conv2d(c, c, 1) for _ in range(4))

    def forward(self, x):
        q, k, v = (f(x).flatten(2) for f in (self.query, self.key, self.value))
        p = F.softmax(torch.matmul(q.transpose(1, 2), k) / x.shape[1] ** 0.5, 2)
        y = self.note("attention", torch.matmul(v, p.transpose(1, 2)).reshape(x.shape))
        return self.add(x, self.output(y))


class Global(Net):
    """The global student. bottleneck: "spatial" (thesis) or "vector" (CSAD); dropout is left out."""

    def __init__(self, side, width, channels, bottleneck, attention):
        super().__init__()
        k, self.side, self.vector = width, side, bottleneck == "vector"
        for i, (c, o) in enumerate(((3, k // 2), (k // 2, k // 2), (k // 2, k), (k, k), (k, k))):
            setattr(self, "enconv%d" % (i + 1), nn.Conv2d(c, o, 4, 2, 1))
        self.enconv6 = nn.Conv2d(k, k, side // 32) if self.vector else nn.Conv2d(k, k, 3, padding=1)
        for i in range(1 if self.vector else 2, 7):
            setattr(self, "deconv%d" % i, nn.Conv2d(k, k, 4, padding=2))
        self.deconv7 = nn.Conv2d(k, k, 3, padding=1)
        self.deconv8 = nn.Conv2d(k, channels, 3, padding=1)
        for i in range(4 if attention else 0):
            setattr(self, "attention%d" % (i + 1), Attention(k))

    def attend(self, i, x):
        return getattr(self, "attention%d" % i)(x) if hasattr(self, "attention%d" % i) else x

    def up(self, i, x, side):
        return self.relu(getattr(self, "deconv%d" % i)(self.resize(x, side)))

    def forward(self, x):
        y, s = x, self.side
        for i in range(1, 4):
            y = self.relu(getattr(self, "enconv%d" % i)(y))
        y = self.attend(1, self.relu(self.enconv4(y)))
        y = self.attend(2, self.relu(self.enconv5(y)))
        y = self.enconv6(y)
        if self.vector:
            y = self.up(1, y, s // 64 - 1)
        y = self.attend(3, self.up(2, y, s // 32))
        y = self.attend(4, self.up(3, y, s // 16 - 1))
        y = self.up(4, y, s // 8)
        y = self.up(5, y, s // 4 - 1)
        y = self.up(6, y, s // 2 - 1)
        return self.deconv8(self.up(7, y, s // 4))


class CBR(Net):
    """Convolution without bias, batch norm, relu."""

    def __init__(self, c, k, size=1, pad=0, dilation=1, momentum=0.1):
        super().__init__()
        self.conv = nn.Conv2d(c, k, size, padding=pad, dilation=dilation, bias=False)
        self.bn = nn.BatchNorm2d(k, momentum=momentum)

    def forward(self, x):
        return self.relu(self.bn(self.conv(x)))


class ImagePool(Net):
    def __init__(self, c, k, momentum):
        super().__init__()
        self.conv = CBR(c, k, momentum=momentum)

    def forward(self, x):
        y = self.conv(F.adaptive_avg_pool2d(x, 1))
        return F.interpolate(y, x.shape[2:], mode="bilinear", align_corners=False)


class ASPP(Net):
    def __init__(self, c, k, m):
        super().__init__()
        self.stages = nn.Module()
        self.stages.c0 = CBR(c, k, momentum=m)
        for i, rate in enumerate((6, 12, 18)):
            setattr(self.stages, "c%d" % (i + 1), CBR(c, k, 3, rate, rate, m))
        self.stages.imagepool = ImagePool(c, k, m)

    def forward(self, x):
        s = self.stages
        return torch.cat([s.c0(x), s.c1(x), s.c2(x), s.c3(x), s.imagepool(x)], 1)


class Segmentor(Net):
    """The DeepLabV3+ decoder over f1 [N, 4W, S/4, S/4] and f3 [N, 16W, S/16, S/16]."""

    def __init__(self, side, encoder, low, width, classes, momentum=0.1):
        super().__init__()
        self.side, m = side, momentum
        self.reduce = CBR(4 * encoder, low, momentum=m)
        self.aspp = ASPP(16 * encoder, width, m)
        self.fc1 = CBR(5 * width, width, momentum=m)
        self.fc2 = nn.Module()
        self.fc2.conv1 = CBR(width + low, width, 3, 1, momentum=m)
        self.fc2.conv2 = CBR(width, width, 3, 1, momentum=m)
        self.fc2.conv3 = nn.Conv2d(width, classes, 1)

    def forward(self, f1, f3):
        low = self.reduce(f1)
        y = F.interpolate(self.fc1(self.aspp(f3)), low.shape[2:], mode="bilinear", align_corners=False)
        y = self.fc2.conv2(self.fc2.conv1(torch.cat([y, low], 1)))
        y = self.fc2.conv3(y)
        return F.interpolate(y, (self.side, self.side), mode="bilinear", align_corners=False)
