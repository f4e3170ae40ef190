"""Prints, as Markdown, what PyTorch needs for the inference program of profile paper, and what this GPU copies and
multiplies at best: the measures that the CUDA machine is held against. `peer.py tiny` tries the program itself.

The networks are those of tools/golden, which build.sh copies beside this file; the weights are PyTorch's own, which
does not change the time.
"""
import statistics
import sys

sys.dont_write_bytecode = True

import torch
from torch import nn

from networks import Encoder, Global, Local, Net, Segmentor, Teacher

Net.note = lambda self, kind, y: y  # intermediate results are for goldens

TINY = sys.argv[1:] == ["tiny"]
SIDE, CLASSES, CHANNELS, REPETITIONS = (64, 2, 8, 1) if TINY else (256, 2, 512, 30)
WIDTH, PRODUCT, COPIED = (4, 256, 1 << 16) if TINY else (64, 8192, 1 << 28)
PRECISIONS = {
    "f32": (False, torch.float32),
    "tf32": (True, torch.float32),
    "bf16": (True, torch.bfloat16),
    "f16": (True, torch.float16),
}


class Program(nn.Module):
    """An image in; classes and the two maps out."""

    def __init__(self):
        super().__init__()
        self.encoder, self.teacher = Encoder(WIDTH), Teacher(WIDTH, CHANNELS)
        self.segmentor = Segmentor(SIDE, WIDTH, 3 * WIDTH // 4, 4 * WIDTH, CLASSES)
        self.local = Local(4 * WIDTH, 8 * WIDTH, CHANNELS)
        self.student = Global(SIDE, WIDTH, CHANNELS, "spatial", True)

    def forward(self, x):
        f1, f2, f3 = self.encoder(x)
        target = self.teacher(f2, f3, SIDE // 4)
        head, head_of_global = self.local(x)
        imitation = self.student(x)
        return (
            self.segmentor(f1, f3).argmax(1),
            ((target - head) ** 2).mean(1),
            ((imitation - head_of_global) ** 2).mean(1),
        )


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
    x = torch.rand(COPIED, device="cuda")
    y = torch.empty_like(x)
    print(f"- copy: {2 * x.nbytes / median_ms(lambda: y.copy_(x)) / 1e6:.0f} GB/s")
    for name, (fast, dtype) in PRECISIONS.items():
        torch.backends.cuda.matmul.allow_tf32 = fast
        a, b = (torch.rand(PRODUCT, PRODUCT, device="cuda", dtype=dtype) for _ in range(2))
        print(f"- matrix product, {name}: {2 * PRODUCT**3 / median_ms(lambda: a @ b) / 1e9:.0f} TFLOP/s")


def main():
    print(f"\n## PyTorch {torch.__version__} on {torch.cuda.get_device_name()}, ms per run\n")
    print("| precision | batch | eager, channels last | torch.compile | torch.compile, CUDA graph |")
    print("|---|---:|---:|---:|---:|")
    for name, (fast, dtype) in PRECISIONS.items():
        torch.backends.cuda.matmul.allow_tf32 = torch.backends.cudnn.allow_tf32 = fast
        module = Program().cuda().eval().to(dtype).to(memory_format=torch.channels_last)
        compiled = torch.compile(module)
        for batch in (1, 8, 16):
            x = torch.rand(batch, 3, SIDE, SIDE, device="cuda", dtype=dtype).to(memory_format=torch.channels_last)
            times = [median_ms(lambda: module(x)), median_ms(lambda: compiled(x)), median_ms(captured(compiled, x))]
            print(f"| {name} | {batch} | " + " | ".join(f"{t:.3f}" for t in times) + " |", flush=True)
    ceilings()


if __name__ == "__main__":
    with torch.inference_mode():
        main()
