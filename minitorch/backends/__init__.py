"""What the compiled kernels run on: instruction set and memory, and their switches."""

from minitorch._core.storage import cached_nbytes, empty_cache, set_cache_limit
from minitorch._kernels.dispatch import available_isas, isa
from minitorch.backends import conv

__all__ = ["available_isas", "cached_nbytes", "conv", "empty_cache", "isa", "set_cache_limit"]
