"""What the compiled kernels run on: instruction set and memory, and their switches.

`cuda`, `cudnn`, `mkl`, `mkldnn`, `mps` and `openmp` say for programs that ask that what PyTorch
has there is not here.
"""

from minitorch._core.storage import cached_nbytes, empty_cache, set_cache_limit
from minitorch._kernels.dispatch import available_isas, isa
from minitorch.backends import conv

_STAND_INS = ("cuda", "cudnn", "mkl", "mkldnn", "mps", "openmp")

__all__ = ["available_isas", "cached_nbytes", "conv", "empty_cache", "isa", "set_cache_limit",
           *_STAND_INS]  # noqa: PLE0604


def __getattr__(name):
    if name not in _STAND_INS:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    # at first use: few programs ask, and all pay for an import
    import importlib
    return importlib.import_module(f"{__name__}.{name}")


def __dir__():
    return sorted({*globals(), *__all__})
