"""Packed weights, kept with the storage they were made of.

Packing reads and writes the weights, up to four times their size; a network that only predicts,
or a frozen trunk, should do it once.  A kept form is good while the storage's version stands
and nobody else can write to its memory: a writable buffer in other hands (numpy, DLPack) means
that nothing is kept, and one that was handed out and given back means packing anew.

A form is kept at the second use of a version, not at the first: weights that are being trained
change at every step, and the first image through a network need not wait for all of it.
"""

from minitorch._core.storage cimport Storage, new_storage, source_of, unseen
from minitorch._core.tensor cimport TensorBase
from minitorch._kernels.conv cimport (
    Algorithm, pack_weights, packed_bytes, route_backward_input, route_forward)
from minitorch._kernels.dispatch cimport kernels
from minitorch._kernels.shapes cimport ConvShape
from minitorch._kernels.types cimport F32

cdef enum:
    MOST_FORMS = 4          # of one storage: forward and backward, at two image sizes


cdef class ConvWeights:
    """A weight, the algorithm for it, and perhaps its packed form."""

    cdef const void* packed(self) noexcept:
        return NULL if self.block is None else self.block.data


cdef bint is_good(ConvWeights kept, Storage storage) noexcept:
    return kept.version == storage.version and kept.exposed == exposures(storage)


cdef unsigned long exposures(Storage storage) noexcept:
    """Writes, known or possible, that the storage's version does not count."""
    cdef Storage lender = source_of(storage)
    return lender.exposed + unseen(storage)


cdef tuple key_of(TensorBase w, Algorithm algorithm, bint backward, ConvShape* s):
    """All that the contents of a packed form depend on, besides the values."""
    return (<int> algorithm, backward, s.groups, kernels().vector_bytes, w.code(), w.offset,
            s.w_channels_last, w.shape_[0], w.shape_[1], w.shape_[2], w.shape_[3])


cdef bint used_before(Storage storage, bint backward) noexcept:
    """Whether these values have been used in this direction; notes that they are."""
    cdef bint before = storage.last_use[backward] == <unsigned int> storage.version + 1
    storage.last_use[backward] = <unsigned int> storage.version + 1
    return before


cdef ConvWeights find(TensorBase w, Algorithm algorithm, bint backward, ConvShape* s):
    """The kept form, if there is one and it is good."""
    cdef Storage storage = w.storage
    cdef ConvWeights kept
    if storage.derived is None:
        return None
    key = key_of(w, algorithm, backward, s)
    kept = storage.derived.get(key)
    if kept is not None and not is_good(kept, storage):
        storage.derived = None              # the values have changed: so have all forms
        return None
    return kept


cdef int keep(ConvWeights weights, TensorBase w, bint backward, ConvShape* s) except -1:
    """Pack the weights and keep the form with their storage."""
    cdef Storage storage = w.storage
    cdef Algorithm way = weights.algorithm
    cdef Py_ssize_t nbytes = packed_bytes(s, way, w.code() != F32, backward)
    cdef ConvWeights kept = ConvWeights.__new__(ConvWeights)
    if nbytes == 0:                         # read as they lie
        return 0
    kept.block = new_storage(nbytes)
    # before packing, which other threads may write during; the record holds no tensor: the
    # storage would keep itself alive
    kept.algorithm, kept.version, kept.exposed = way, storage.version, exposures(storage)
    if w.code() == F32:
        with nogil:
            pack_weights(<float*> kept.block.data, <const float*> w.data(), s, way, backward)
    else:
        with nogil:
            pack_weights(<double*> kept.block.data, <const double*> w.data(), s, way, backward)
    if storage.derived is None:
        storage.derived = {}
    while len(storage.derived) >= MOST_FORMS:
        del storage.derived[next(iter(storage.derived))]
    storage.derived[key_of(w, way, backward, s)] = kept
    weights.block = kept.block
    return 0


cdef ConvWeights weights_for(TensorBase w, TensorBase dense, ConvShape* s, bint backward):
    """The weight with the algorithm to use, packed where that was or is worth keeping."""
    cdef ConvWeights weights = ConvWeights.__new__(ConvWeights)
    cdef ConvWeights kept
    cdef Storage lender = source_of(w.storage)
    cdef bint wide = w.code() != F32
    weights.w = dense
    s.w_channels_last = not dense.contiguous
    weights.algorithm = route_backward_input(s, wide) if backward else route_forward(s, wide)
    if dense is not w or lender.owner is not None or lender.exports:
        return weights
    kept = find(w, weights.algorithm, backward, s)
    if kept is not None:
        weights.block = kept.block
    elif used_before(w.storage, backward):
        keep(weights, w, backward, s)
    return weights
