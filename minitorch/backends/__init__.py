"""What the compiled kernels run on: instruction set and memory, and their switches.

`cuda`, `cudnn`, `mkl`, `mkldnn`, `mps` and `openmp` say for programs that ask that what PyTorch
has there is not here.
"""

from minitorch._core.storage import cached_nbytes, empty_cache, set_cache_limit
from minitorch._kernels.dispatch import available_isas, isa
from minitorch.backends import conv, cuda, cudnn, mkl, mkldnn, mps, openmp

__all__ = ["available_isas", "cached_nbytes", "conv", "cuda", "cudnn", "empty_cache", "isa", "mkl",
           "mkldnn", "mps", "openmp", "set_cache_limit"]
