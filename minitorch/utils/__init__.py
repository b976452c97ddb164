"""Helpers beside the network: :mod:`minitorch.utils.data`."""

__all__ = ["data"]


def __getattr__(name):
    if name == "data":
        import importlib

        return importlib.import_module("minitorch.utils.data")
    raise AttributeError(f"module 'minitorch.utils' has no attribute {name!r}")


def __dir__():
    return sorted([*globals(), *__all__])
