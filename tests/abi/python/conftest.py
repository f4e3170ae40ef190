"""What the tests share: the model made by the Go program beside them, and an
image of noise."""

import numpy as np
import pytest

import aecsad


def pytest_addoption(parser):
    parser.addoption("--model", required=True, help="tiny.aecsad")


@pytest.fixture(scope="session")
def model(request):
    return request.config.getoption("--model")


@pytest.fixture
def detector(model):
    with aecsad.Detector(model, threads=1) as d:
        yield d


@pytest.fixture(scope="session")
def image():
    return np.random.default_rng(1).integers(0, 256, (48, 60, 3), dtype=np.uint8)
