"""A trained model, ready to inspect."""

import ctypes
import os
from dataclasses import dataclass
from typing import Iterable, List, Optional, Tuple

from . import _abi, _pixels
from ._library import library
from .errors import Error, check, sized
from .result import Result


@dataclass(frozen=True)
class Info:
    """What a detector is. The fields are those of aecsad_info."""

    side: int
    map_side: int
    components: Tuple[str, ...]
    threshold: float
    false_alarm_rate: float
    extrapolated: bool
    validation_images: int
    parameters: int
    threads: int
    sessions: int
    memory: int
    seed: int
    device: str
    precision: str
    profile: str
    category: str
    tool_version: str
    dataset_digest: str


class Detector:
    """Inspects images with the model at path. Safe to use from several threads;
    the interpreter lock is released while it works.

    device is "auto", "cpu", "ref" or "cuda:1", precision "f32" or "bf16", on GPUs also "tf32"
    or "f16", on CPUs "int8" for models calibrated for it; threads is per inspection, 0 for all cores;
    sessions is how many inspections run at once, the others wait; product names the
    model of a file that has several. memory_limit is how many bytes the detector may
    take, all sessions together (0: no limit); it is a NoMemoryError if it needs more.

    Pickling keeps the path, the options and the threshold, so that a pool of
    processes opens the model again in each; start it with "spawn": after a fork
    the library refuses to work.
    """

    _closed = True  # until it is open

    def __init__(
        self,
        path,
        *,
        device: Optional[str] = None,
        threads: int = 0,
        sessions: int = 1,
        product: Optional[str] = None,
        precision: Optional[str] = None,
        memory_limit: int = 0,
    ):
        self._handle = ctypes.c_void_p()
        self._path = os.path.abspath(os.fspath(path))
        self._options = {
            "device": device,
            "threads": threads,
            "sessions": sessions,
            "product": product,
            "precision": precision,
            "memory_limit": memory_limit,
        }
        self._judge: Tuple = ()  # the method and arguments that set the threshold
        self._open(library.aecsad_detector_open, os.fsencode(self._path))

    @classmethod
    def from_bytes(
        cls,
        model: bytes,
        *,
        device: Optional[str] = None,
        threads: int = 0,
        sessions: int = 1,
        product: Optional[str] = None,
        precision: Optional[str] = None,
        memory_limit: int = 0,
    ):
        """Opens a model that is in memory. Such a detector cannot be pickled."""
        self = cls.__new__(cls)
        self._handle = ctypes.c_void_p()
        self._path = None
        self._options = {
            "device": device,
            "threads": threads,
            "sessions": sessions,
            "product": product,
            "precision": precision,
            "memory_limit": memory_limit,
        }
        self._judge = ()
        model = bytes(model)
        self._open(library.aecsad_detector_open_memory, model, len(model))
        return self

    def _open(self, function, *source):
        options = sized(_abi.aecsad_options)
        options.threads = self._options["threads"]
        options.sessions = self._options["sessions"]
        options.memory_limit = self._options["memory_limit"]
        if options.memory_limit != self._options["memory_limit"]:
            raise ValueError(f"memory_limit is {self._options['memory_limit']}; expected 0 (none) or a number of bytes")
        device = self._options["device"]
        options.device = device.encode() if device is not None else None
        product = self._options["product"]
        options.product = product.encode() if product is not None else None
        precision = self._options["precision"]
        options.precision = precision.encode() if precision is not None else None
        check(library, function, *source, ctypes.byref(options), ctypes.byref(self._handle))
        self._closed = False

    def inspect(self, image, *, order: Optional[str] = None, region=None, ignore=None) -> Result:
        """Inspects one image: a numpy array (height, width, channels) of uint8, a
        PIL image, or the path of an image file (with Pillow).

        order names the channels of an array: rgb (the default), bgr, rgba, bgra.
        region (x, y, width, height) restricts the inspection; positions in the
        result count from its corner. Arrays are read where they are if their rows
        are packed, in any order of rows, and copied otherwise.

        ignore is an array (height, width) of bool or uint8: where it is not zero the
        surface is not judged, and the maps are 0. Components are counted everywhere.
        """
        c, keep = _pixels.describe(image, order, region, ignore)
        handle = ctypes.c_void_p()
        check(library, library.aecsad_inspect, self._handle, ctypes.byref(c), ctypes.byref(handle))
        del keep
        return Result(handle)

    def inspect_batch(self, images: Iterable, *, order: Optional[str] = None, ignore=None) -> List[Result]:
        """Inspects several images, as many at once as there are sessions. The
        results are those of inspect; an error names the first image at fault. ignore
        is for all of them."""
        described = [_pixels.describe(i, order, ignore=ignore) for i in images]
        handles = (ctypes.c_void_p * len(described))()
        check(
            library,
            library.aecsad_inspect_batch,
            self._handle,
            _pixels.pointers([c for c, _ in described]),
            len(described),
            handles,
        )
        return [Result(ctypes.c_void_p(h)) for h in handles]

    @property
    def info(self) -> Info:
        """Describes the detector as it is now."""
        c = sized(_abi.aecsad_info)
        check(library, library.aecsad_detector_info, self._handle, ctypes.byref(c))
        values = {name: getattr(c, name) for name in Info.__dataclass_fields__}
        for name, value in values.items():
            if isinstance(value, bytes):
                values[name] = value.decode("utf-8", "replace")
        values["components"] = tuple(self._component(i + 1) for i in range(c.components))
        values["extrapolated"] = bool(c.extrapolated)
        return Info(**values)

    def _component(self, number: int) -> str:
        name = ctypes.create_string_buffer(1024)
        check(library, library.aecsad_detector_component, self._handle, number, name, len(name))
        return name.value.decode("utf-8", "replace")

    @property
    def components(self) -> Tuple[str, ...]:
        """Names of the component classes 1, 2, ...; class 0 is background."""
        return self.info.components

    @property
    def threshold(self) -> float:
        """Scores above it are anomalous. Setting it changes later inspections."""
        return self.info.threshold

    @threshold.setter
    def threshold(self, value: float) -> None:
        check(library, library.aecsad_detector_set_threshold, self._handle, value)
        self._judge = ("threshold", value)

    def set_false_alarm_rate(self, rate: float, extrapolate: bool = False) -> None:
        """Sets the threshold so that a share of rate of good images exceeds it.
        With too few validation images in the model this is an Error, unless
        extrapolate allows an estimate."""
        check(library, library.aecsad_detector_set_false_alarm_rate, self._handle, rate, int(extrapolate))
        self._judge = ("rate", rate, extrapolate)

    def close(self) -> None:
        """Frees the model; running inspections are waited for. Closing twice is
        harmless; any other use of a closed detector is an Error."""
        if not self._closed:
            self._closed = True
            library.aecsad_detector_free(self._handle)

    def __enter__(self) -> "Detector":
        return self

    def __exit__(self, *_) -> None:
        self.close()

    def __del__(self) -> None:
        self.close()

    def __reduce__(self):
        if self._path is None:
            raise TypeError("a detector made from bytes cannot be pickled; open it from a path")
        return _reopen, (self._path, self._options, self._judge)

    def __repr__(self) -> str:
        if self._closed:
            return "<aecsad.Detector, closed>"
        i = self.info
        return (
            f"<aecsad.Detector of {i.category}: profile {i.profile}, {i.side} x {i.side} pixels, "
            f"{len(i.components)} components, threshold {i.threshold:.3f}, on {i.device}>"
        )


def _reopen(path, options, judge):
    try:
        detector = Detector(path, **options)
    except Error as e:
        if e.code != _abi.AECSAD_ERR_FORKED:
            raise
        # An error here would end the worker of a multiprocessing.Pool, which then
        # waits for ever. The first use of this detector is the same error.
        detector = Detector.__new__(Detector)
        detector._handle = ctypes.c_void_p()
        return detector
    if judge and judge[0] == "threshold":
        detector.threshold = judge[1]
    elif judge:
        detector.set_false_alarm_rate(*judge[1:])
    return detector
