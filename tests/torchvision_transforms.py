"""torchvision's transforms for the parity tests, imported without its compiled operators."""

import contextlib
import sys

import pytest


def transforms_of_torchvision():
    """``torchvision.transforms``; the test is skipped where it or torch is not installed.

    torchvision comes without its requirements, so its compiled library may not fit the PyTorch
    here. Importing the package only asks for the names of two operators of that library.
    """
    torch = pytest.importorskip("torch")
    if "torchvision" not in sys.modules:
        library = torch.library.Library("torchvision", "DEF")
        for name in ("nms", "qnms"):
            with contextlib.suppress(RuntimeError):  # it is there
                library.define(f"{name}(Tensor dets, Tensor scores, float iou_threshold) -> Tensor")
        transforms_of_torchvision.library = library  # what it defines goes with it
    pytest.importorskip("torchvision")
    from torchvision import transforms
    return transforms
