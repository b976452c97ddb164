# cython: auto_pickle=False
"""The one door to numpy, for operations too rare to have kernels of their own.

Arrays are zero-copy views of the tensors' memory; nothing is recorded.
"""

import numpy

from minitorch._core.dtype cimport dtype, of_code
from minitorch._core.foreign cimport wrap_buffer
from minitorch._core.storage cimport Storage, source_of
from minitorch._core.tensor cimport TensorBase, alias
from minitorch._kernels.types cimport BF16, F16, F32, I16
from minitorch._ops._base cimport cast_raw


cdef object array_of(TensorBase t):
    """The elements as an array, to be moved but not computed with: bfloat16 shows as int16."""
    cdef TensorBase plain = alias(t)
    cdef Storage s = source_of(t.storage)
    cdef bint lent = s.lent, kept = s.kept
    if plain.dtype_.code == BF16:
        plain.dtype_ = of_code(I16)
    s.kept = False              # nothing is lent to anybody else
    array = numpy.asarray(memoryview(plain))
    s.lent, s.kept = lent, kept
    return array


cdef object numbers_of(TensorBase t):
    """The elements as an array to compute with: half precision is widened to float32."""
    if t.dtype_.code == BF16 or t.dtype_.code == F16:
        return array_of(cast_raw(t, of_code(F32)))
    return array_of(t)


cdef TensorBase from_array(object array, dtype d):
    """A tensor over a fresh array of elements (or bit patterns, for bfloat16) of `d`."""
    cdef TensorBase made
    # 0-d results of numpy are immutable scalars
    if not isinstance(array, numpy.ndarray):
        array = numpy.array(array)
    if array.itemsize == d.itemsize:
        made = wrap_buffer(array, d, True)
        made.storage.lent = False
        return made
    made = wrap_buffer(array, None, True)
    return cast_raw(made, d)
