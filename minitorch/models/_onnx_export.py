"""A ResNet of torchvision as an ONNX graph that other programs run."""

from minitorch.models._layouts import ARCHITECTURES
from minitorch.serialization._records import DTYPES, TensorRecord
from minitorch.serialization.onnx import Node, OnnxModel

# The oldest versions that have all operations in their present form: what reads newer files
# reads these.
OPSET, IR_VERSION = 13, 7
EPS = 1e-5
INPUT, LOGITS, FEATURES = "input", "logits", "features"


def resnet_graph(arch, tensors, metadata=None, image_size=None):
    """Describe a network in evaluation mode.

    Parameters
    ----------
    arch : str
        A key of ``ARCHITECTURES``.
    tensors : dict of str to TensorRecord
        Weights under torchvision's names; without ``fc`` the output is the pooled features.
        float16 is kept if all are; anything else is computed in float32.
    metadata : dict of str to str, optional
        Text for the model's properties.
    image_size : int, optional
        Height and width of the input; any by default.  The number of images is always free.

    Returns
    -------
    OnnxModel

    Notes
    -----
    The BatchNorms stay nodes of their own: onnxruntime and OpenVINO fold them into the
    convolutions while they load a model (ResNet-18 is as quick either way, measured), and the
    file keeps the statistics, which further training wants.
    """
    floats = {record.dtype.name for record in tensors.values() if record.dtype.is_floating}
    dtype = "float16" if floats == {"float16"} else "float32"
    graph = _Graph(tensors, dtype)
    output = graph.network(ARCHITECTURES[arch])
    model = graph.model
    model.name = arch
    # "format" tells readers of safetensors whose tensors these are.
    model.metadata = {key: text for key, text in (metadata or {}).items() if key != "format"}
    sides = ("height", "width") if image_size is None else (image_size, image_size)
    width = tensors["fc.weight"].size[0] if output == LOGITS else _channels(arch)
    model.inputs[INPUT] = (dtype, ("batch", 3, *sides))
    model.outputs[output] = (dtype, ("batch", width))
    return model


def _channels(arch):
    return 512 * ARCHITECTURES[arch].expansion


class _Graph:
    """Nodes and weights, collected layer by layer; a value is known by its name."""

    def __init__(self, tensors, dtype):
        self.tensors = tensors
        self.dtype = DTYPES[dtype]
        self.model = OnnxModel()
        self.model.ir_version = IR_VERSION
        self.model.opsets = {"": OPSET}
        self.model.producer = "minitorch"

    def node(self, op, name, inputs, output=None, **attributes):
        """Add a node; return its output's name."""
        output = output or f"{name}.out"
        self.model.nodes.append(Node(op, inputs, [output], attributes, name))
        return output

    def weight(self, name):
        """Add a weight; return its name."""
        record = self.tensors[name]
        if record.dtype is not self.dtype:
            record = _record(record.values(), self.dtype)
        self.model.initializers[name] = record
        return name

    def network(self, net):
        """Add all layers; return the output's name."""
        x = self.conv(INPUT, "conv1", "bn1", stride=2)
        x = self.node("Relu", "relu", [x])
        x = self.node("MaxPool", "maxpool", [x], kernel_shape=[3, 3], strides=[2, 2],
                      pads=[1, 1, 1, 1])  # fmt: skip
        for stage, count in enumerate(net.blocks):
            for block in range(count):
                stride = 2 if stage > 0 and block == 0 else 1
                x = self.block(x, f"layer{stage + 1}.{block}", stride, net)
        x = self.node("GlobalAveragePool", "avgpool", [x])
        if "fc.weight" not in self.tensors:
            return self.node("Flatten", "flatten", [x], FEATURES, axis=1)
        x = self.node("Flatten", "flatten", [x], axis=1)
        head = [self.weight("fc.weight"), self.weight("fc.bias")]
        return self.node("Gemm", "fc", [x, *head], LOGITS, transB=1)

    def block(self, x, name, stride, net):
        """Add a block; the stride is on the first 3x3 convolution."""
        out, last = x, 2 if net.kind == "basic" else 3
        strided = last - 1
        for i in range(1, last + 1):
            groups = net.groups if i == 2 else 1
            out = self.conv(out, f"{name}.conv{i}", f"{name}.bn{i}",
                            stride if i == strided else 1, groups)  # fmt: skip
            if i < last:
                out = self.node("Relu", f"{name}.relu{i}", [out])
        if f"{name}.downsample.0.weight" in self.tensors:
            x = self.conv(x, f"{name}.downsample.0", f"{name}.downsample.1", stride)
        return self.node("Relu", f"{name}.relu{last}", [self.node("Add", f"{name}.add", [out, x])])

    def conv(self, x, conv, norm, stride=1, groups=1):
        """Add a convolution and its BatchNorm."""
        kernel = self.tensors[f"{conv}.weight"].size[2]
        window = {"kernel_shape": [kernel] * 2, "strides": [stride] * 2,
                  "pads": [kernel // 2] * 4, "group": groups, "dilations": [1, 1]}  # fmt: skip
        x = self.node("Conv", conv, [x, self.weight(f"{conv}.weight")], **window)
        leaves = ("weight", "bias", "running_mean", "running_var")
        return self.node("BatchNormalization", norm,
                         [x, *(self.weight(f"{norm}.{leaf}") for leaf in leaves)],
                         epsilon=EPS)  # fmt: skip


def _record(array, dtype):
    import numpy as np

    array = np.ascontiguousarray(array, dtype.numpy)
    return TensorRecord.whole(dtype, memoryview(array.reshape(-1).view(np.uint8)), array.shape)
