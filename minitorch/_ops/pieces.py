"""Parts of a tensor replaced in a copy, copies of views, and further ways to cut."""

from minitorch._ops import expand, join, strided, view
from minitorch._ops.creation import zeros_like
from minitorch._ops.rearrange import diag_embed
from minitorch._ops.rule import RuleNode, given, is_scalar, tensor_arg, wrapped

# The names also stand in COPIES, at the foot of this file.
__all__ = [
    "adjoint", "as_strided_scatter", "diagflat", "diagonal_scatter", "dsplit", "fill_diagonal_",
    "hsplit", "moveaxis", "movedim", "narrow_copy", "row_stack", "select_scatter", "slice_scatter",
    "unsafe_chunk", "unsafe_split", "unsafe_split_with_sizes", "vsplit",
]


# ---------------------------------------------------------------- parts replaced

class Replaced(RuleNode):
    """Base: nothing for what was replaced, the part of the gradient for the source."""

    def slopes(self, grad):
        mine = None
        if self.asked(0):
            mine = grad.clone()
            self.part(mine).copy_(zeros_like(self.part(grad)))
        return mine, self.part(grad) if self.asked(1) else None


class SelectScatterBackward0(Replaced):
    """The slopes of `select_scatter`."""


class SliceScatterBackward0(Replaced):
    """The slopes of `slice_scatter`."""


class DiagonalScatterBackward0(Replaced):
    """The slopes of `diagonal_scatter`."""


class AsStridedScatterBackward0(Replaced):
    """The slopes of `as_strided_scatter`."""


def replaced(name, input, src, part, node, out):
    """A copy of `input` with `src` in the part that the function `part` views."""
    x, source = tensor_arg(input, name, "input"), tensor_arg(src, name, "src")
    value = x.detach().clone()
    target = part(value)
    if target.shape != source.shape:
        raise RuntimeError(f"expected src to have a size equal to the slice of self. src size = "
                           f"{list(source.shape)}, slice size = {list(target.shape)}")
    target.copy_(source.detach())
    return given(node.record(value, (x, source), part=part), out)


def select_scatter(input, src, dim, index):
    """A copy with `src` in place of ``input.select(dim, index)``."""
    return replaced("select_scatter", input, src, lambda t: strided.select(t, dim, index),
                    SelectScatterBackward0, None)


def slice_scatter(input, src, dim=0, start=None, end=None, step=1, *, out=None):
    """A copy with `src` in place of the slice ``start:end:step`` of an axis."""
    axis = wrapped(dim, tensor_arg(input, "slice_scatter", "input").dim())
    key = (slice(None),) * axis + (slice(start, end, step),)
    return replaced("slice_scatter", input, src, lambda t: t[key], SliceScatterBackward0, out)


def diagonal_scatter(input, src, offset=0, dim1=0, dim2=1):
    """A copy with `src` in place of ``input.diagonal(offset, dim1, dim2)``."""
    return replaced("diagonal_scatter", input, src,
                    lambda t: strided.diagonal(t, offset, dim1, dim2),
                    DiagonalScatterBackward0, None)


def as_strided_scatter(input, src, size, stride, storage_offset=None):
    """A copy with `src` in place of ``input.as_strided(size, stride, storage_offset)``."""
    return replaced("as_strided_scatter", input, src,
                    lambda t: strided.as_strided(t, size, stride, storage_offset),
                    AsStridedScatterBackward0, None)


def fill_diagonal_(self, fill_value, wrap=False):
    """Fill the main diagonal in place.

    Parameters
    ----------
    fill_value : number
    wrap : bool
        For a tall matrix, begin again below the end of the diagonal.
    """
    x = tensor_arg(self, "fill_diagonal_", "self")
    if not is_scalar(fill_value):
        raise TypeError("fill_diagonal_(): argument 'fill_value' must be Number, not "
                        f"{type(fill_value).__name__}")
    if x.dim() < 2:
        raise RuntimeError("dimensions must larger than 1")
    height, width = x.shape[0], x.shape[1]
    if x.dim() > 2 and any(size != height for size in x.shape):
        raise RuntimeError("all dimensions of input must be of equal length")
    step = sum(x.stride())
    size = min(x.shape)
    strided.as_strided(x, (size,), (step,), x.storage_offset()).fill_(fill_value)
    if wrap and x.dim() == 2 and height > width + 1:
        start = x.storage_offset() + x.stride(0) * (width + 1)
        more = (height * width - (width + 1) * width + width) // (width + 1)
        strided.as_strided(x, (more,), (step,), start).fill_(fill_value)
    return self


def diagflat(input, offset=0):
    """A matrix with the elements of the flat input on a diagonal."""
    return diag_embed(tensor_arg(input, "diagflat", "input").reshape(-1), offset)


# ---------------------------------------------------------------- axes moved

def movedim(input, source, destination):
    """A view with axes moved to other places; the others keep their order.

    Parameters
    ----------
    input : Tensor
    source, destination : int or tuple of int

    Raises
    ------
    RuntimeError
        If the two differ in length or an axis is named twice.
    """
    x = tensor_arg(input, "movedim", "input")
    here, there = ([axes] if isinstance(axes, int) else list(axes)
                   for axes in (source, destination))
    if len(here) != len(there):
        raise RuntimeError(f"movedim: Invalid source or destination dims: source ({here} dims) "
                           f"should contain the same number of dims as destination ({there} dims)")
    moves = [(wrapped(to, x.dim()), wrapped(axis, x.dim()))
             for to, axis in zip(there, here, strict=True)]
    for k, name, axes in ((1, "source", here), (0, "destination", there)):
        if len({move[k] for move in moves}) != len(moves):
            raise RuntimeError(f"movedim: repeated dim in `{name}` ({axes})")
    order = [axis for axis in range(x.dim()) if axis not in {move[1] for move in moves}]
    for to, axis in sorted(moves):
        order.insert(to, axis)
    return view.permute(x, order)


def moveaxis(input, source, destination):
    """`movedim` under numpy's name."""
    return movedim(input, source, destination)


# ---------------------------------------------------------------- cutting

def cut(name, least, axis_of):
    """Make hsplit and its kin: `tensor_split` along a fixed axis."""
    def split(input, *args, indices_or_sections=None, indices=None, sections=None):
        x = tensor_arg(input, name, "input")
        given_ = [value for value in (*args[:1], indices_or_sections, indices, sections)
                  if value is not None]
        if len(args) > 1:
            given_ = [args]
        if len(given_) != 1:
            raise TypeError(f"{name}(): missing required argument 'indices_or_sections'")
        if x.dim() < least:
            raise RuntimeError(f"torch.{name} requires a tensor with at least {least} "
                               f"dimension{'s' if least > 1 else ''}, but got a tensor with "
                               f"{x.dim()} dimensions!")
        axis, parts = axis_of(x), given_[0]
        if isinstance(parts, int):
            if parts <= 0 or x.shape[axis] % parts:
                raise RuntimeError(
                    f"torch.{name} attempted to split along dimension {axis}, but the size of the "
                    f"dimension {x.shape[axis]} is not divisible by the split_size {parts}!")
        return join.tensor_split(x, parts, axis)

    split.__name__ = split.__qualname__ = name
    split.__doc__ = f"`tensor_split` into equal parts, or at indices, along the axis of `{name}`."
    return split


hsplit = cut("hsplit", 1, lambda x: 0 if x.dim() == 1 else 1)
vsplit = cut("vsplit", 2, lambda x: 0)
dsplit = cut("dsplit", 3, lambda x: 2)


def row_stack(tensors, *, out=None):
    """Another name of `vstack`."""
    return join.vstack(tensors, out=out)


def adjoint(input):
    """The matrices transposed; without complex numbers the same as `mT`."""
    x = tensor_arg(input, "adjoint", "input")
    if x.dim() == 1:
        raise RuntimeError("tensor.adjoint() is only supported on matrices or batches of matrices. "
                           "Got 1-D tensor.")
    return view.transpose(x, -2, -1) if x.dim() else x


# ---------------------------------------------------------------- copies of views

def narrow_copy(input, dim, start, length, *, out=None):
    """A copy of `narrow`."""
    return given(strided.narrow(input, dim, start, length).clone(), out)


def copy_of(function, name):
    """``name(...)``: what the view function gives, as copies of their own."""
    def form(input, *args, out=None, **kwargs):
        made = function(input, *args, **kwargs)
        if not isinstance(made, (tuple, list)):
            return given(contiguous_copy(made), out)
        made = tuple(map(contiguous_copy, made))
        return made if out is None else tuple(map(given, made, out))

    form.__name__ = form.__qualname__ = name
    form.__doc__ = f"A copy of what `{name.removesuffix('_copy')}` views."
    return form


def contiguous_copy(tensor):
    from minitorch._core.layout import contiguous_format

    return tensor.clone(memory_format=contiguous_format)


def slice_view(input, dim=0, start=None, end=None, step=1):
    """The slice ``start:end:step`` of an axis."""
    return input[(slice(None),) * wrapped(dim, input.dim()) + (slice(start, end, step),)]


COPIES = {
    "alias": lambda t: view.view(t, t.shape), "as_strided": strided.as_strided,
    "detach": lambda t: t.detach(), "diagonal": strided.diagonal, "expand": expand.expand,
    "permute": view.permute, "select": strided.select, "slice": slice_view,
    "split": join.split, "split_with_sizes": join.split_with_sizes, "squeeze": view.squeeze,
    "t": view.t, "transpose": view.transpose, "unbind": join.unbind, "unfold": strided.unfold,
    "unsqueeze": view.unsqueeze, "view": view.view,
}
for _name, _function in COPIES.items():
    globals()[_name + "_copy"] = copy_of(_function, _name + "_copy")
__all__ += [_name + "_copy" for _name in COPIES]


# PyTorch's unsafe forms promise that no part is changed in place; copies keep any promise.
unsafe_split = copy_of(join.split, "unsafe_split")
unsafe_split_with_sizes = copy_of(join.split_with_sizes, "unsafe_split_with_sizes")
unsafe_chunk = copy_of(join.chunk, "unsafe_chunk")
