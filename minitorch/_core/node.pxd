"""Node: a step of the backward graph.  It knows no tensor."""

from cpython.object cimport PyObject


cdef class Node:
    cdef tuple next_                 # for each input: the Node its gradient goes to, or None
    cdef tuple next_nr               # which of that Node's outputs it was; None if all are 0
    cdef object s0, s1, s2, s3, s4   # what the forward kept; see `saved_names`
    cdef readonly unsigned long long sequence_nr
    cdef int n_outputs               # outputs of the forward operation
    # Of output 0: gradients arrive in this dtype and shape (-1 dimensions: not known).
    cdef object out_dtype
    cdef int out_ndim
    cdef Py_ssize_t out_shape[4]
    cdef dict more_outputs           # output number -> (shape, dtype), of what is not above
    cdef Node absorber               # the next node, where it can do this one's work: see leave
    cdef bint freed
    cdef list tensor_hooks           # (output number, dict of hooks), before all else
    cdef dict retained               # output number -> hook that fills .grad of a non-leaf
    cdef object pre_hooks, post_hooks
    cdef dict metadata_
    cdef object __weakref__

    cdef tuple apply(self, tuple grads)
    cdef object leave(self)
    cdef tuple apply_after(self, tuple grads, object left)
    cdef void release(self) noexcept
    cdef bint needs(self, int i) noexcept

cdef void number(Node node) noexcept
cdef PyObject* set_evaluated(PyObject* node) noexcept
