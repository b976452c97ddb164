"""ResNet-18 as an ONNX graph whose BatchNorms are folded into the convolutions."""

import numpy
from onnx import TensorProto, checker, helper, numpy_helper

OPSET, IR_VERSION = 17, 9
EPS = 1e-5


class Graph:
    """Nodes and weights, collected layer by layer; a value is known by its name."""

    def __init__(self, weights):
        self.weights = weights
        self.nodes = []
        self.constants = []

    def constant(self, name, array):
        """Add an array, return its name."""
        self.constants.append(numpy_helper.from_array(numpy.ascontiguousarray(array), name))
        return name

    def node(self, kind, inputs, output, **attributes):
        """Add a node of one output, return the output's name."""
        self.nodes.append(helper.make_node(kind, inputs, [output], output, **attributes))
        return output

    def conv_bn(self, x, conv, bn, stride, padding):
        """A convolution with the BatchNorm after it, in eval mode, as one convolution."""
        w = {part: self.weights[f"{bn}.{part}"].astype(numpy.float64)
             for part in ("weight", "bias", "running_mean", "running_var")}
        scale = w["weight"] / numpy.sqrt(w["running_var"] + EPS)
        kernel = self.weights[f"{conv}.weight"]
        folded = (kernel * scale[:, None, None, None]).astype(numpy.float32)
        shift = (w["bias"] - w["running_mean"] * scale).astype(numpy.float32)
        inputs = [x, self.constant(f"{conv}.weight", folded), self.constant(f"{conv}.bias", shift)]
        return self.node("Conv", inputs, f"{conv}.out", kernel_shape=kernel.shape[2:],
                         strides=[stride] * 2, pads=[padding] * 4)

    def block(self, x, name, stride):
        """A basic block."""
        out = self.conv_bn(x, f"{name}.conv1", f"{name}.bn1", stride, 1)
        out = self.node("Relu", [out], f"{name}.relu1")
        out = self.conv_bn(out, f"{name}.conv2", f"{name}.bn2", 1, 1)
        if f"{name}.downsample.0.weight" in self.weights:
            x = self.conv_bn(x, f"{name}.downsample.0", f"{name}.downsample.1", stride, 0)
        return self.node("Relu", [self.node("Add", [out, x], f"{name}.add")], f"{name}.relu2")


def folded_resnet18(weights, images, pixels):
    """The serialised model for inputs of one shape, from arrays with torchvision's names."""
    g = Graph(weights)
    x = g.node("Relu", [g.conv_bn("x", "conv1", "bn1", 2, 3)], "relu")
    x = g.node("MaxPool", [x], "maxpool", kernel_shape=[3, 3], strides=[2, 2], pads=[1] * 4)
    for layer in range(1, 5):
        for block in range(2):
            x = g.block(x, f"layer{layer}.{block}", 2 if layer > 1 and block == 0 else 1)
    x = g.node("Flatten", [g.node("GlobalAveragePool", [x], "avgpool")], "flat")
    head = [g.constant(f"fc.{part}", weights[f"fc.{part}"]) for part in ("weight", "bias")]
    g.node("Gemm", [x, *head], "logits", transB=1)
    graph = helper.make_graph(
        g.nodes, "resnet18",
        [helper.make_tensor_value_info("x", TensorProto.FLOAT, [images, 3, pixels, pixels])],
        [helper.make_tensor_value_info("logits", TensorProto.FLOAT,
                                       [images, len(weights["fc.bias"])])],
        g.constants)
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", OPSET)],
                              ir_version=IR_VERSION)
    checker.check_model(model)
    return model.SerializeToString()
