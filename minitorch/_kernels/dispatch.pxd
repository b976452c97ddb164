"""Run-time choice of the instruction set; see isa/isa.h for the table's families."""

cdef extern from "isa/isa.h" nogil:
    ctypedef struct mt_kernels:
        const char* name
        Py_ssize_t vector_bytes

# The table in use.  Fetch it at every call: tests switch it.
cdef const mt_kernels* kernels() noexcept nogil
