# cython: auto_pickle=False
"""unfold and fold: the sliding blocks of images as columns, and their sum; each the other's slope.
"""

from minitorch._core.dtype cimport FLOATING, type_name
from minitorch._core.node cimport Node
from minitorch._core.record cimport connect1, records1, set_function
from minitorch._core.tensor cimport TensorBase
from minitorch._kernels.types cimport BOOL
from minitorch._ops._base cimport check_tensor
from minitorch._ops.array cimport array_of, from_array, numbers_of
from minitorch._ops.conv_maps cimport sizes_of

from minitorch._ops.fold_arrays import add_blocks, fold_options, read_blocks, unfold_options


cdef class BlocksNode(Node):
    cdef tuple options      # kernel, dilation, padding, stride, numbers of blocks
    cdef tuple size         # of the image


cdef class Im2ColBackward0(BlocksNode):
    """A pixel gets the gradients of all blocks that show it."""

    cdef tuple apply(self, tuple grads):
        return (fold_op(grads[0], self.options, self.size),)


cdef class Col2ImBackward0(BlocksNode):
    """A block gets the gradients of its pixels."""

    cdef tuple apply(self, tuple grads):
        return (unfold_op(grads[0], self.options),)


cdef int link(BlocksNode node, TensorBase x, TensorBase out, tuple options,
              tuple size) except -1:
    connect1(node, x)
    node.options, node.size = options, size
    set_function(out, node, 0)
    return 0


cdef TensorBase unfold_op(TensorBase x, tuple options):
    cdef TensorBase out = from_array(read_blocks(array_of(x), *options), x.dtype_)
    if records1(x):
        link(Im2ColBackward0(), x, out, options, sizes_of(x)[x.ndim_ - 2:])
    return out


cdef TensorBase fold_op(TensorBase x, tuple options, tuple size):
    cdef TensorBase out = from_array(add_blocks(numbers_of(x), *options, size), x.dtype_)
    if records1(x):
        link(Col2ImBackward0(), x, out, options, size)
    return out


cdef int check_dtype(TensorBase x, str kernel) except -1:
    if x.dtype_.category != FLOATING and x.code() != BOOL:
        raise NotImplementedError(f"\"{kernel}\" not implemented for '{type_name(x.dtype_)}'")
    return 0


def unfold(input, kernel_size, dilation=1, padding=0, stride=1):
    """The sliding blocks of images; see `minitorch.nn.functional.unfold`."""
    cdef TensorBase x = check_tensor(input, "unfold", "input")
    options = unfold_options(sizes_of(x), kernel_size, dilation, padding, stride)
    check_dtype(x, "im2col_out_cpu")
    return unfold_op(x, options)


def fold(input, output_size, kernel_size, dilation=1, padding=0, stride=1):
    """Images from sliding blocks; see `minitorch.nn.functional.fold`."""
    cdef TensorBase x = check_tensor(input, "fold", "input")
    *options, size = fold_options(sizes_of(x), output_size, kernel_size, dilation, padding,
                                  stride)
    check_dtype(x, "col2im_out_cpu")
    return fold_op(x, tuple(options), size)
