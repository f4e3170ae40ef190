"""Small files of torch.save for the reader of core/weights: both formats, what a state dict may hold, and what
must be refused. Values are values.tensor of the tensor's name, from -1 to 1."""
import collections
import os

import torch
import torch.nn as nn

from values import tensor

FOLDER = os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "..", "core", "weights", "testdata")


def state_dict():
    """A module's own state dict, with its _metadata, a counter, and views of many kinds."""
    net = nn.Sequential(collections.OrderedDict(conv=nn.Conv2d(2, 3, 2), bn=nn.BatchNorm2d(3)))
    with torch.no_grad():
        for name, t in net.state_dict().items():
            if t.is_floating_point():
                t.copy_(tensor(name, t.shape))
    d = net.state_dict()
    base = tensor("base", (4, 6), dtype=torch.float32)
    d["transposed"] = base.t()
    d["rows"] = base[1:3]
    d["columns"] = base[:, 1::2]
    d["expanded"] = base[0:1].expand(3, 6)
    d["scalar"] = tensor("scalar", (), dtype=torch.float32)
    d["empty"] = torch.zeros(0, 3)
    for name, dtype in (("half", torch.float16), ("brain", torch.bfloat16), ("double", torch.float64)):
        d[name] = tensor(name, (5,), dtype=torch.float32).to(dtype)
    d["parameter"] = nn.Parameter(tensor("parameter", (2, 2), dtype=torch.float32))
    return d


def write():
    """Writes the files that are not there; the old format names storages by their addresses, which change."""
    os.makedirs(FOLDER, exist_ok=True)
    nested = {"epoch": 3, "rate": 0.5, "tags": ["a", None, True], "net": {"w": tensor("w", (3,)).float()}}
    for name, content, new in (
        ("state_dict_zip", state_dict(), True),
        ("state_dict_legacy", state_dict(), False),
        ("nested_zip", nested, True),
        ("nested_legacy", nested, False),
        ("module_zip", nn.Linear(2, 2), True),
    ):
        path = os.path.join(FOLDER, name + ".pth")
        if os.path.exists(path):
            continue
        torch.save(content, path, _use_new_zipfile_serialization=new)
        print("%s: %d bytes" % (os.path.basename(path), os.path.getsize(path)))
