"""Writes the files of tests/golden/testdata and core/weights/testdata.

Run  python3 tools/golden/make.py  with PyTorch installed; Debian's python3-torch will do.

values.py has the hash numbers, record.py the format, networks.py and losses.py the specification in PyTorch.
Every golden is computed in float64.
"""
import os
import sys

sys.dont_write_bytecode = True

import curves
import loss_ops
import nets
import ops
import pth_files
import record

FOLDER = os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "..", "tests", "golden", "testdata")


def main():
    files = {"ops.json": (ops, loss_ops), "nets.json": (nets,), "curves.json": (curves,)}
    for name, modules in files.items():
        cases = [case.json() for module in modules for case in module.cases()]
        record.write(os.path.join(FOLDER, name), {"torch": record.torch_version(), "cases": cases})
    pth_files.write()


if __name__ == "__main__":
    main()
