"""Compute what an ONNX graph of a convolutional classifier says, with minitorch's operations.

Not a runtime: it proves that a file on disk means the network that it was made from.
"""

import minitorch
from minitorch.models._layouts import LayoutError
from minitorch.models._onnx_constants import constant_value
from minitorch.nn import functional as F
from minitorch.serialization._errors import quote


class UnknownOperation(LayoutError):
    """The graph holds an operation that is not computed here."""


def run_graph(model, images):
    """Return the graph's first output for a batch of images, in float32.

    Parameters
    ----------
    model : OnnxModel
    images : Tensor
        (N, 3, H, W), the value of the graph's only input.

    Raises
    ------
    UnknownOperation
        For a node that is none of a ResNet's.
    LayoutError
        A node computes with a value that no node before it has made.
    """
    weights = model.initializers
    values = dict.fromkeys((name for name in model.inputs if name not in weights), images)
    with minitorch.no_grad():
        for node in model.nodes:
            constant = constant_value(node) if node.op == "Constant" and node.outputs else None
            if constant is not None:
                values[node.outputs[0]] = as_tensor(constant)
                continue
            if node.op not in _OPERATIONS:
                raise UnknownOperation(f"the operation {quote(node.op)} is not computed here")
            # Weights are copied where they are used, and not kept: each is used once.
            arguments = []
            for name in node.inputs:
                if name and name not in values and name not in weights:
                    raise LayoutError(f"{quote(name)} is used before it is made")
                known = values.get(name)
                arguments.append(as_tensor(weights[name]) if name in weights else known)
            try:
                values[node.outputs[0]] = _OPERATIONS[node.op](node.attributes.get, *arguments)
            except (RuntimeError, TypeError, ValueError, IndexError, AttributeError) as error:
                raise LayoutError(f"{quote(node.op)} {quote(node.name)!r} cannot be computed: "
                                  f"{quote(error)}") from None  # fmt: skip
    output = next(iter(model.outputs), None)
    if output not in values:
        raise LayoutError("the graph does not make its output")
    return values[output]


def as_tensor(record):
    """Return a copy of the numbers: a TensorFactory would give the file's memory back."""
    import numpy as np

    kind = np.float32 if record.dtype.is_floating else record.dtype.numpy
    return minitorch.from_numpy(np.array(record.values(), kind))


def _symmetric(option):
    """Return the padding of each axis, which must be the same on both sides."""
    pads = option("pads", [0, 0, 0, 0])
    if pads[:2] != pads[2:] or option("auto_pad", "NOTSET") not in ("NOTSET", "VALID"):
        raise UnknownOperation(f"padding {pads} is not computed here")
    return tuple(pads[:2])


def _conv(option, x, weight, bias=None):
    return F.conv2d(x, weight, bias, tuple(option("strides", [1, 1])), _symmetric(option),
                    tuple(option("dilations", [1, 1])), option("group", 1))  # fmt: skip


def _batch_norm(option, x, weight, bias, mean, var):
    return F.batch_norm(x, mean, var, weight, bias, False, 0.0, option("epsilon", 1e-5))


def _max_pool(option, x):
    return F.max_pool2d(x, tuple(option("kernel_shape")), tuple(option("strides", [1, 1])),
                        _symmetric(option), tuple(option("dilations", [1, 1])),
                        bool(option("ceil_mode", 0)))  # fmt: skip


def _average_pool(option, x):
    return F.avg_pool2d(x, tuple(option("kernel_shape")), tuple(option("strides", [1, 1])),
                        _symmetric(option), bool(option("ceil_mode", 0)),
                        bool(option("count_include_pad", 0)))  # fmt: skip


def _reduce_mean(option, x, axes=None):
    axes = option("axes") if axes is None else axes.tolist()
    return x.mean(tuple(axes), keepdim=bool(option("keepdims", 1)))


def _reshape(option, x, shape):
    sizes = shape.tolist()
    return x.reshape([x.shape[i] if n == 0 else n for i, n in enumerate(sizes)])


def _squeeze(option, x, axes=None):
    axes = option("axes") if axes is None else axes.tolist()
    return x.squeeze() if axes is None else x.squeeze(tuple(axes))


def _gemm(option, a, b, c=None):
    a = a.t() if option("transA", 0) else a
    b = b.t() if option("transB", 0) else b
    product = option("alpha", 1.0) * (a @ b)
    return product if c is None else product + option("beta", 1.0) * c


def _shape(option, x):
    return minitorch.tensor(list(x.shape)[option("start", 0) : option("end")],
                            dtype=minitorch.int64)  # fmt: skip


def _expand(option, x, shape):
    return x.expand(minitorch.broadcast_shapes(tuple(x.shape), tuple(shape.tolist())))


def _gather(option, x, index):
    if option("axis", 0) != 0:
        raise UnknownOperation("Gather along another axis than the first is not computed here")
    return x[index]


def _unsqueeze(option, x, axes=None):
    for axis in option("axes") if axes is None else axes.tolist():
        x = x.unsqueeze(axis)
    return x


# The weights' values count, not their types: all floats are float32 here.
def _same(option, x, *_):
    return x


_OPERATIONS = {
    "Add": lambda option, a, b: a + b,
    "AveragePool": _average_pool,
    "BatchNormalization": _batch_norm,
    "Cast": _same,
    "CastLike": _same,
    "Concat": lambda option, *parts: minitorch.cat(parts, option("axis")),
    "Conv": _conv,
    "Dropout": _same,
    "Expand": _expand,
    "Flatten": lambda option, x: x.reshape(x.shape[: option("axis", 1)].numel(), -1),
    "Gather": _gather,
    "Gemm": _gemm,
    "GlobalAveragePool": lambda option, x: x.mean((2, 3), keepdim=True),
    "Identity": _same,
    "LogSoftmax": lambda option, x: x,  # as in the import, the logits count
    "MatMul": lambda option, a, b: a @ b,
    "MaxPool": _max_pool,
    "ReduceMean": _reduce_mean,
    "Relu": lambda option, x: F.relu(x),
    "Reshape": _reshape,
    "Shape": _shape,
    "Softmax": lambda option, x: x,
    "Squeeze": _squeeze,
    "Transpose": lambda option, x: x.permute(option("perm") or tuple(range(x.dim()))[::-1]),
    "Unsqueeze": _unsqueeze,
}
