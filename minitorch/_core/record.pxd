"""What every operation needs to enter the backward graph."""

from minitorch._core.dtype cimport dtype
from minitorch._core.grad_mode cimport grad_enabled
from minitorch._core.node cimport Node
from minitorch._core.tensor cimport TensorBase

cdef class SavedTensor:
    cdef TensorBase tensor
    cdef unsigned long version
    cdef unsigned int unseen         # changes of its bytes that `version` does not count
    cdef int output_nr
    cdef char* bytes_                # where they lay
    cdef unsigned long long check_sum   # of the storage's bytes, where others may write them
    cdef bint summed, is_output
    cdef object packed, unpack_hook

cdef class AccumulateGrad(Node):
    cdef TensorBase leaf

cdef class PythonNode(Node):
    pass

# Set on the first use of saved_tensors_hooks or a default error: keeps the common path short.
cdef SavedTensor save(TensorBase t)
cdef SavedTensor save_output(TensorBase t)
cdef TensorBase unpack(object saved, Node node)

cdef Node edge_of(TensorBase t)
cdef void connect1(Node node, TensorBase a)
cdef void connect2(Node node, TensorBase a, TensorBase b)
cdef void connect3(Node node, TensorBase a, TensorBase b, TensorBase c)
cdef void connect_all(Node node, list inputs)
cdef void set_function(TensorBase out, Node node, int nr) noexcept

cdef inline bint records1(TensorBase a) noexcept:
    return a.requires() and grad_enabled()

cdef inline bint records2(TensorBase a, TensorBase b) noexcept:
    return (a.requires() or b.requires()) and grad_enabled()

cdef inline bint records3(TensorBase a, TensorBase b, TensorBase c) noexcept:
    return ((a is not None and a.requires()) or (b is not None and b.requires())
            or (c is not None and c.requires())) and grad_enabled()

cdef int check_writable(TensorBase t, bint records) except -1
cdef void bump(TensorBase t) noexcept
