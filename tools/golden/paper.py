"""Prints, as JSON, what PyTorch computes with the full-size inference networks on hash weights.

Not stored: a test of tests/golden runs it where PyTorch is installed, and compares. The argument is float32,
which takes seconds, or float64, which takes a minute and tells whose rounding it was.
"""
import json
import sys

sys.dont_write_bytecode = True

import torch
import torch.nn.functional as F

import record
from curves import attach
from networks import Encoder, Global, Local, Segmentor, Teacher
from values import fill, tensor

SIDE, CLASSES, CHANNELS = 256, 6, 512


def outputs(dtype):
    """The values of the inference program by name, in the order in which they are computed."""
    encoder, teacher = fill(Encoder(64), "encoder.", dtype), fill(Teacher(64, CHANNELS), "teacher.", dtype)
    segmentor = fill(Segmentor(SIDE, 64, 48, 256, CLASSES), "segmentor.", dtype)
    local = fill(Local(256, 512, CHANNELS), "local.", dtype)
    student = fill(Global(SIDE, 64, CHANNELS, "spatial", True), "global.", dtype)
    attach(encoder, segmentor, local, student)
    for net in (encoder, teacher, segmentor, local, student):
        net.eval()
    x = tensor("paper/x", (1, 3, SIDE, SIDE), -2, 2, dtype)
    f1, f2, f3 = encoder(x)
    target = teacher(f2, f3, SIDE // 4)
    head, head_of_global = local(x)
    imitation = student(x)
    return {
        "f1": f1, "f2": f2, "f3": f3, "logits": segmentor(f1, f3), "teacher": target,
        "local.teacher": head, "local.global": head_of_global, "imitation": imitation,
        "local": ((target - head) ** 2).mean(1), "global": ((imitation - head_of_global) ** 2).mean(1),
    }


def main():
    with torch.no_grad():
        values = outputs({"float32": torch.float32, "float64": torch.float64}[sys.argv[1]])
    best = values["logits"].topk(2, 1).values
    margin = best[:, 0] - best[:, 1]
    shares = F.one_hot(values["logits"].argmax(1), CLASSES).double().mean((0, 1, 2))
    print(json.dumps({
        "values": [{"name": name, **record.record(v)} for name, v in values.items()],
        "shares": shares.tolist(),  # of every class among the pixels
        "doubtful": int((margin < 1e-5 * values["logits"].abs().max()).sum()),  # pixels that rounding may decide
    }))


if __name__ == "__main__":
    main()
