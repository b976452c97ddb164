"""Names that programs written for PyTorch import from below ``nn``."""

import pytest

from minitorch import nn
from minitorch.nn import common_types
from minitorch.nn.modules import utils


def test_every_layer_is_in_modules():
    layers = [
        name
        for name in dir(nn)
        if isinstance(getattr(nn, name), type) and issubclass(getattr(nn, name), nn.Module)
    ]
    # in PyTorch, too, it is one of nn.parallel alone
    layers.remove("DataParallel")
    assert len(layers) > 60
    assert all(getattr(nn.modules, name) is getattr(nn, name) for name in layers)


def test_helpers_of_sizes():
    assert utils._single(3) == (3,) and utils._pair([1, 2]) == (1, 2)
    assert utils._triple(3) == (3, 3, 3) and utils._quadruple(0) == (0, 0, 0, 0)
    assert utils._ntuple(5, "five").__name__ == "five"
    assert utils._reverse_repeat_tuple((1, 2), 2) == (2, 2, 1, 1)
    assert utils._list_with_default([None, 3], [7, 8, 9]) == [8, 3]
    assert utils._list_with_default(4, []) == 4
    with pytest.raises(ValueError, match="Input dimension should be at least 3"):
        utils._list_with_default([1, 2], [1, 2])


def test_names_of_types():
    assert common_types._size_2_t == int | tuple[int, int]
    assert nn.modules.activation.MultiheadAttention is nn.MultiheadAttention
    assert nn.modules.module._IncompatibleKeys([], []) == ([], [])
