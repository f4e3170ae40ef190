"""Every array gives the score of its pixels or an error that says why not."""

import numpy as np
import pytest
from PIL import Image

import aecsad


def layouts(image):
    """The same picture in memory in many ways."""
    wide = np.zeros((image.shape[0], image.shape[1] + 7, 3), np.uint8)
    wide[:, 3:-4] = image
    readonly = image.copy()
    readonly.flags.writeable = False
    alpha = np.dstack([image, np.full(image.shape[:2], 9, np.uint8)])
    return {
        "plain": (image, None),
        "rgb": (image, "rgb"),
        "readonly": (readonly, None),
        "padded rows": (wide[:, 3:-4], None),
        "bottom up": (image[::-1].copy()[::-1], None),
        "mirrored twice": (image[:, ::-1].copy()[:, ::-1], None),
        "every second row": (np.repeat(image, 2, axis=0)[::2], None),
        "every second column": (np.repeat(image, 2, axis=1)[:, ::2], None),
        "fortran": (np.asfortranarray(image), None),
        "planes": (np.ascontiguousarray(image.transpose(2, 0, 1)).transpose(1, 2, 0), None),
        "bgr": (image[..., ::-1].copy(), "bgr"),
        "bgr view": (image[..., ::-1], "bgr"),
        "rgba": (alpha, None),
        "rgb part of rgba": (alpha[..., :3], None),
        "bgra": (alpha[..., [2, 1, 0, 3]].copy(), "bgra"),
        "uint16": (image.astype(np.uint16) << 8 | 255, None),
        "uint16 big-endian": ((image.astype(np.uint16) << 8).astype(">u2"), None),
        "pillow": (Image.fromarray(image), None),
        "pillow rgba": (Image.fromarray(alpha), None),
    }


def test_layouts(detector, image):
    wanted = detector.inspect(image).score
    assert detector.inspect(image[::-1]).score != wanted
    for name, (array, order) in layouts(image).items():
        assert detector.inspect(array, order=order).score == wanted, name


def test_broadcast_rows(detector, image):
    row = np.broadcast_to(image[:1], image.shape)
    assert detector.inspect(row).score == detector.inspect(row.copy()).score


def test_region(detector, image):
    part = detector.inspect(image, region=(10, 5, 30, 20))
    assert part.score == detector.inspect(image[5:25, 10:40]).score
    assert (part.width, part.height) == (30, 20)
    with pytest.raises(aecsad.ImageError, match="is not inside"):
        detector.inspect(image, region=(10, 5, 60, 20))


def test_ignore(detector, image):
    whole = detector.inspect(image)
    mask = np.zeros(image.shape[:2], bool)
    assert detector.inspect(image, ignore=mask).score == whole.score
    mask[24:, :30] = True  # the map is 16 x 16: rows 8 to 15, columns 0 to 7
    part = detector.inspect(image, ignore=mask)
    assert not part.anomaly_map[8:, :8].any()
    np.testing.assert_array_equal(part.anomaly_map[:8], whole.anomaly_map[:8])
    np.testing.assert_array_equal(part.anomaly_map[8:, 8:], whole.anomaly_map[8:, 8:])
    assert part.logical == whole.logical and part.structural <= whole.structural
    for same in (mask.astype(np.uint8) * 255, np.asfortranarray(mask), np.repeat(mask, 2, axis=1)[:, ::2]):
        np.testing.assert_array_equal(detector.inspect(image, ignore=same).anomaly_map, part.anomaly_map)
    assert [r.score for r in detector.inspect_batch([image] * 2, ignore=mask)] == [part.score] * 2
    region = detector.inspect(image, region=(0, 24, 30, 24), ignore=mask)
    assert not region.anomaly_map.any()
    for wrong in (mask[1:], mask.astype(float), mask[..., None]):
        with pytest.raises(ValueError, match="the mask is .*expected bool or uint8 of shape"):
            detector.inspect(image, ignore=wrong)


def test_files(detector, image, tmp_path):
    Image.fromarray(image).save(tmp_path / "a.png")
    wanted = detector.inspect(image).score
    assert detector.inspect(tmp_path / "a.png").score == wanted
    assert detector.inspect(str(tmp_path / "a.png")).score == wanted
    with pytest.raises(FileNotFoundError):
        detector.inspect(tmp_path / "none.png")
    (tmp_path / "text.png").write_text("not an image")
    with pytest.raises(OSError):
        detector.inspect(tmp_path / "text.png")


@pytest.mark.parametrize(
    "array, words",
    [
        (np.zeros((4, 4, 3)), "float64; expected uint8"),
        (np.zeros((4, 4, 3), np.float32), "float32; expected uint8"),
        (np.zeros((4, 4, 3), bool), "bool; expected uint8"),
        (np.zeros((4, 4, 3), np.int8), "int8; expected uint8"),
        (np.zeros((4, 4, 3), object), "object; expected uint8"),
        (np.zeros((4, 4, 2), np.uint8), "shape (4, 4, 2)"),
        (np.zeros((4, 4, 5), np.uint8), "shape (4, 4, 5)"),
        (np.zeros((0, 4, 3), np.uint8), "shape (0, 4, 3)"),
        (np.zeros((4,), np.uint8), "shape (4,)"),
        (np.zeros((1, 4, 4, 3), np.uint8), "shape (1, 4, 4, 3)"),
        (np.zeros((4, 4), np.uint8), "grey"),
        (np.zeros((4, 4, 1), np.uint8), "grey"),
        (np.zeros((4, 4, 4), np.uint16), "16 bits are read as rgb only"),
        (None, "object; expected uint8"),
    ],
)
def test_refused(detector, array, words):
    with pytest.raises(ValueError) as e:
        detector.inspect(array)
    assert words in str(e.value)


def test_orders_are_checked(detector, image):
    for order in ("bgra", "grb", "RGB"):
        with pytest.raises(ValueError, match="expected 3 channels"):
            detector.inspect(image, order=order)


def test_pillow_modes(detector):
    assert detector.inspect(Image.new("L", (8, 8), 90)).score == detector.inspect(Image.new("RGB", (8, 8), (90,) * 3)).score
    for mode in ("I", "F", "I;16"):
        with pytest.raises(ValueError, match="mode"):
            detector.inspect(Image.new(mode, (8, 8)))
