"""Writes the golden files of tests/golden/testdata: run  python3 tools/golden/make.py  with PyTorch installed.

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
import record

FOLDER = os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "..", "tests", "golden", "testdata")


def main():
    files = {"ops.json": (ops, loss_ops), "nets.json": (nets,), "curves.json": (curves,)}
    for name, modules in files.items():
        cases = [case.json() for module in modules for case in module.cases()]
        record.write(os.path.join(FOLDER, name), {"torch": record.torch_version(), "cases": cases})


if __name__ == "__main__":
    main()
