"""A network as a picture of its modules: which feeds which, shortcuts included.

One forward pass is recorded by autograd, and every node of that graph belongs to the module in
whose call it was made (its number lies between those at the call's begin and end).  Nodes of one
call become one box; what no module made, like the sum at the end of a residual block, is a box of
its own.
"""

import bisect
from dataclasses import dataclass

import minitorch
from minitorch import nn
from minitorch._core.node import upcoming_sequence_nr
from minitorch.autograd import _picture
from minitorch.utils._modes import flags_of_evaluation

__all__ = ["to_dot", "to_svg", "walk"]

_FEW = 110      # boxes; more than these are shown as blocks if nobody asks for more

_KINDS = (
    (_picture.WEIGHTS, (nn.modules.conv._ConvNd, nn.Linear, nn.Bilinear, nn.Embedding)),
    (_picture.NORM, (nn.modules.batchnorm._BatchNorm, nn.LayerNorm, nn.GroupNorm)),
    (_picture.ACTIVATION, (nn.ReLU, nn.ReLU6, nn.LeakyReLU, nn.GELU, nn.SiLU, nn.Sigmoid, nn.Tanh,
                           nn.Softmax, nn.Hardswish, nn.ELU)),
    (_picture.POOLING, (nn.MaxPool1d, nn.MaxPool2d, nn.MaxPool3d, nn.AvgPool1d, nn.AvgPool2d,
                        nn.AvgPool3d, nn.AdaptiveAvgPool1d, nn.AdaptiveAvgPool2d,
                        nn.AdaptiveMaxPool2d)),
)


@dataclass
class _Call:
    """One call of a module: the numbers of the nodes made in it are in [start, end)."""

    name: str
    module: object
    depth: int
    start: int
    end: int = -1
    shape: list | None = None


def to_svg(model, inputs, depth=None, title=None):
    """Draw the modules of a network as an SVG document.

    Parameters
    ----------
    model : nn.Module
        Left as it was; the forward pass runs in evaluation mode.
    inputs : tuple of Tensor
    depth : int, optional
        How deep modules are opened: 1 shows the children of `model`, each as one box. Default:
        all the way, or down to 2 where that gives more than about a hundred boxes.
    title : str, optional
        Default: the class of `model`.

    Returns
    -------
    str
        For light and dark screens, as `minitorch.autograd.graph.to_svg`'s.
    """
    return _picture.draw(*walk(model, inputs, depth), title or type(model).__name__)


def to_dot(model, inputs, depth=None):
    """The picture of :func:`to_svg` in the DOT language, for graphviz."""
    return _picture.to_dot(*walk(model, inputs, depth))


def walk(model, inputs, depth=None):
    """The boxes and arrows of :func:`to_svg`.

    Returns
    -------
    boxes : list of minitorch.autograd._picture.Box
        In the order of the forward pass.
    edges : list of (int, int)
        From and to; each pair once.

    Raises
    ------
    RuntimeError
        The output has no graph: the network has no parameters that require grad, and no floating
        point input, or computes without a graph.
    """
    recorded = _record(model, inputs)
    if depth is None:
        boxes, edges = recorded.picture(1 << 30)
        return (boxes, edges) if len(boxes) <= _FEW else recorded.picture(2)
    return recorded.picture(depth)


def _record(model, inputs):
    """Run the network with hooks on its modules, and keep calls and graph."""
    names = {module: name for name, module in reversed(list(model.named_modules())) if name}
    recorded, handles = _Recorded(), []
    try:
        for module, name in names.items():
            handles.append(module.register_forward_pre_hook(recorded.enter(name)))
            handles.append(module.register_forward_hook(recorded.leave))
        with flags_of_evaluation(model), minitorch.enable_grad():
            output = model(*map(recorded.entry, inputs))
    finally:
        for handle in handles:
            handle.remove()
    recorded.outputs = [each for each in _tensors(output) if each.grad_fn is not None]
    if not recorded.outputs:
        raise RuntimeError("the output of the network has no graph: nothing in it requires grad")
    return recorded


def _tensors(value):
    if isinstance(value, minitorch.Tensor):
        return [value]
    values = value.values() if isinstance(value, dict) else value
    if not isinstance(value, (dict, list, tuple)):
        return []
    return [tensor for each in values for tensor in _tensors(each)]


class _Recorded:
    """The calls and the graph of one forward pass."""

    def __init__(self):
        self.calls, self.open, self.entries, self.outputs = [], [], {}, []

    def entry(self, value):
        """An input that the graph begins at, and that a layer may overwrite."""
        if not isinstance(value, minitorch.Tensor) or not value.is_floating_point():
            return value
        value = value.detach().requires_grad_().clone()
        self.entries[value.grad_fn] = value
        return value

    def enter(self, name):
        def hook(module, args):
            call = _Call(name, module, name.count(".") + 1, upcoming_sequence_nr())
            self.calls.append(call)
            self.open.append(call)
        return hook

    def leave(self, module, args, output):
        call = self.open.pop()
        call.end = upcoming_sequence_nr()
        shapes = [list(each.shape) for each in _tensors(output)]
        call.shape = shapes[0] if shapes else None

    def picture(self, depth):
        """Boxes and edges with modules opened down to `depth`."""
        shown = [call for call in self.calls if call.depth == depth or (
            call.depth < depth and next(call.module.children(), None) is None)]
        starts = [call.start for call in shown]
        nodes, above = _picture.collect([each.grad_fn for each in self.outputs])
        boxes, place, at = [], {}, {}
        for node in nodes:
            if _picture.is_leaf(node):
                continue
            number = node._sequence_nr()
            index = bisect.bisect_right(starts, number) - 1
            call = shown[index] if index >= 0 and number < shown[index].end else None
            key = node if call is None else call.start
            if key not in place:
                place[key] = len(boxes)
                boxes.append(self._box(node, call))
            at[id(node)] = place[key]
        edges = [(at[id(parent)], at[id(node)]) for node in nodes for parent in above[id(node)]
                 if id(node) in at and id(parent) in at]
        for output in self.outputs:
            edges.append((at[id(output.grad_fn)], len(boxes)))
            boxes.append(_picture.Box(_picture.ROOT, ["output", _shape(output.shape)], "output"))
        return boxes, list(dict.fromkeys(edge for edge in edges if edge[0] != edge[1]))

    def _box(self, node, call):
        if node in self.entries:
            shape = _shape(self.entries[node].shape)
            return _picture.Box(_picture.LEAF, ["input", shape], "input")
        if call is None:
            name = node.name().rpartition("::")[2]
            plain = name.rstrip("0123456789").removesuffix("Backward")
            return _picture.Box(_picture.FUNCTION, [plain], name)
        module = call.module
        lines = [call.name, " ".join([type(module).__name__, *_details(module)]),
                 "" if call.shape is None else _shape(call.shape)]
        title = f"{call.name}: {type(module).__name__}({module.extra_repr()})"
        return _picture.Box(_kind(module), [line for line in lines if line], title)


def _shape(sizes):
    return " x ".join(map(str, sizes)) or "scalar"


def _kind(module):
    if next(module.children(), None) is not None:
        return _picture.BLOCK
    return next((kind for kind, classes in _KINDS if isinstance(module, classes)),
                _picture.FUNCTION)


def _details(module):
    """What tells a convolution from another, in a few letters."""
    if isinstance(module, nn.modules.conv._ConvNd):
        yield "x".join(map(str, module.kernel_size))
        if set(module.stride) != {1}:
            yield f"/{max(module.stride)}"
        if module.groups > 1:
            yield f"in {module.groups} groups"
