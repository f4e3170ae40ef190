"""The verdict on one image."""

import ctypes
from dataclasses import dataclass
from typing import Tuple

import numpy as np

from . import _abi, _pixels
from ._library import library
from .errors import check, sized

_DECISIONS = {_abi.AECSAD_GOOD: "good", _abi.AECSAD_UNCERTAIN: "uncertain", _abi.AECSAD_ANOMALOUS: "anomalous"}
_KINDS = {_abi.AECSAD_KIND_NONE: "", _abi.AECSAD_KIND_STRUCTURAL: "structural", _abi.AECSAD_KIND_LOGICAL: "logical"}
_MAPS = {"local": _abi.AECSAD_MAP_LOCAL, "global": _abi.AECSAD_MAP_GLOBAL, "fused": _abi.AECSAD_MAP_FUSED}


@dataclass(frozen=True)
class Finding:
    """One reason for a verdict. box is (x, y, width, height) in pixels of the
    inspected image; for a logical finding observed and expected are the shares
    of the box that the component covers, or of the image where a part's shape is
    strange; for a structural one the peak of the anomaly map and the level that
    good images stay below."""

    kind: str
    box: Tuple[int, int, int, int]
    component: str
    observed: float
    expected: float
    contribution: float
    sentence: str

    def __str__(self) -> str:
        return self.sentence


class _Handle:
    """Frees a result when nothing refers to it any more, its maps included."""

    def __init__(self, handle):
        self.value = handle

    def __del__(self):
        library.aecsad_result_free(self.value)


class Result:
    """The verdict on one image.

    decision is good, uncertain or anomalous; kind is structural, logical or "".
    score = structural + logical, in standard deviations of good images; it was
    judged by threshold. p_value is the share of good images that look at least as
    odd. width and height are those of the inspected image. findings come with the
    most important first.
    """

    def __init__(self, handle):
        self._handle = _Handle(handle)
        s = sized(_abi.aecsad_summary)
        check(library, library.aecsad_result_summary, handle, ctypes.byref(s))
        self.decision: str = _DECISIONS[s.decision]
        self.kind: str = _KINDS[s.kind]
        self.score: float = s.score
        self.structural: float = s.structural
        self.logical: float = s.logical
        self.threshold: float = s.threshold
        self.p_value: float = s.p_value
        self.width: int = s.width
        self.height: int = s.height
        self.findings: Tuple[Finding, ...] = tuple(self._finding(i) for i in range(s.findings))

    def _finding(self, index: int) -> Finding:
        f = sized(_abi.aecsad_finding)
        check(library, library.aecsad_result_finding, self._handle.value, index, ctypes.byref(f))
        return Finding(
            _KINDS[f.kind],
            (f.x, f.y, f.width, f.height),
            f.component.decode("utf-8", "replace"),
            f.observed,
            f.expected,
            f.contribution,
            f.sentence.decode("utf-8", "replace"),
        )

    def _maps(self) -> _abi.aecsad_maps:
        m = sized(_abi.aecsad_maps)
        check(library, library.aecsad_result_maps, self._handle.value, ctypes.byref(m))
        return m

    def _view(self, pointer, side) -> np.ndarray:
        """A read-only array over memory of the library, which it keeps alive."""
        memory = ctypes.cast(pointer, ctypes.POINTER(pointer._type_ * (side * side))).contents
        memory.owner = self._handle
        view = np.frombuffer(memory, dtype=np.dtype(pointer._type_)).reshape(side, side)
        view.flags.writeable = False
        return view

    @property
    def local_map(self) -> np.ndarray:
        """Unfamiliar surface, float32, read-only, at the map size of the model."""
        m = self._maps()
        return self._view(m.local, m.map_side)

    @property
    def global_map(self) -> np.ndarray:
        """Unfamiliar arrangement, likewise."""
        m = self._maps()
        return self._view(getattr(m, "global"), m.map_side)

    @property
    def anomaly_map(self) -> np.ndarray:
        """The sum of both: about 0.1 is what 99.5 % of good pixels stay below."""
        m = self._maps()
        return self._view(m.fused, m.map_side)

    @property
    def classes(self) -> np.ndarray:
        """The component class of each pixel, uint8, read-only, at the model's input
        size; 0 is background."""
        m = self._maps()
        return self._view(m.classes, m.side)

    def resized_map(self, which: str = "fused", width: int = 0, height: int = 0) -> np.ndarray:
        """A map (local, global, fused or classes) as height x width array, at the
        size of the image by default; interpolated, classes by the nearest."""
        width, height = width or self.width, height or self.height
        if which == "classes":
            out = np.empty((height, width), np.uint8)
            p = out.ctypes.data_as(ctypes.POINTER(ctypes.c_uint8))
            check(library, library.aecsad_result_copy_classes, self._handle.value, width, height, p, out.size)
            return out
        if which not in _MAPS:
            raise ValueError(f"which is {which!r}; expected local, global, fused or classes")
        out = np.empty((height, width), np.float32)
        p = out.ctypes.data_as(ctypes.POINTER(ctypes.c_float))
        check(library, library.aecsad_result_copy_map, self._handle.value, _MAPS[which], width, height, p, out.size)
        return out

    def overlay(self, image=None, *, order=None, opacity: float = 0.6) -> np.ndarray:
        """The fused map as colours (dark, red, yellow) over the image, and the boxes
        of the findings, as an RGB array of uint8. Without an image the ground is
        black."""
        heat = np.clip(self.resized_map("fused"), 0, 1)[..., None]
        if image is None:
            ground = np.zeros((self.height, self.width, 3), np.float32)
        else:
            ground = _pixels.rgb(image, order).astype(np.float32)
        if ground.shape[:2] != (self.height, self.width):
            raise ValueError(f"the image is {ground.shape[1]} x {ground.shape[0]}; inspected was {self.width} x {self.height}")
        colour = np.concatenate([2 * heat, 2 * heat - 1, 4 * heat - 3], axis=2).clip(0, 1) * 255
        out = ground + opacity * np.minimum(1, 2 * heat) * (colour - ground)
        out = np.rint(out).astype(np.uint8)
        for f in self.findings:
            _frame(out, f.box, (255, 64, 64) if f.kind == "structural" else (64, 160, 255))
        return out

    def __repr__(self) -> str:
        kind = f" ({self.kind})" if self.kind else ""
        relation = ">" if self.decision == "anomalous" else "<="
        return (
            f"<aecsad.Result {self.decision}{kind}: score {self.score:.3f} {relation} threshold {self.threshold:.3f}, "
            f"structural {self.structural:.3f}, logical {self.logical:.3f}, p {self.p_value:.3f}, "
            f"{len(self.findings)} findings>"
        )


def _frame(picture, box, colour):
    """Draws the outline of a box, as thick as the picture is large."""
    x, y, w, h = box
    t = max(1, max(picture.shape[:2]) // 256)
    picture[y : y + t, x : x + w] = colour
    picture[max(y, y + h - t) : y + h, x : x + w] = colour
    picture[y : y + h, x : x + t] = colour
    picture[y : y + h, max(x, x + w - t) : x + w] = colour
