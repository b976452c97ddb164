# cython: auto_pickle=False
"""Copies of images into other places: constant borders, and pixels and channels shuffled."""

from minitorch._core.node cimport Node
from minitorch._core.record cimport connect1, records1, set_function
from minitorch._core.shape cimport (
    channels_last_strides, contiguous_strides, is_channels_last, size_text)
from minitorch._core.tensor cimport TensorBase, bare, new_strided
from minitorch._kernels.types cimport MAX_DIMS
from minitorch._ops._base cimport check_tensor, copy_raw, fill_raw
from minitorch._ops.scalars cimport is_number
from minitorch._ops.strided cimport slice_raw


cdef TensorBase image_like(TensorBase t, const Py_ssize_t* shape):
    """An uninitialised tensor of another shape: channels_last where `t` is, else contiguous."""
    cdef Py_ssize_t strides[MAX_DIMS]
    if not t.contiguous and is_channels_last(t.ndim_, t.shape_, t.strides_):
        channels_last_strides(t.ndim_, shape, strides)
    else:
        contiguous_strides(t.ndim_, shape, strides)
    return new_strided(t.dtype_, t.ndim_, shape, strides)


cdef TensorBase seen_as(TensorBase t, int n, const Py_ssize_t* shape, const Py_ssize_t* strides):
    """An unrecorded view."""
    cdef TensorBase made = bare()
    made.dtype_, made.storage, made.offset = t.dtype_, t.storage, t.offset
    made.set_geometry(n, shape, strides)
    return made


cdef Py_ssize_t whole_number(object value, str where, str argument) except? -1:
    if isinstance(value, bool) or not hasattr(value, "__index__"):
        raise TypeError(f"{where}(): argument '{argument}' (position 2) must be int, not "
                        f"{type(value).__name__}")
    return value


# ---------------------------------------------------------------- constant borders

cdef class ConstantPadNdBackward0(Node):
    """The gradient without the borders; zeros where the input was cut."""

    saved_names = ("pad",)

    cdef tuple apply(self, tuple grads):
        return (constant_pad_op(grads[0], tuple([-entry for entry in self.s0]), 0),)


cdef TensorBase constant_pad_op(TensorBase x, tuple pad, object value):
    """`pad` counts (before, after) from the last axis on; negative entries cut."""
    cdef TensorBase inner = x, place, out
    cdef Py_ssize_t shape[MAX_DIMS]
    cdef Py_ssize_t before, after
    cdef Node node
    cdef int i, dim
    cdef bint covered = True
    for dim in range(x.ndim_):
        shape[dim] = x.shape_[dim]
    for i in range(len(pad) // 2):
        dim, before, after = x.ndim_ - 1 - i, pad[2 * i], pad[2 * i + 1]
        shape[dim] += before + after
        covered = covered and before <= 0 and after <= 0
        before, after = max(-before, 0), max(-after, 0)
        if before + after > x.shape_[dim]:
            raise RuntimeError("narrow(): length must be non-negative.")
        inner = slice_raw(inner, dim, before, x.shape_[dim] - after, 1)
    out = place = image_like(x, shape)
    if not covered:
        fill_raw(out, value)
    for i in range(len(pad) // 2):
        dim, before, after = x.ndim_ - 1 - i, max(pad[2 * i], 0), max(pad[2 * i + 1], 0)
        place = slice_raw(place, dim, before, shape[dim] - after, 1)
    copy_raw(place, inner)
    if records1(x):
        node = ConstantPadNdBackward0.__new__(ConstantPadNdBackward0)
        connect1(node, x)
        node.s0 = pad
        set_function(out, node, 0)
    return out


def constant_pad_nd(input, pad, value=0):
    """Borders of `value`; `pad` has (before, after) of the last axis, the last but one, ...

    Raises
    ------
    RuntimeError
        If `pad` has an odd length, more pairs than the input has axes, or cuts too much.
    """
    cdef TensorBase x = check_tensor(input, "constant_pad_nd", "input")
    if not is_number(value):
        raise TypeError("constant_pad_nd(): argument 'value' (position 3) must be Number, not "
                        f"{type(value).__name__}")
    pad = tuple([whole_number(entry, "constant_pad_nd", "pad") for entry in pad])
    if len(pad) % 2:
        raise RuntimeError(f"Length of pad must be even but instead it equals {len(pad)}")
    if len(pad) > 2 * x.ndim_:
        raise RuntimeError("Length of pad should be no more than twice the number of dimensions "
                           f"of the input. Pad length is {len(pad)}while the input has "
                           f"{x.ndim_}dimensions.")
    return constant_pad_op(x, pad, value)


# ---------------------------------------------------------------- pixel_shuffle, pixel_unshuffle

cdef class PixelShuffleBackward0(Node):
    saved_names = ("upscale_factor",)

    cdef tuple apply(self, tuple grads):
        return (unshuffle_op(grads[0], self.s0),)


cdef class PixelUnshuffleBackward0(Node):
    saved_names = ("downscale_factor",)

    cdef tuple apply(self, tuple grads):
        return (shuffle_op(grads[0], self.s0),)


cdef TensorBase blocks_of(TensorBase t, Py_ssize_t r, bint spread):
    """(*, C, H, r, W, r): the blocks of r x r pixels, spread over an image or over its channels.

    For `spread` `t` is (*, C, H r, W r), otherwise (*, C r^2, H, W).
    """
    cdef Py_ssize_t shape[MAX_DIMS]
    cdef Py_ssize_t strides[MAX_DIMS]
    cdef int i, n = t.ndim_ + 2, c = t.ndim_ - 3
    cdef Py_ssize_t sc = t.strides_[c], sh = t.strides_[c + 1], sw = t.strides_[c + 2]
    for i in range(c + 1):
        shape[i], strides[i] = t.shape_[i], t.strides_[i]
    shape[c + 2] = shape[c + 4] = r
    shape[c + 1], shape[c + 3] = t.shape_[c + 1], t.shape_[c + 2]
    if spread:
        shape[c + 1] //= r
        shape[c + 3] //= r
        strides[c + 1], strides[c + 2], strides[c + 3], strides[c + 4] = r * sh, sh, r * sw, sw
    else:
        shape[c] //= r * r
        strides[c] = r * r * sc
        strides[c + 1], strides[c + 2], strides[c + 3], strides[c + 4] = sh, r * sc, sw, sc
    return seen_as(t, n, shape, strides)


cdef TensorBase shuffle_op(TensorBase x, Py_ssize_t r):
    cdef Py_ssize_t shape[MAX_DIMS]
    cdef int i, c = x.ndim_ - 3
    cdef TensorBase out
    cdef Node node
    for i in range(x.ndim_):
        shape[i] = x.shape_[i]
    shape[c] //= r * r
    shape[c + 1] *= r
    shape[c + 2] *= r
    out = image_like(x, shape)
    copy_raw(blocks_of(out, r, True), blocks_of(x, r, False))
    if records1(x):
        node = PixelShuffleBackward0.__new__(PixelShuffleBackward0)
        connect1(node, x)
        node.s0 = r
        set_function(out, node, 0)
    return out


cdef TensorBase unshuffle_op(TensorBase x, Py_ssize_t r):
    cdef Py_ssize_t shape[MAX_DIMS]
    cdef int i, c = x.ndim_ - 3
    cdef TensorBase out
    cdef Node node
    for i in range(x.ndim_):
        shape[i] = x.shape_[i]
    shape[c] *= r * r
    shape[c + 1] //= r
    shape[c + 2] //= r
    out = image_like(x, shape)
    copy_raw(blocks_of(out, r, False), blocks_of(x, r, True))
    if records1(x):
        node = PixelUnshuffleBackward0.__new__(PixelUnshuffleBackward0)
        connect1(node, x)
        node.s0 = r
        set_function(out, node, 0)
    return out


cdef TensorBase checked_image(object input, Py_ssize_t factor, str where, str argument):
    cdef TensorBase x = check_tensor(input, where, "input")
    if x.ndim_ < 3:
        raise RuntimeError(f"{where} expects input to have at least 3 dimensions, but got input "
                           f"with {x.ndim_} dimension(s)")
    if factor <= 0:
        raise RuntimeError(f"{where} expects a positive {argument}, but got {factor}")
    return x


def pixel_shuffle(input, upscale_factor):
    """(*, C r^2, H, W) as (*, C, H r, W r), r the factor; arXiv:1609.05158."""
    cdef Py_ssize_t r = whole_number(upscale_factor, "pixel_shuffle", "upscale_factor")
    cdef TensorBase x = checked_image(input, r, "pixel_shuffle", "upscale_factor")
    if x.shape_[x.ndim_ - 3] % (r * r):
        raise RuntimeError("pixel_shuffle expects its input's 'channel' dimension to be divisible "
                           "by the square of upscale_factor, but input.size(-3)="
                           f"{x.shape_[x.ndim_ - 3]} is not divisible by {r * r}")
    return shuffle_op(x, r)


def pixel_unshuffle(input, downscale_factor):
    """(*, C, H r, W r) as (*, C r^2, H, W), r the factor: the inverse of `pixel_shuffle`."""
    cdef Py_ssize_t r = whole_number(downscale_factor, "pixel_unshuffle", "downscale_factor")
    cdef TensorBase x = checked_image(input, r, "pixel_unshuffle", "downscale_factor")
    for name, i in (("height", -2), ("width", -1)):
        size = x.shape_[x.ndim_ + <int> i]
        if size % r:
            raise RuntimeError(f"pixel_unshuffle expects {name} to be divisible by "
                               f"downscale_factor, but input.size({i})={size} is not divisible "
                               f"by {r}")
    return unshuffle_op(x, r)


# ---------------------------------------------------------------- channel_shuffle

cdef class ChannelShuffleBackward0(Node):
    """The shuffle with as many groups as a group had channels."""

    saved_names = ("groups",)

    cdef tuple apply(self, tuple grads):
        cdef TensorBase g = grads[0]
        return (channel_shuffle_op(g, g.shape_[1] // <Py_ssize_t> self.s0),)


cdef TensorBase channel_shuffle_op(TensorBase x, Py_ssize_t groups):
    """(N, groups, C / groups, *) with the middle axes exchanged."""
    cdef TensorBase out = image_like(x, x.shape_)
    cdef Py_ssize_t shape[MAX_DIMS]
    cdef Py_ssize_t from_[MAX_DIMS]
    cdef Py_ssize_t to[MAX_DIMS]
    cdef Py_ssize_t size = x.shape_[1] // groups
    cdef int i
    cdef Node node
    for i in range(2, x.ndim_):
        shape[i + 1], from_[i + 1], to[i + 1] = x.shape_[i], x.strides_[i], out.strides_[i]
    shape[0], from_[0], to[0] = x.shape_[0], x.strides_[0], out.strides_[0]
    shape[1], from_[1], to[1] = size, x.strides_[1], out.strides_[1] * groups
    shape[2], from_[2], to[2] = groups, x.strides_[1] * size, out.strides_[1]
    copy_raw(seen_as(out, x.ndim_ + 1, shape, to), seen_as(x, x.ndim_ + 1, shape, from_))
    if records1(x):
        node = ChannelShuffleBackward0.__new__(ChannelShuffleBackward0)
        connect1(node, x)
        node.s0 = groups
        set_function(out, node, 0)
    return out


def channel_shuffle(input, groups):
    """(N, C, *) with the channels dealt out: one of each of `groups` groups in turn.

    Source: Zhang et al., "ShuffleNet" (arXiv:1707.01083).
    """
    cdef TensorBase x = check_tensor(input, "channel_shuffle", "input")
    cdef Py_ssize_t n = whole_number(groups, "channel_shuffle", "groups")
    if x.ndim_ < 3:
        raise RuntimeError("channel_shuffle expects input with > 2 dims, but got input with sizes "
                           f"{size_text(x.ndim_, x.shape_)}")
    if n <= 0:
        raise RuntimeError("Number of groups to divide channels in must be positive. Value of "
                           f"groups:{n}")
    if x.shape_[1] % n:
        raise RuntimeError("Number of channels must be divisible by groups. Got "
                           f"{x.shape_[1]} channels and {n} groups.")
    return channel_shuffle_op(x, n)
