"""From what Python calls an image to an aecsad_image."""

import ctypes
import os

import numpy as np

from . import _abi
from .errors import sized

_FORMATS = {
    "rgb": (3, _abi.AECSAD_RGB8),
    "bgr": (3, _abi.AECSAD_BGR8),
    "rgba": (4, _abi.AECSAD_RGBA8),
    "bgra": (4, _abi.AECSAD_BGRA8),
}


def describe(image, order=None, region=None, ignore=None):
    """An aecsad_image and the arrays that it points into, which must outlive the
    call. order is the order of the channels, region is (x, y, width, height),
    ignore an array (height, width) of bool or uint8."""
    array = _array(image)
    pixel_format = _format(array, order)
    if array.dtype.itemsize == 2:
        array = array.astype("<u2", copy=False)
    if not _rows_are_packed(array):
        array = np.ascontiguousarray(array)
    c = sized(_abi.aecsad_image)
    c.format = pixel_format
    c.data = array.__array_interface__["data"][0]
    c.height, c.width = array.shape[:2]
    c.stride = array.strides[0] if array.shape[0] > 1 else array.strides[1] * array.shape[1]
    if region is not None:
        c.roi_x, c.roi_y, c.roi_width, c.roi_height = (int(v) for v in region)
    mask = None
    if ignore is not None:
        mask = _mask(ignore, array.shape[:2])
        c.ignore = mask.ctypes.data_as(ctypes.POINTER(ctypes.c_uint8))
        c.ignore_stride = mask.shape[1]
    return c, (array, mask)


def _mask(ignore, shape) -> np.ndarray:
    mask = np.asarray(ignore)
    if mask.dtype not in (np.bool_, np.uint8) or mask.shape != shape:
        raise ValueError(f"the mask is {mask.dtype} of shape {mask.shape}; expected bool or uint8 of shape {shape}")
    return np.ascontiguousarray(mask).view(np.uint8)


def _array(image) -> np.ndarray:
    if isinstance(image, (str, os.PathLike)):
        return _read(image)
    if type(image).__module__.split(".")[0] == "PIL":
        return _from_pillow(image)
    array = np.asarray(image)
    if array.dtype.kind != "u" or array.dtype.itemsize not in (1, 2):
        raise ValueError(f"the array holds {array.dtype}; expected uint8, or uint16 for RGB. Nothing is scaled")
    if array.ndim not in (2, 3) or array.size == 0:
        raise ValueError(f"the array has shape {array.shape}; expected (height, width, 3 or 4)")
    return array


def _format(array, order) -> int:
    channels = array.shape[2] if array.ndim == 3 else 1
    if array.dtype.itemsize == 2:
        if channels != 3 or order not in (None, "rgb"):
            raise ValueError(f"a uint16 array of shape {array.shape}, order {order}; 16 bits are read as rgb only")
        return _abi.AECSAD_RGB16
    if channels == 1:
        return _abi.AECSAD_GRAY8  # the library says why it wants colour
    if order is None:
        order = {3: "rgb", 4: "rgba"}.get(channels)
    if order not in _FORMATS or _FORMATS[order][0] != channels:
        raise ValueError(
            f"an array of shape {array.shape}, order {order}; expected 3 channels (rgb, bgr) or 4 (rgba, bgra)"
        )
    return _FORMATS[order][1]


def _rows_are_packed(array) -> bool:
    """Tells whether the library can read the array where it is: whole pixels
    beside each other, rows at any distance up or down."""
    if array.ndim != 3:
        return False
    height, width, channels = array.shape
    row, pixel, channel = array.strides
    return (
        channel == array.itemsize
        and (width == 1 or pixel == channels * array.itemsize)
        and (height == 1 or abs(row) >= width * channels * array.itemsize)
    )


def _read(path) -> np.ndarray:
    try:
        from PIL import Image
    except ImportError:
        raise ImportError(
            "reading image files needs Pillow (pip install pillow); numpy arrays are inspected without it"
        ) from None
    with Image.open(path) as image:
        return _from_pillow(image)


def _from_pillow(image) -> np.ndarray:
    from PIL import ImageOps

    if image.mode.startswith(("I", "F")):
        raise ValueError(f"the image has mode {image.mode}; expected 8-bit colour such as RGB. Nothing is scaled")
    return np.asarray(ImageOps.exif_transpose(image).convert("RGB"))


def rgb(image, order=None) -> np.ndarray:
    """The image as RGB array of uint8."""
    array = _array(image)
    pixel_format = _format(array, order)
    if pixel_format == _abi.AECSAD_RGB16:
        return (array >> 8).astype(np.uint8)
    if pixel_format == _abi.AECSAD_GRAY8:
        return np.repeat(array.reshape(array.shape[0], array.shape[1], 1), 3, axis=2)
    blue_first = pixel_format in (_abi.AECSAD_BGR8, _abi.AECSAD_BGRA8)
    return array[..., 2::-1] if blue_first else array[..., :3]


def pointers(images):
    """A C array of pointers to aecsad_image structs."""
    return (ctypes.POINTER(_abi.aecsad_image) * len(images))(*(ctypes.pointer(i) for i in images))
