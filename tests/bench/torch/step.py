"""PyTorch as the other side of a comparison of training steps.

usage: step.py CONFIG, where CONFIG is JSON (see main.go)

Answers every line of standard input, the name of a work, with one line: the
milliseconds that a step of it took by the clock and of the processor. The networks and losses are those that the
goldens are made with (tools/golden).
"""

import json
import pathlib
import sys
import time

import torch
import torch.nn.functional as F

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[3] / "tools" / "golden"))

import curves  # noqa: E402
import losses  # noqa: E402
import networks  # noqa: E402

config = json.loads(sys.argv[1])
torch.set_num_threads(config["threads"])
torch.manual_seed(0)
side, classes, batch = config["side"], config["classes"], config["batch"]


def images(n):
    return 4 * torch.rand(n, 3, side, side) - 2


def frozen(net):
    return net.requires_grad_(False).eval()


def step_of(modules, loss):
    optimizer = torch.optim.Adam([p for m in modules for p in m.parameters()], lr=1e-4, weight_decay=1e-5)

    def step():
        optimizer.zero_grad()
        loss().backward()
        optimizer.step()

    return step


def segmentor():
    encoder = frozen(networks.Encoder(config["width"]))
    net = networks.Segmentor(side, config["width"], config["low"], config["decoder"], classes).train()
    curves.attach(encoder, net)
    x, unlabelled = images(batch["segmentor"]), images(batch["segmentor"])
    labels = torch.randint(0, classes, (batch["segmentor"], side, side)).float()
    target = torch.full((batch["segmentor"], classes), 1 / classes)

    def logits(images):
        f1, _, f3 = encoder(images)
        return net(f1, f3)

    def loss():
        y, u = logits(x), F.softmax(logits(unlabelled), 1)
        p = F.softmax(y, 1)
        return (0.5 * losses.cross_entropy(y, labels) + 10 * losses.focal(p, labels) + losses.dice(p, labels)
                + 10 * losses.histogram(u, target) + losses.entropy(u) + losses.entropy(p))

    return step_of([net], loss)


def students():
    encoder = frozen(networks.Encoder(config["width"]))
    fixed = frozen(networks.Teacher(config["width"], config["channels"]))
    local = networks.Local(config["first"], config["student"], config["channels"]).train()
    student = networks.Global(side, config["global"], config["channels"], config["bottleneck"], config["attention"]).train()
    curves.attach(encoder, local, student)
    x, seen = images(batch["students"]), images(batch["students"])

    def teacher(images):
        _, f2, f3 = encoder(images)
        return fixed(f2, f3, side // 4)

    def loss():
        imitation = student(seen)
        return (losses.hard_feature(teacher(x), local(x)[0], 0.999) + F.mse_loss(imitation, teacher(seen))
                + F.mse_loss(local(seen)[1], imitation))

    return step_of([local, student], loss)


def pretraining():
    """An encoder with linear heads; config["heads"] has the classes of each, or 0 for a colour."""
    encoder = networks.Encoder(config["width"]).train()
    curves.attach(encoder)
    x, n = images(batch["pretraining"]), batch["pretraining"]
    heads, truths = torch.nn.ModuleDict(), {}
    for name, k in config["heads"].items():
        stage = int(name[1]) - 1
        at = side // (4 << stage)
        heads[name.replace(".", "_")] = torch.nn.Conv2d(config["width"] * (4 << stage), k or 3, 1)
        truths[name] = torch.randint(0, k, (n, at, at)) if k else torch.rand(n, 3, at, at)

    def loss():
        features, total = encoder(x), 0
        for name, truth in truths.items():
            y = heads[name.replace(".", "_")](features[int(name[1]) - 1])
            total = total + (F.cross_entropy(y, truth) if truth.dtype == torch.int64 else 4 * F.mse_loss(y, truth))
        return total

    return step_of([encoder, heads], loss)


steps = {}
print(torch.__version__, flush=True)
for line in sys.stdin:
    name = line.strip()
    if name not in steps:
        steps = {name: {"segmentor": segmentor, "students": students, "pretraining": pretraining}[name]()}
    clock, processor = time.perf_counter(), time.process_time()
    steps[name]()
    print(1000 * (time.perf_counter() - clock), 1000 * (time.process_time() - processor), flush=True)
