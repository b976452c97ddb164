"""Makers of checkpoint files, shared by the tests of this folder."""

import importlib.util
import io
import pathlib
import sys

import numpy as np
import pytest

TOOLS = pathlib.Path(__file__).resolve().parents[2] / "tools"


@pytest.fixture(scope="session")
def fx():
    """The module ``tools/make_fixtures.py``."""
    spec = importlib.util.spec_from_file_location("make_fixtures", TOOLS / "make_fixtures.py")
    module = importlib.util.module_from_spec(spec)
    sys.modules["make_fixtures"] = module
    spec.loader.exec_module(module)
    return module


@pytest.fixture
def small(fx):
    """A few records of different dtypes, shapes and kinds."""
    arrays = {
        "conv.weight": np.arange(24, dtype=np.float32).reshape(2, 3, 2, 2),
        "scalar": np.array(7, np.int64),
        "empty": np.zeros((0, 3), np.float32),
        "half": np.array([1.5, -2.0], np.float16),
        "double": np.array([[0.1]], np.float64),
        "mask": np.array([True, False]),
        "bytes": np.arange(5, dtype=np.uint8),
    }
    records = {name: fx.record(array) for name, array in arrays.items()}
    records["conv.weight"].is_parameter = records["conv.weight"].requires_grad = True
    return records


@pytest.fixture
def opened():
    """Open bytes as a checkpoint and resolve it strictly."""
    from minitorch.serialization._open import open_checkpoint

    def open_bytes(data, strict=True):
        return open_checkpoint(io.BytesIO(data))[0].value(strict=strict)[0]

    return open_bytes


@pytest.fixture
def same_records():
    """Compare two maps of records by dtype, shape and values."""

    def check(found, expected):
        assert list(found) == list(expected)
        for name, record in expected.items():
            assert found[name].dtype is record.dtype, name
            assert tuple(found[name].size) == tuple(record.size), name
            np.testing.assert_array_equal(found[name].numpy(), record.numpy())

    return check
