"""The weights of a ResNet out of an ONNX graph, under torchvision's names.

Names in such files are those of the exporter, or plain numbers, and the order of the nodes is its
own affair.  So the graph is walked, from the input to the logits, and a weight gets its name from
the place where it is used; every stride, padding and shortcut on the way is checked.  Exports
for inference have their BatchNorms folded into the convolutions: the bias is kept as the bias of
a BatchNorm that does nothing else.
"""

import re

from minitorch.models._layouts import ARCHITECTURES, LayoutError, map_names
from minitorch.models._onnx_constants import constant_value, folded_value, transposed
from minitorch.serialization._errors import quote
from minitorch.serialization._records import DTYPES, TensorRecord
from minitorch.serialization.onnx import Node

EPS = 1e-5  # of torchvision's BatchNorms
_MAX_BLOCKS = 200
_MAX_FOLDED = 8 << 20  # numbers that all chains of constants together may make
# What hands its input on as it is, as far as weights are concerned.
_TRANSPARENT = ("Identity", "Dropout", "Cast", "CastLike")
_FLATTENING = ("Flatten", "Reshape", "Squeeze")
FOLDED_NOTE = ("BatchNorm statistics are gone: the export folded them into the convolutions. "
               "Predictions are the same; finetune with the BatchNorms frozen")  # fmt: skip


def import_graph(model, arch="auto"):
    """Find a ResNet's weights in an ONNX model.

    Parameters
    ----------
    model : OnnxModel
    arch : str
        A key of ``ARCHITECTURES``, or ``"auto"`` to go by the graph.

    Returns
    -------
    mapped : Mapped
        ``layout`` says whose names the file used.
    notes : list of str
        What the user should know about the weights.

    Raises
    ------
    LayoutError
        The graph is not that of a ResNet of torchvision; the message says where it differs.
    """
    if not model.nodes:
        return map_names(model.initializers, arch), ["the file has no graph: the names decided"]
    _refuse_by_name(model)
    walk = _Walk(model)
    try:
        walk.run()
        mapped = map_names(walk.tensors, arch)
        walk.check_geometry(mapped.arch)
    except LayoutError as error:
        raise LayoutError(f"its graph is not a ResNet of torchvision: {error}") from None
    mapped.layout = _whose_names(model.initializers)
    return mapped, walk.notes


def _refuse_by_name(model):
    names = [*model.initializers, model.name]
    if any(re.match(r"resnetv2\d*_", name) for name in names):
        raise LayoutError("a pre-activation ResNet (v2), another network than torchvision's")


def _whose_names(names):
    if any(re.match(r"resnetv1\d*_", name) for name in names):
        return "Gluon"
    if any(name.endswith("layer1.0.conv1.weight") for name in names):
        return "torchvision"
    return "ONNX"


class _Unit:
    """A convolution, and the BatchNorm behind it if there is one."""

    def __init__(self, conv, norm, out):
        self.conv = conv
        self.norm = norm
        self.out = out


class _Walk:
    """One way through a graph; ``tensors`` and ``notes`` are what it brings home."""

    def __init__(self, model):
        self.model = model
        self.constants = dict(model.initializers)
        self.tensors = {}
        self.notes = []
        self.units = []  # (torchvision's name, _Unit, role), to be checked in the end
        self._same_as = {}
        self._users = {}
        self._folded = 0
        for node in model.nodes:
            self._index(node)

    def _index(self, node):
        inputs = [self._same_as.get(name, name) for name in node.inputs]
        node = Node(node.op, inputs, node.outputs, node.attributes, node.name)
        if node.op in _TRANSPARENT and inputs and node.outputs:
            self._same_as[node.outputs[0]] = inputs[0]
            return
        value = None
        if node.op == "Constant":
            value = constant_value(node)
        elif inputs and all(name in self.constants for name in inputs):
            value = folded_value(node, [self.constants[name] for name in inputs])
            if value is not None and node.op != "Transpose":
                self._folded += value.numel
                if self._folded > _MAX_FOLDED:
                    value = None
        if value is not None and node.outputs:
            self.constants[node.outputs[0]] = value
        elif node.op != "Shape":  # a flatten asks for the shape beside the values
            for name in dict.fromkeys(inputs):
                self._users.setdefault(name, []).append(node)

    # -- steps ----------------------------------------------------------------------------
    def users(self, value):
        """The nodes that compute with a value."""
        return self._users.get(value, [])

    def user(self, value, *ops):
        """The one node that computes with a value, which must be of one of these kinds."""
        found = self.users(value)
        wanted = " or ".join(ops)
        if len(found) != 1:
            what = "nothing" if not found else ", ".join(node.op for node in found[:4])
            raise LayoutError(f"{wanted} was expected after {quote(value)}, not {quote(what)}")
        if found[0].op not in ops:
            raise LayoutError(f"{wanted} was expected after {quote(value)}, "
                              f"not {_label(found[0])}")  # fmt: skip
        return found[0]

    def constant(self, node, position):
        """The weights at an input of a node."""
        name = node.inputs[position] if position < len(node.inputs) else ""
        if name not in self.constants:
            raise LayoutError(f"{_label(node)} computes with {quote(name) or 'nothing'}, which "
                              "is no constant of the file")  # fmt: skip
        record = self.constants[name]
        if not record.dtype.is_floating:
            raise LayoutError(f"{_label(node)} computes with {record.dtype.name} weights; a "
                              "quantized network is not read")  # fmt: skip
        if record.numel == 0:
            raise LayoutError(f"{_label(node)} computes with no numbers at all")
        return record

    def unit(self, conv):
        """A convolution with what follows it, its BatchNorm."""
        weight = self.constant(conv, 1)
        if len(weight.size) != 4:
            raise LayoutError(f"{_label(conv)} is no convolution of images")
        users = self.users(_output(conv))
        if len(users) == 1 and users[0].op == "BatchNormalization":
            if users[0].inputs[0] != _output(conv):
                raise LayoutError(f"{_label(users[0])} normalises a constant")
            return _Unit(conv, users[0], _output(users[0]))
        return _Unit(conv, None, _output(conv))

    # -- the way --------------------------------------------------------------------------
    def run(self):
        """Go from the input to the logits."""
        value = self._stem(self._input())
        stage, block = 1, 0
        for count in range(_MAX_BLOCKS):
            users = self.users(value)
            if len(users) == 1 and users[0].op != "Conv":
                break
            main, shortcut, out = self._block(value)
            if shortcut is not None and count > 0:
                stage, block = stage + 1, 0
            self._name_block(f"layer{stage}.{block}", main, shortcut)
            value, block = out, block + 1
        else:
            raise LayoutError(f"more than {_MAX_BLOCKS} blocks")
        self._head(value)
        if any(unit.norm is None for _, unit, _ in self.units):
            self.notes.append(FOLDED_NOTE)

    def _input(self):
        names = [name for name in self.model.inputs if name not in self.model.initializers]
        if len(names) != 1:
            raise LayoutError(f"it has {len(names)} inputs, not one image")
        return names[0]

    def _stem(self, value):
        first = self.users(value)
        if len(first) == 1 and first[0].op == "BatchNormalization":
            raise LayoutError("it normalises its input: a pre-activation ResNet (v2), another "
                              "network than torchvision's")  # fmt: skip
        unit = self.unit(self.user(value, "Conv"))
        kernel = tuple(self.constant(unit.conv, 1).size[2:])
        if kernel == (3, 3):
            raise LayoutError("its first convolution is 3x3, not 7x7: another kind of network, "
                              "or a ResNet with a deep stem (resnet18d) or for small images")
        self._keep("conv1", "bn1", unit, "stem")
        pool = self.user(_output(self.user(unit.out, "Relu")), "MaxPool")
        self._check_window(pool, 3, 2, 1)
        return _output(pool)

    def _block(self, value):
        """Return (units of the way with the work, the shortcut's unit or None, the output)."""
        users = self.users(value)
        kinds = sorted(node.op for node in users)
        if "BatchNormalization" in kinds:
            raise LayoutError(f"{quote(value)} is normalised before it is convolved: a "
                              "pre-activation ResNet (v2)")  # fmt: skip
        if kinds not in (["Add", "Conv"], ["Conv", "Conv"]):
            raise LayoutError(f"a block with a shortcut was expected after {quote(value)}, not "
                              f"{quote(', '.join(kinds[:4])) or 'the end'}")  # fmt: skip
        ways = [self._way(node) for node in users if node.op == "Conv"]
        ways.sort(key=lambda way: -len(way[0]))
        (main, add), shortcut = ways[0], None
        joined = value
        if len(ways) == 2:
            units, end = ways[1]
            if len(units) != 1 or end is not add:
                raise LayoutError(f"two ways after {quote(value)} that are no block and shortcut")
            shortcut, joined = units[0], units[0].out
        if len(main) not in (2, 3) or sorted(add.inputs) != sorted([main[-1].out, joined]):
            raise LayoutError(f"a block of {len(main)} convolutions that ends in {_label(add)}")
        return main, shortcut, _output(self.user(_output(add), "Relu"))

    def _way(self, node):
        """Follow convolutions with ReLUs between them to the addition that ends a block."""
        units = []
        while True:
            units.append(self.unit(node))
            after = self.user(units[-1].out, "Relu", "Add")
            if after.op == "Add":
                return units, after
            node = self.user(_output(after), "Conv")
            if len(units) == 3:
                raise LayoutError(f"a block of more than 3 convolutions before {_label(node)}")

    def _name_block(self, name, main, shortcut):
        for i, unit in enumerate(main, 1):
            self._keep(f"{name}.conv{i}", f"{name}.bn{i}", unit, i)
        if shortcut is not None:
            self._keep(f"{name}.downsample.0", f"{name}.downsample.1", shortcut, "shortcut")

    def _keep(self, conv, norm, unit, role):
        """Enter a unit's weights under torchvision's names."""
        self.units.append((conv, unit, role))
        weight = self.constant(unit.conv, 1)
        bias = self.constant(unit.conv, 2) if _has(unit.conv, 2) else None
        self.tensors[f"{conv}.weight"] = weight
        if unit.norm is None:
            values = _folded(weight, bias)
        else:
            values = [self.constant(unit.norm, i) for i in (1, 2, 3, 4)]
        if any(each.size != weight.size[:1] for each in (*values, bias or values[0])):
            raise LayoutError(f"{_label(unit.conv)} has {weight.size[0]} channels, and another "
                              "number of biases or statistics")  # fmt: skip
        if unit.norm is not None:
            if bias is not None:
                # BatchNorm takes the mean off, so a bias before it lowers the mean.
                values[2] = _computed(values[2], values[2].values() - bias.values())
            values[3] = self._with_our_eps(unit.norm, values[3])
        for leaf, record in zip(("weight", "bias", "running_mean", "running_var"), values,
                                strict=True):  # fmt: skip
            self.tensors[f"{norm}.{leaf}"] = record

    def _with_our_eps(self, node, var):
        eps = _number(node, "epsilon", EPS)
        if abs(eps - EPS) < 1e-3 * EPS:
            return var
        note = f"BatchNorm's eps {eps:g} was made {EPS:g} by adding to the variances"
        if note not in self.notes:
            self.notes.append(note)
        return _computed(var, var.values() + (eps - EPS))

    def _head(self, value):
        pool = self.user(value, "GlobalAveragePool", "ReduceMean", "AveragePool")
        self._check_pool(pool)
        value = _output(pool)
        while len(self.users(value)) == 1 and self.users(value)[0].op in _FLATTENING:
            value = _output(self.users(value)[0])
        if self.users(value):
            value = self._linear(value)
            if self.users(value):
                last = self.user(value, "Softmax", "LogSoftmax")
                self.notes.append(f"the {last.op} behind the logits was left out")
                value = _output(last)
        outputs = [self._same_as.get(name, name) for name in self.model.outputs]
        if outputs != [value]:
            raise LayoutError(f"its output is {quote(', '.join(self.model.outputs))}, not the "
                              "logits")  # fmt: skip

    def _linear(self, value):
        """Take the last layer's weights, as Gemm or as MatMul and Add; return the logits' name."""
        node = self.user(value, "Gemm", "MatMul")
        if node.inputs[0] != value:
            raise LayoutError(f"{_label(node)} has the features as its second factor")
        weight = self.constant(node, 1)
        if len(weight.size) != 2:
            raise LayoutError(f"{_label(node)} has weights of {len(weight.size)} dimensions")
        option = node.attributes.get
        if option("transA", 0):
            raise LayoutError(f"{_label(node)} transposes the features")
        if not (node.op == "Gemm" and option("transB", 0)):
            weight = transposed(weight)
        weight = _scaled(weight, _number(node, "alpha", 1.0))
        out, bias = _output(node), None
        if node.op == "Gemm" and _has(node, 2):
            bias = _scaled(self.constant(node, 2), _number(node, "beta", 1.0))
        elif node.op == "MatMul" and [user.op for user in self.users(out)] == ["Add"]:
            add = self.users(out)[0]
            bias, out = self.constant(add, 1 - add.inputs.index(out)), _output(add)
        self.tensors["fc.weight"] = weight
        self.tensors["fc.bias"] = _as_bias(bias, weight, node)
        return out

    # -- geometry -------------------------------------------------------------------------
    def check_geometry(self, arch):
        """Check what shapes do not show: strides, padding, groups."""
        net = ARCHITECTURES[arch]
        for name, unit, role in self.units:
            kernel = self.tensors[f"{name}.weight"].size[2]
            stride = 2 if re.match(r"conv1$|layer[2-4]\.0\.", name) else 1
            # torchvision strides in the 3x3 convolution: the first of two, the second of three.
            if isinstance(role, int) and role != (1 if net.kind == "basic" else 2):
                found = unit.conv.attributes.get("strides", [1, 1])
                if role == 1 and stride == 2 and found == [2, 2]:
                    raise LayoutError("its blocks stride in the first 1x1 convolution (ResNet "
                                      "v1); torchvision's do in the 3x3 (v1.5)")  # fmt: skip
                stride = 1
            self._check_window(unit.conv, kernel, stride, kernel // 2)
            groups = net.groups if net.kind == "bottleneck" and role == 2 else 1
            if unit.conv.attributes.get("group", 1) != groups:
                raise LayoutError(f"{_label(unit.conv)} has "
                                  f"{unit.conv.attributes.get('group')} groups, not {groups}")

    def _check_window(self, node, kernel, stride, padding):
        option = node.attributes.get
        found = (option("kernel_shape", [kernel] * 2), option("strides", [1, 1]),
                 option("pads", [0] * 4), option("dilations", [1, 1]),
                 option("ceil_mode", 0))  # fmt: skip
        expected = ([kernel] * 2, [stride] * 2, [padding] * 4, [1, 1], 0)
        unpadded = padding == 0 and option("auto_pad") in ("VALID", "SAME_UPPER", "SAME_LOWER")
        if found != expected or not (option("auto_pad", "NOTSET") == "NOTSET" or unpadded):
            raise LayoutError(
                f"{_label(node)} has kernel, stride, padding, dilation, ceil_mode "
                f"{quote(str(found))}, auto_pad {quote(str(option('auto_pad', 'NOTSET')))}; "
                f"torchvision's are {expected}"
            )

    def _check_pool(self, pool):
        """Check that the pooling before the head takes the mean over the whole image."""
        option = pool.attributes.get
        if pool.op == "ReduceMean":
            axes = option("axes")
            if _has(pool, 1) and pool.inputs[1] in self.constants:
                axes = self.constants[pool.inputs[1]].values().tolist()
            if axes not in ([2, 3], [3, 2], [-2, -1], [-1, -2]):
                raise LayoutError(f"{_label(pool)} is not over height and width")
        elif pool.op == "AveragePool":
            # An old export of AvgPool2d(7), which is the mean for images of 224 pixels only.
            _, shape = self.model.inputs[self._input()]
            sides = [side // 32 for side in (shape or ())[2:] if isinstance(side, int)]
            if option("pads", [0] * 4) != [0] * 4 or option("kernel_shape") != sides:
                raise LayoutError(f"{_label(pool)} is no mean over the whole image")


# -- nodes and numbers ---------------------------------------------------------------------
def _label(node):
    name = node.name or (node.outputs[0] if node.outputs else "")
    return f"{quote(node.op, 40)} {quote(name, 60)!r}"


def _output(node):
    if not node.outputs:
        raise LayoutError(f"{_label(node)} has no output")
    return node.outputs[0]


def _number(node, name, default):
    value = node.attributes.get(name, default)
    if not isinstance(value, (int, float)):
        raise LayoutError(f"{_label(node)} has a {name} that is no number")
    return value


def _has(node, position):
    return len(node.inputs) > position and node.inputs[position] != ""


def _computed(like, array):
    """Return numbers as a record of the dtype of ``like`` (float32 for bfloat16)."""
    import numpy as np

    dtype = like.dtype if like.dtype.exact else DTYPES["float32"]
    array = np.ascontiguousarray(array, dtype.numpy)
    return TensorRecord.whole(dtype, memoryview(array.reshape(-1).view(np.uint8)), array.shape)


def _scaled(record, factor):
    return record if factor == 1 else _computed(record, record.values() * factor)


def _folded(weight, bias):
    """Return weight, bias, mean and variance of a BatchNorm that only adds the bias."""
    import numpy as np

    channels = weight.size[0]
    ones, zeros = np.ones(channels), np.zeros(channels)
    if bias is None:
        bias = _computed(weight, zeros)
    return [_computed(weight, ones), bias, _computed(weight, zeros),
            _computed(weight, ones - EPS)]  # fmt: skip


def _as_bias(bias, weight, node):
    """Return a bias as a vector with a number for each class."""
    import numpy as np

    classes = weight.size[0]
    if bias is None:
        return _computed(weight, np.zeros(classes))
    if bias.size == (classes,):
        return bias
    if bias.size not in ((), (1,), (1, 1), (1, classes)):
        raise LayoutError(f"{_label(node)} adds numbers of shape {list(bias.size)}")
    return _computed(bias, np.broadcast_to(bias.values().reshape(-1), (classes,)))
