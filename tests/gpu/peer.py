"""Prints, as Markdown, how the inference program of PyTorch compares: its results on the same weights, what it needs
for a run, and what this GPU copies and multiplies at best by PyTorch.

    peer.py paper|tiny MAPS

MAPS is what `gpu -maps` wrote. The networks and their weights are those of tools/golden, which build.sh copies beside
this file. Without a GPU only the results are compared.
"""
import json
import statistics
import sys

sys.dont_write_bytecode = True

import torch
from torch import nn

from networks import Encoder, Global, Local, Net, Segmentor, Teacher
from values import fill, tensor

Net.note = lambda self, kind, y: y  # intermediate results are for goldens

TINY = sys.argv[1] == "tiny"
SIDE, CLASSES, CHANNELS, REPETITIONS = (64, 2, 8, 1) if TINY else (256, 2, 512, 30)
WIDTH, PRODUCT, COPIED = (4, 256, 1 << 16) if TINY else (64, 8192, 1 << 28)
LOW, DECODER, FIRST, STUDENT = (4, 8, 4, 8) if TINY else (48, 256, 256, 512)
BATCHES = (1,) if TINY else (1, 8, 16)
DEVICE = "cuda" if torch.cuda.is_available() else "cpu"
PRECISIONS = {
    "f32": (False, torch.float32),
    "tf32": (True, torch.float32),
    "bf16": (True, torch.bfloat16),
    "f16": (True, torch.float16),
}
LARGEST_ERROR = 1e-4  # of a map in float32, against its largest value


class Program(nn.Module):
    """An image in; classes and the two maps out."""

    def __init__(self):
        super().__init__()
        self.encoder, self.teacher = Encoder(WIDTH), Teacher(WIDTH, CHANNELS)
        self.segmentor = Segmentor(SIDE, WIDTH, LOW, DECODER, CLASSES)
        self.local = Local(FIRST, STUDENT, CHANNELS)
        setattr(self, "global", Global(SIDE, WIDTH, CHANNELS, "spatial", True))

    def forward(self, x):
        f1, f2, f3 = self.encoder(x)
        target = self.teacher(f2, f3, SIDE // 4)
        head, head_of_global = self.local(x)
        imitation = getattr(self, "global")(x)
        return (
            self.segmentor(f1, f3).argmax(1),
            ((target - head) ** 2).mean(1),
            ((imitation - head_of_global) ** 2).mean(1),
        )


def program(dtype):
    """The program on hash weights, on the device."""
    return fill(Program(), "", torch.float32).to(DEVICE, dtype).eval().to(memory_format=torch.channels_last)


def image(batch, dtype):
    x = tensor("paper/x", (batch, 3, SIDE, SIDE), -2, 2, torch.float32)
    return x.to(DEVICE, dtype).to(memory_format=torch.channels_last)


def fast(on):
    """Lets float32 products round their factors to tf32, or not."""
    torch.backends.cuda.matmul.allow_tf32 = torch.backends.cudnn.allow_tf32 = on


def compare(path):
    """Prints how far the results are from ours; False if they are not the same program's."""
    with open(path) as f:
        ours = json.load(f)
    fast(False)
    classes, *maps = (y.float().cpu().flatten() for y in program(torch.float32)(image(1, torch.float32)))
    print(f"\nPyTorch {torch.__version__} on {DEVICE}. Its results in float32 against ours, max|a-b| / max|b|:\n")
    same = True
    for name, theirs in zip(("Local", "Global"), maps):
        mine = torch.tensor(ours[name])
        error = ((mine - theirs).abs().max() / theirs.abs().max()).item()
        same = same and error <= LARGEST_ERROR
        print(f"- {name.lower()} map: {error:.2g}")
    print(f"- pixels of another class: {int((torch.tensor(ours['Classes']) != classes).sum())}")
    if not same:
        print(f"\nExpected at most {LARGEST_ERROR:.0e}.")
    return same


def median_ms(run):
    """The median time of run on the GPU, after three runs that are not counted."""
    for _ in range(3):
        run()
    times = []
    for _ in range(REPETITIONS):
        start, end = torch.cuda.Event(enable_timing=True), torch.cuda.Event(enable_timing=True)
        start.record()
        run()
        end.record()
        end.synchronize()
        times.append(start.elapsed_time(end))
    return statistics.median(times)


def captured(module, x):
    """A call of the module, recorded as a CUDA graph."""
    side = torch.cuda.Stream()
    side.wait_stream(torch.cuda.current_stream())
    with torch.cuda.stream(side):
        for _ in range(3):
            module(x)
    torch.cuda.current_stream().wait_stream(side)
    graph = torch.cuda.CUDAGraph()
    with torch.cuda.graph(graph):
        module(x)
    return graph.replay


def ceilings():
    print("\n## Ceilings, by PyTorch\n")
    x = torch.rand(COPIED, device=DEVICE)
    y = torch.empty_like(x)
    print(f"- copy: {2 * x.nbytes / median_ms(lambda: y.copy_(x)) / 1e6:.0f} GB/s")
    for name, (on, dtype) in PRECISIONS.items():
        fast(on)
        a, b = (torch.rand(PRODUCT, PRODUCT, device=DEVICE, dtype=dtype) for _ in range(2))
        print(f"- matrix product, {name}: {2 * PRODUCT**3 / median_ms(lambda: a @ b) / 1e9:.0f} TFLOP/s")


def times():
    print(f"\n## PyTorch on {torch.cuda.get_device_name()}, ms per run\n")
    print("| precision | batch | eager, channels last | torch.compile | torch.compile, CUDA graph |")
    print("|---|---:|---:|---:|---:|")
    for name, (on, dtype) in PRECISIONS.items():
        fast(on)
        module = program(dtype)
        compiled = torch.compile(module)
        for batch in BATCHES:
            x = image(batch, dtype)
            row = [median_ms(lambda: module(x)), median_ms(lambda: compiled(x)), median_ms(captured(compiled, x))]
            print(f"| {name} | {batch} | " + " | ".join(f"{t:.3f}" for t in row) + " |", flush=True)


def main():
    same = compare(sys.argv[2])
    if DEVICE == "cpu":
        print("\nNot timed: this PyTorch finds no GPU.")
    else:
        times()
        ceilings()
    return 0 if same else 1


if __name__ == "__main__":
    with torch.inference_mode():
        sys.exit(main())
