"""Prints what the Python package says about pictures, as scores.txt has it:
score.py MODEL PICTURE.ppm..."""

import os
import struct
import sys

import aecsad


def fnv(data: bytes) -> int:
    h = 14695981039346656037
    for byte in data:
        h = (h ^ byte) * 1099511628211 % 2**64
    return h


def line(r: aecsad.Result) -> str:
    numbers = " ".join(struct.pack(">d", x).hex() for x in (r.score, r.structural, r.logical, r.p_value))
    text = f"{numbers} {r.decision} {fnv(r.anomaly_map.tobytes()):016x} {fnv(r.classes.tobytes()):016x}"
    for f in r.findings:
        text += f"\n  {f.sentence} at {f.box[0]} {f.box[1]} {f.box[2]} {f.box[3]}"
    return text


if __name__ == "__main__":
    for threads in (1, 2):
        with aecsad.Detector(sys.argv[1], threads=threads) as detector:
            for path in sys.argv[2:]:
                print(f"{os.path.basename(path)} threads {threads} {line(detector.inspect(path))}")
