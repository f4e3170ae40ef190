"""Writes pillow.json: hashes of what Pillow makes of made-up pictures.

Usage: python3 pillow.py > pillow.json
"""

import hashlib
import json

import PIL
from PIL import Image, ImageEnhance

SIZES = [
    (1, 1, 1, 1), (1, 1, 7, 5), (7, 5, 1, 1), (2, 2, 3, 3), (3, 3, 2, 2),
    (1, 50, 20, 3), (50, 1, 3, 20), (17, 13, 17, 13), (17, 13, 17, 29), (17, 13, 31, 13),
    (17, 13, 34, 26), (33, 65, 16, 16), (64, 64, 32, 32), (97, 101, 96, 100), (100, 60, 256, 256),
    (255, 257, 256, 256), (320, 256, 256, 256), (301, 203, 64, 48), (640, 480, 256, 256),
    (1000, 3, 7, 64), (3, 1000, 64, 7), (1280, 1024, 256, 256), (1700, 1000, 256, 256), (2000, 9, 3, 2),
]
FACTORS = [0.0, 0.5, 0.731, 0.95, 1.0, 1.05, 1.4, 2.5]


def picture(kind, w, h):
    """The same bytes as in pillow_test.go."""
    if kind == "noise":
        data = bytearray()
        state = w * 65536 + h
        for _ in range(3 * w * h):
            state = (state * 1664525 + 1013904223) & 0xFFFFFFFF
            data.append(state >> 24)
    elif kind == "steps":
        data = bytes(255 * (((i // 3) % w // 5 + (i // 3) // w // 4 + i % 3) % 2) for i in range(3 * w * h))
    return Image.frombytes("RGB", (w, h), bytes(data))


def digest(im):
    return hashlib.sha256(im.tobytes()).hexdigest()[:32]


def main():
    resize = []
    for w, h, to_w, to_h in SIZES:
        for kind in ("noise", "steps"):
            out = picture(kind, w, h).resize((to_w, to_h), Image.BILINEAR)
            resize.append({"kind": kind, "from": [w, h], "to": [to_w, to_h], "sha256": digest(out)})
    enhance = []
    for name in ("Brightness", "Contrast", "Color"):
        for kind in ("noise", "steps"):
            for factor in FACTORS:
                out = getattr(ImageEnhance, name)(picture(kind, 61, 37)).enhance(factor)
                enhance.append({"name": name, "kind": kind, "factor": factor, "sha256": digest(out)})
    print(json.dumps({"pillow": PIL.__version__, "resize": resize, "enhance": enhance}, indent=1))


main()
