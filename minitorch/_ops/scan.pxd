"""Running sums and products; see `scan.pyx`."""

from minitorch._core.dtype cimport dtype
from minitorch._core.tensor cimport TensorBase

cdef TensorBase cumsum_op(TensorBase x, int dim, dtype out)
cdef TensorBase cumprod_op(TensorBase x, int dim, dtype out)
