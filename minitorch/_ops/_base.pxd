"""What the operation families share: operands, promotion, raw copies and elementwise runs.

"Raw" functions compute values only; nothing is recorded.
"""

from minitorch._core.dtype cimport dtype
from minitorch._core.node cimport Node
from minitorch._core.tensor cimport TensorBase
from minitorch._kernels.pointwise cimport mt_loop

cdef TensorBase check_tensor(object value, str where, str argument)
cdef TensorBase operand(object value, bint* number, str where, str argument)
cdef dtype common_dtype(TensorBase a, bint a_number, TensorBase b, bint b_number)

cdef TensorBase cast_raw(TensorBase t, dtype d)
cdef TensorBase contiguous_raw(TensorBase t)
cdef TensorBase clone_raw(TensorBase t)
cdef int copy_raw(TensorBase out, TensorBase source) except -1
cdef int fill_raw(TensorBase out, object value) except -1
cdef TensorBase full_raw(dtype d, TensorBase like, object value)
cdef TensorBase expand_raw(TensorBase t, int n, const Py_ssize_t* shape)

cdef int run2(mt_loop loop, TensorBase out, TensorBase a) except -1
cdef int run3(mt_loop loop, TensorBase out, TensorBase a, TensorBase b) except -1
cdef int run_item(mt_loop loop, TensorBase out, TensorBase a, const char* item) except -1
cdef int run_list(mt_loop loop, TensorBase out, list operands) except -1
cdef TensorBase new_output(dtype d, TensorBase a, TensorBase b)
cdef TensorBase new_output3(dtype d, TensorBase a, TensorBase b, TensorBase c)
cdef TensorBase unary_raw(int op, TensorBase a)
cdef TensorBase binary_raw(int op, TensorBase a, TensorBase b, dtype compute)
cdef TensorBase binary_number_raw(int op, TensorBase a, object number, dtype compute)
cdef int binary_into(int op, TensorBase out, TensorBase a, TensorBase b, dtype compute) except -1

cdef object refuse(str where, str argument, object value)
