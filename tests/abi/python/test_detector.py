"""Detector and Result."""

import copy
import gc
import multiprocessing
import os
import pickle
import subprocess
import sys
import threading
import time

import numpy as np
import pytest

import aecsad


def test_info(detector, model):
    info = detector.info
    assert (info.side, info.map_side, info.components) == (64, 16, ("bolt", "nut"))
    assert (info.profile, info.category, info.device != "") == ("quick", "tiny", True)
    assert detector.components == ("bolt", "nut")
    assert repr(detector).startswith("<aecsad.Detector of tiny: profile quick, 64 x 64 pixels, 2 components, threshold 4.000")
    assert aecsad.__version__ == aecsad.version() != ""


def test_result(detector, image):
    r = detector.inspect(image)
    assert r.score == r.structural + r.logical
    assert r.decision == "anomalous" and r.kind in ("structural", "logical") and r.findings
    assert repr(r).startswith(f"<aecsad.Result anomalous ({r.kind}): score {r.score:.3f} > threshold 4.000")
    assert r.anomaly_map.shape == (16, 16) and r.anomaly_map.dtype == np.float32
    np.testing.assert_array_equal(r.anomaly_map, r.local_map + r.global_map)
    assert r.classes.shape == (64, 64) and r.classes.max() <= 2
    np.testing.assert_array_equal(r.resized_map("fused", 16, 16), r.anomaly_map)
    assert r.resized_map().shape == image.shape[:2] == r.resized_map("classes").shape
    with pytest.raises(ValueError):
        r.anomaly_map[0, 0] = 1
    with pytest.raises(ValueError, match="expected local, global"):
        r.resized_map("heat")
    f = r.findings[0]
    assert str(f) == f.sentence and len(f.box) == 4


def test_interpolation(detector, image):
    r = detector.inspect(image)
    up = r.resized_map("fused", 32, 48)
    m = r.anomaly_map
    assert up[0, 0] == m[0, 0] and up[-1, -1] == m[-1, -1]
    # output column 1 is a quarter between columns 0 and 1, row 0 is row 0
    np.testing.assert_allclose(up[0, 1], 0.75 * m[0, 0] + 0.25 * m[0, 1], rtol=1e-6)
    np.testing.assert_array_equal(r.resized_map("classes", 32, 32), r.classes[1::2, 1::2])


def test_overlay(detector, image):
    r = detector.inspect(image)
    assert r.overlay(image).shape == image.shape and r.overlay(image).dtype == np.uint8
    assert r.overlay().shape == image.shape
    detector.threshold = 1e9
    calm = detector.inspect(image)
    np.testing.assert_array_equal(calm.overlay(image, opacity=0), image)
    with pytest.raises(ValueError, match="inspected was"):
        r.overlay(image[:10])


def test_maps_outlive_result_and_detector(model, image):
    with aecsad.Detector(model) as d:
        view = d.inspect(image).anomaly_map
        wanted = view.copy()
    gc.collect()
    for _ in range(20):
        np.empty(1 << 16).fill(7)
    np.testing.assert_array_equal(view, wanted)


def test_closed(model, image):
    d = aecsad.Detector(model)
    d.close()
    d.close()
    assert repr(d) == "<aecsad.Detector, closed>"
    with pytest.raises(aecsad.Error, match="the detector was freed") as e:
        d.inspect(image)
    assert e.value.status == "AECSAD_ERR_HANDLE" and e.value.code == 4


def test_open_errors(model, tmp_path):
    with pytest.raises(aecsad.Error) as e:
        aecsad.Detector(tmp_path / "none.aecsad")
    assert e.value.status == "AECSAD_ERR_FILE" and "none.aecsad" in str(e.value)
    (tmp_path / "text.aecsad").write_text("hello")
    with pytest.raises(aecsad.Error) as e:
        aecsad.Detector(tmp_path / "text.aecsad")
    assert e.value.status == "AECSAD_ERR_MODEL"
    with pytest.raises(aecsad.Error, match="options->threads is -1"):
        aecsad.Detector(model, threads=-1)
    with pytest.raises(aecsad.Error) as e:
        aecsad.Detector(model, device="gpu")
    assert e.value.status == "AECSAD_ERR_DEVICE"
    assert repr(pickle.loads(pickle.dumps(e.value))) == repr(e.value)


def test_non_ascii_path(model, tmp_path):
    path = tmp_path / "Modell für Schrauben ü.aecsad"
    path.write_bytes(open(model, "rb").read())
    assert aecsad.Detector(path).info.category == "tiny"


def test_thresholds(detector, image):
    detector.threshold = 1e9
    assert detector.threshold == 1e9 and detector.inspect(image).decision == "good"
    assert detector.inspect(image).findings == ()
    detector.set_false_alarm_rate(0.1)
    assert detector.info.false_alarm_rate == 0.1
    with pytest.raises(aecsad.Error) as e:
        detector.set_false_alarm_rate(0.001)
    assert e.value.status == "AECSAD_ERR_TOO_FEW" and "999" in str(e.value)


def test_batch(model, image):
    with aecsad.Detector(model, sessions=2) as d:
        wanted = d.inspect(image).score
        assert [r.score for r in d.inspect_batch([image] * 5)] == [wanted] * 5
        assert d.inspect_batch([]) == []
        with pytest.raises(aecsad.ImageError, match="image 1: .*grey"):
            d.inspect_batch([image, image[..., 0]])


def test_memory_limit(model, image, detector):
    need = detector.info.memory
    assert need > 1 << 20
    with pytest.raises(aecsad.NoMemoryError, match="the detector needs .*, the limit is ") as e:
        aecsad.Detector(model, threads=1, memory_limit=need - 1)
    assert isinstance(e.value, MemoryError) and e.value.status == "AECSAD_ERR_NOMEM"
    with aecsad.Detector(model, threads=1, memory_limit=need) as d:
        assert d.inspect(image).score == detector.inspect(image).score
        assert pickle.loads(pickle.dumps(d)).info.memory == need
    with pytest.raises(ValueError, match="memory_limit is -1"):
        aecsad.Detector(model, memory_limit=-1)


def test_from_bytes(model, image, detector):
    with open(model, "rb") as f:
        d = aecsad.Detector.from_bytes(f.read())
    assert d.inspect(image).score == detector.inspect(image).score
    with pytest.raises(TypeError, match="cannot be pickled"):
        pickle.dumps(d)
    with pytest.raises(aecsad.Error):
        aecsad.Detector.from_bytes(b"")


def test_pickle(detector, image):
    detector.threshold = 2.5
    again = pickle.loads(pickle.dumps(detector))
    assert again.threshold == 2.5 and again.info.threads == 1
    assert again.inspect(image).score == detector.inspect(image).score
    detector.set_false_alarm_rate(0.2)
    assert copy.copy(detector).info.false_alarm_rate == 0.2


def inspect_in_worker(arguments):
    d, image = arguments
    return d.inspect(image).score


def test_spawned_pool(detector, image):
    wanted = detector.inspect(image).score
    with multiprocessing.get_context("spawn").Pool(2) as pool:
        assert pool.map(inspect_in_worker, [(detector, image)] * 4) == [wanted] * 4


def test_forkserver(detector, image):
    with multiprocessing.get_context("forkserver").Pool(1) as pool:
        assert pool.map(inspect_in_worker, [(detector, image)]) == [detector.inspect(image).score]


def test_forked_pool_gets_an_error(detector, image):
    """It is the task's error, and nothing hangs."""
    with multiprocessing.get_context("fork").Pool(2) as pool:
        with pytest.raises(aecsad.Error) as e:
            pool.apply_async(inspect_in_worker, [(detector, image)]).get(timeout=60)
    assert e.value.status == "AECSAD_ERR_FORKED"


def test_forked_child_gets_an_error(detector, image):
    read, write = os.pipe()
    child = os.fork()
    if child == 0:
        text = b"no error"
        try:
            start = time.perf_counter()
            detector.inspect(image)
        except aecsad.Error as e:
            text = f"{e.status} {time.perf_counter() - start < 0.05}".encode()
        finally:
            os.write(write, text)
            os._exit(0)
    os.waitpid(child, 0)
    assert os.read(read, 100) == b"AECSAD_ERR_FORKED True"
    os.close(read)
    os.close(write)


def test_interpreter_lock_is_free(model, image):
    """A thread counts while another inspects."""
    turns, stop = [0], threading.Event()

    def count():
        while not stop.is_set():
            turns[0] += 1

    with aecsad.Detector(model) as d:
        large = np.tile(image, (20, 20, 1))
        counter = threading.Thread(target=count)
        counter.start()
        before = turns[0]
        for _ in range(10):
            d.inspect(large)
        gained = turns[0] - before
        stop.set()
        counter.join()
    assert gained > 100


def test_log(model):
    lines = []
    aecsad.set_log(lambda level, text: lines.append((level, text)))
    try:
        aecsad.Detector(model, device="cpu").close()
    finally:
        aecsad.set_log(None)
    aecsad.Detector(model, device="cpu").close()
    assert [level for level, _ in lines] == ["info", "info"]
    assert "opened from" in lines[0][1] and "closed" in lines[1][1]
    with pytest.raises(ValueError, match="expected one of error, warning, info"):
        aecsad.set_log(print, "loud")


def test_log_says_once_why_auto_is_the_processor(model):
    program = (
        "import aecsad, sys\n"
        "aecsad.set_log(lambda level, text: print(level, text))\n"
        "for _ in range(2):\n"
        "    with aecsad.Detector(sys.argv[1], device='auto') as d:\n"
        "        print('opened', d.info.device)\n"
    )
    environment = {**os.environ, "AECSAD_CUDA_DRIVER": "libnothing.so"}
    environment.pop("AECSAD_DEVICE", None)
    run = [sys.executable, "-c", program, str(model)]
    lines = subprocess.run(run, env=environment, check=True, capture_output=True, text=True).stdout.splitlines()
    why = "info the device is the processor: cuda: no driver: looked for libnothing.so"
    assert [line.startswith(why) for line in lines].count(True) == 2, lines  # once for each detector
    assert [line for line in lines if line.startswith("opened")] == ["opened cpu"] * 2


def test_precision_is_asked_for_by_name(detector, model):
    assert detector.info.precision == "f32"
    with pytest.raises(aecsad.Error, match='cpu: no precision "f16"; this device has f32') as e:
        aecsad.Detector(model, device="cpu", precision="f16")
    assert e.value.status == "AECSAD_ERR_DEVICE"
    with aecsad.Detector(model, device="cpu", precision="f32") as d:
        assert d.info.precision == "f32" and d.info.device == "cpu"


def test_products_of_a_bundle(detector, model, image):
    line = os.path.join(os.path.dirname(model), "line.aecsad")
    with pytest.raises(aecsad.Error, match="has 2 products, expected the name of one: tiny, other"):
        aecsad.Detector(line)
    with pytest.raises(aecsad.Error, match='has no product "Tiny", expected one of: tiny, other'):
        aecsad.Detector(line, product="Tiny")
    expected = detector.inspect(image)
    with open(line, "rb") as file:
        from_bytes = aecsad.Detector.from_bytes(file.read(), product="tiny")
    tiny = aecsad.Detector(line, product="tiny")
    for d in (tiny, from_bytes, pickle.loads(pickle.dumps(tiny))):
        r = d.inspect(image)
        assert d.info.category == "tiny" and r.score == expected.score
        np.testing.assert_array_equal(r.anomaly_map, expected.anomaly_map)
    other = aecsad.Detector(line, product="other")
    assert other.info.category == "other" and other.inspect(image).score != expected.score


def run_python(code, **env):
    return subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, timeout=60, env={**os.environ, **env}
    )


def test_missing_library():
    p = run_python("import aecsad", AECSAD_LIBRARY="/no/such.so")
    assert p.returncode == 1 and "AECSAD_LIBRARY is /no/such.so" in p.stderr.splitlines()[-1]
    p = run_python("import aecsad", AECSAD_LIBRARY="libm.so.6")
    assert p.returncode == 1 and "is not a libaecsad" in p.stderr.splitlines()[-1]


def test_exit_with_open_detector_is_clean(model):
    p = run_python(f"import aecsad; d = aecsad.Detector({model!r}); r = d")
    assert (p.returncode, p.stdout, p.stderr) == (0, "", "")


def test_exit_during_inspection_is_clean(model):
    code = (
        "import aecsad, threading, numpy as np\n"
        f"d = aecsad.Detector({model!r})\n"
        "image = np.zeros((2000, 2000, 3), np.uint8)\n"
        "def work():\n    while True: d.inspect(image)\n"
        "threading.Thread(target=work, daemon=True).start()\n"
        "import time; time.sleep(0.2)\n"
    )
    p = run_python(code)
    assert (p.returncode, p.stdout, p.stderr) == (0, "", "")
