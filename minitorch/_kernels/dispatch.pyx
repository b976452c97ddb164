"""The one place that chooses between AVX-512, AVX2 and portable vector kernels.

The choice is made at import: the best that the processor can run, or what
``MINITORCH_ISA=avx512|avx2|portable`` says; a name that this build or this processor does
not have is a ValueError.
"""

import os

cdef extern from "isa/select.h" nogil:
    enum:
        MT_N_ISAS
    const char* mt_isa_name(int rank)
    const mt_kernels* mt_find_isa(const char* name)

cdef const mt_kernels* _table = NULL


cdef const mt_kernels* kernels() noexcept nogil:
    """The table of the instruction set in use."""
    return _table


def available_isas():
    """Names of the instruction sets that this machine can run, best first."""
    cdef int rank
    return [mt_isa_name(rank).decode() for rank in range(MT_N_ISAS)
            if mt_find_isa(mt_isa_name(rank)) != NULL]


def isa():
    """Name of the instruction set in use: ``'avx512'``, ``'avx2'`` or ``'portable'``."""
    return _table.name.decode()


def _select(name):
    """Use the instruction set `name` from now on (tests only: not while kernels run).

    Raises
    ------
    ValueError
        This build or this processor does not have it.
    """
    global _table
    cdef bytes encoded = name.encode()
    cdef const mt_kernels* found = mt_find_isa(encoded)
    if found == NULL:
        raise ValueError(f"instruction set {name!r} is not available here; "
                         f"available: {', '.join(available_isas())}")
    _table = found


def _select_from_environment():
    wanted = os.environ.get("MINITORCH_ISA", "")
    try:
        _select(wanted or available_isas()[0])
    except ValueError as error:
        raise ValueError(f"MINITORCH_ISA: {error}") from None


_select_from_environment()
