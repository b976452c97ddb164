"""The libraries that are timed, one file each.

A contestant is a class with ``name``; ``Contestant(threads, weights)`` imports the library, and
``prepare(job)`` returns a `Prepared`. Jobs and variants are told apart by plain words, since both
travel to another process as JSON.
"""

import importlib.util
from collections.abc import Callable
from typing import NamedTuple

# name -> (our module, the library's module)
_FILES = {
    "minitorch": ("ours", "minitorch"),
    "torch": ("pytorch", "torch"),
    "onnxruntime": ("onnx_runtime", "onnxruntime"),
    "openvino": ("open_vino", "openvino"),
}
NEEDS_ONNX = ("onnxruntime", "openvino")


class Job(NamedTuple):
    """What is to be timed.

    `work` is one of "inference", "folded", "training", "head" (ResNet-18 on `images` images of
    `pixels` x `pixels`) and "statement" (the statement named `name`). `layout` is that of the
    convolution weights, where the contestant has a choice.
    """

    work: str
    images: int = 0
    pixels: int = 0
    layout: str = "channels_last"
    name: str = ""


class Prepared(NamedTuple):
    """A job ready to run: a call or a statement for `timeit`, and numbers to compare."""

    statement: Callable | str
    numbers: list = []
    names: dict = {}  # globals of the statement


def available(name):
    """Whether a contestant's library is installed."""
    needed = [_FILES[name][1], *(["onnx"] if name in NEEDS_ONNX else [])]
    return all(importlib.util.find_spec(module) is not None for module in needed)


def load(name):
    """Import a contestant's class."""
    return importlib.import_module(f"bench.contestants.{_FILES[name][0]}").Contestant
