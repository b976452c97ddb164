"""A ResNet's weights out of ONNX graphs, and what is refused."""

import copy

import numpy as np
import pytest

import minitorch
from minitorch.models import _layouts
from minitorch.models._onnx_export import resnet_graph
from minitorch.models._onnx_import import FOLDED_NOTE, import_graph
from minitorch.models._onnx_run import UnknownOperation, run_graph
from minitorch.serialization.onnx import Node, read_model


@pytest.fixture(scope="module")
def arrays(fx):
    return fx.resnet_arrays(num_classes=3)


@pytest.fixture
def model(fx, arrays):
    """A ResNet-18 with its BatchNorms, as our own exporter describes it."""
    return plain_graph(fx, arrays)


def plain_graph(fx, arrays):
    return resnet_graph("resnet18", {name: fx.record(array) for name, array in arrays.items()})


def same_arrays(mapped, arrays):
    assert list(mapped.tensors) == list(arrays)
    for name, array in arrays.items():
        np.testing.assert_array_equal(mapped.tensors[name].values(), array, err_msg=name)


def logits(model, pixels=32):
    images = np.random.default_rng(1).standard_normal((2, 3, pixels, pixels)).astype("f4")
    return run_graph(model, minitorch.from_numpy(images)).numpy()


def network_logits(arch, tensors, classes, pixels=32):
    images = np.random.default_rng(1).standard_normal((2, 3, pixels, pixels)).astype("f4")
    net = getattr(minitorch.models, arch)(num_classes=classes).eval()
    net.load_state_dict({name: minitorch.from_numpy(np.array(record.values(), np.float32))
                         for name, record in tensors.items()})
    with minitorch.no_grad():
        return net(minitorch.from_numpy(images)).numpy()


def close(found, expected):
    assert np.abs(found - expected).max() <= 1e-5 * np.abs(expected).max()


def node_named(model, name):
    return next(node for node in model.nodes if node.name == name)


# -- what is taken -------------------------------------------------------------------------
@pytest.mark.parametrize("arch", _layouts.ARCHITECTURES)
def test_every_network_of_the_family_comes_back(fx, arch):
    class Fake:
        """Weights without their memory: all the same number."""

        def __init__(self, size):
            self.size, self.dtype, self.numel = size, fx.BY_NUMPY["<f4"], 1

    shapes = _layouts.expected_shapes(arch, 7)
    fakes = {n: Fake(s) for n, s in shapes.items() if not n.endswith("tracked")}
    mapped, notes = import_graph(resnet_graph(arch, fakes))
    assert (mapped.arch, mapped.num_classes, notes) == (arch, 7, [])
    assert list(mapped.tensors) == list(fakes)
    assert all(mapped.tensors[name] is fakes[name] for name in fakes)


def test_names_of_torch_and_of_gluon(fx, arrays, model):
    mapped, notes = import_graph(read_model(memoryview(fx.onnx_bytes(model))))
    assert (mapped.arch, mapped.layout, notes) == ("resnet18", "torchvision", [])
    same_arrays(mapped, arrays)
    gluon = fx.gluon_onnx(arrays)
    assert "resnetv15_stage2_batchnorm2_gamma" in gluon.initializers
    mapped, notes = import_graph(gluon)
    assert (mapped.layout, notes) == ("Gluon", [])
    same_arrays(mapped, arrays)


def test_an_export_for_inference(fx, arrays, model):
    folded = read_model(memoryview(fx.onnx_bytes(fx.folded_onnx(arrays))))
    mapped, notes = import_graph(folded)
    assert (mapped.arch, mapped.layout, notes) == ("resnet18", "ONNX", [FOLDED_NOTE])
    expected = logits(model)
    close(logits(folded), expected)
    close(network_logits("resnet18", mapped.tensors, 3), expected)


def test_the_order_of_nodes_and_of_inputs_does_not_matter(arrays, model):
    # shortcuts before the way with the work, additions turned round
    for node in model.nodes:
        if node.op == "Add":
            node.inputs.reverse()
    model.nodes.sort(key=lambda node: ("layer" in node.name and node.name[:8],
                                       "downsample" not in node.name) if "layer" in node.name
                     else ((node.name in ("avgpool", "flatten", "fc")) * "z", 0))  # fmt: skip
    same_arrays(import_graph(model)[0], arrays)


def test_names_of_initializers_do_not_decide(fx, arrays, model):
    """Two convolutions of one shape with each other's names: the graph says which is which."""
    a, b = "layer1.0.conv1.weight", "layer1.0.conv2.weight"
    same_arrays(import_graph(fx.rename_onnx(model, {a: b, b: a}))[0], arrays)


def linear(model, nodes, **weights):
    """Put other nodes in the place of the head; they begin at "flatten.out"."""
    model.nodes = [node for node in model.nodes if node.op not in ("Gemm", "MatMul")] + nodes
    model.initializers = {name: item for name, item in model.initializers.items()
                          if not name.startswith("fc.")} | weights  # fmt: skip


def test_heads_of_other_forms(fx, arrays, model):
    w, b, x = arrays["fc.weight"], arrays["fc.bias"], "flatten.out"
    transposed = fx.record(np.ascontiguousarray(w.T))
    forms = [
        ([Node("MatMul", [x, "w"], ["y"]), Node("Add", ["y", "b"], ["logits"])],
         {"w": transposed, "b": fx.record(b)}),
        ([Node("MatMul", [x, "w"], ["y"]), Node("Add", ["b", "y"], ["logits"])],
         {"w": transposed, "b": fx.record(b[None])}),
        ([Node("Transpose", ["w"], ["wt"], {"perm": [1, 0]}), Node("MatMul", [x, "wt"], ["y"]),
          Node("Add", ["y", "b"], ["logits"])], {"w": fx.record(w), "b": fx.record(b)}),
        ([Node("Gemm", [x, "w", "b"], ["logits"])], {"w": transposed, "b": fx.record(b)}),
        ([Node("Gemm", [x, "w", "b"], ["logits"], {"alpha": 0.5, "beta": 4.0, "transB": 1})],
         {"w": fx.record(w * 2), "b": fx.record(b / 4)}),
    ]  # fmt: skip
    for nodes, weights in forms:
        changed = copy.copy(model)
        linear(changed, nodes, **weights)
        same_arrays(import_graph(changed)[0], arrays)


def test_a_head_without_a_bias_and_no_head_at_all(fx, arrays, model):
    linear(model, [Node("MatMul", ["flatten.out", "w"], ["logits"])],
           w=fx.record(np.ascontiguousarray(arrays["fc.weight"].T)))
    mapped, _ = import_graph(model)
    np.testing.assert_array_equal(mapped.tensors["fc.bias"].values(), np.zeros(3))
    linear(model, [])
    model.outputs = {"flatten.out": ("float32", None)}
    mapped, _ = import_graph(model)
    assert mapped.num_classes is None and "fc.weight" not in mapped.tensors


def test_a_softmax_is_left_out(arrays, model):
    model.nodes.append(Node("Softmax", ["logits"], ["p"], {"axis": 1}))
    model.outputs = {"p": ("float32", None)}
    mapped, notes = import_graph(model)
    same_arrays(mapped, arrays)
    assert notes == ["the Softmax behind the logits was left out"]


def test_a_bias_before_a_batch_norm_and_another_eps_keep_the_logits(fx, arrays, model):
    conv, norm = node_named(model, "layer2.0.conv1"), node_named(model, "layer3.1.bn2")
    model.initializers["extra"] = fx.record(np.linspace(-1, 1, 128, dtype=np.float32))
    conv.inputs.append("extra")
    norm.attributes["epsilon"] = 0.25
    mapped, notes = import_graph(model)
    assert notes == ["BatchNorm's eps 0.25 was made 1e-05 by adding to the variances"]
    close(network_logits("resnet18", mapped.tensors, 3), logits(model))
    changed = {n for n in arrays if not np.array_equal(arrays[n], mapped.tensors[n].values())}
    assert changed == {"layer2.0.bn1.running_mean", "layer3.1.bn2.running_var"}


@pytest.mark.parametrize("pool", [
    Node("ReduceMean", ["x"], ["avgpool.out"], {"axes": [2, 3], "keepdims": 1}),
    Node("ReduceMean", ["x", "axes"], ["avgpool.out"], {"keepdims": 0}),
    Node("AveragePool", ["x"], ["avgpool.out"], {"kernel_shape": [2, 2], "strides": [2, 2]}),
], ids=lambda node: node.op)  # fmt: skip
def test_other_words_for_the_mean(fx, arrays, model, pool):
    at = next(i for i, node in enumerate(model.nodes) if node.op == "GlobalAveragePool")
    inputs = [model.nodes[at].inputs[0], *pool.inputs[1:]]
    model.nodes[at] = Node(pool.op, inputs, pool.outputs, pool.attributes)
    model.initializers["axes"] = fx.record(np.array([-1, -2]))
    expected = logits(model, 64)
    if pool.op == "AveragePool":
        with pytest.raises(_layouts.LayoutError, match="no mean over the whole image"):
            import_graph(model)
        model.inputs["input"] = ("float32", (1, 3, 64, 64))
    mapped, _ = import_graph(model)
    same_arrays(mapped, arrays)
    close(network_logits("resnet18", mapped.tensors, 3, 64), expected)


def test_a_flatten_that_asks_for_the_shape(arrays, model):
    model.nodes.insert(0, Node("Shape", ["avgpool.out"], ["s"]))
    same_arrays(import_graph(model)[0], arrays)


def test_constants_that_are_computed_in_the_graph(fx, arrays, model):
    """As PyTorch's exporter leaves them without its optimizer."""
    axes = [Node("Constant", [], ["minus"], {"value_ints": [-1]}),
            Node("Constant", [], ["two"], {"value": fx.record(np.array([-1, -2]))}),
            Node("Reshape", ["two", "minus"], ["axes"])]  # fmt: skip
    mean = next(node for node in model.nodes if node.op == "GlobalAveragePool")
    mean.op, mean.inputs = "ReduceMean", [mean.inputs[0], "axes"]
    zeros = [Node("Constant", [], ["zero"], {"value_float": 0.0}),
             Node("CastLike", ["zero", "input"], ["as input"]),
             Node("Shape", ["conv1.weight"], ["count"], {"start": 0, "end": 1}),
             Node("Expand", ["as input", "count"], ["zeros"])]  # fmt: skip
    node_named(model, "conv1").inputs.append("zeros")
    sizes = [Node("Shape", ["avgpool.out"], ["n"], {"start": 0, "end": 1}),
             Node("Constant", [], ["width"], {"value_ints": [512]}),
             Node("Concat", ["n", "width"], ["sizes"], {"axis": 0})]  # fmt: skip
    flatten = next(node for node in model.nodes if node.op == "Flatten")
    flatten.op, flatten.inputs, flatten.attributes = "Reshape", ["avgpool.out", "sizes"], {}
    at = model.nodes.index(flatten)
    expected = logits(plain_graph(fx, arrays))
    model.nodes = axes + zeros + model.nodes[:at] + sizes + model.nodes[at:]
    same_arrays(import_graph(model)[0], arrays)
    close(logits(model), expected)


def test_a_bomb_of_an_expanded_constant_costs_nothing(fx, model):
    model.nodes[:0] = [
        Node("Constant", [], ["huge"], {"value_ints": [2**40, 2**20]}),
        Node("Constant", [], ["one"], {"value_float": 1.0}),
        Node("Expand", ["one", "huge"], ["bomb"])]  # fmt: skip
    node_named(model, "conv1").inputs.append("bomb")
    with pytest.raises(_layouts.LayoutError, match="'conv1' computes with bomb, which is no const"):
        import_graph(model)


# -- what is refused -----------------------------------------------------------------------
def strides_in_the_first_convolution(model):
    node_named(model, "layer2.0.conv1").attributes["strides"] = [2, 2]
    node_named(model, "layer2.0.conv2").attributes["strides"] = [1, 1]


def set_attribute(name, **attributes):
    def change(model):
        node_named(model, name).attributes.update(attributes)

    return change


def replace(name, op):
    def change(model):
        node_named(model, name).op = op

    return change


def normalise_the_input(model):
    model.nodes.insert(0, Node("BatchNormalization", ["input"] + ["bn1.weight"] * 4, ["n"]))
    node_named(model, "conv1").inputs[0] = "n"


def leave_out_the_shortcut(model):
    node = node_named(model, "layer1.0.add")
    node.op, node.inputs = "Relu", node.inputs[:1]


def wrong_shortcut(model):
    """The block's inner activation instead of its input."""
    node_named(model, "layer1.1.add").inputs[1] = "layer1.1.relu1.out"


def a_cycle(model):
    node_named(model, "conv1").inputs[0] = "relu.out"


@pytest.mark.parametrize("arch, change, reason", [
    ("resnet50", strides_in_the_first_convolution, r"ResNet v1\); torchvision's do in the 3x3"),
    ("resnet18", set_attribute("layer3.0.conv1", strides=[1, 1]), "kernel, stride, padding"),
    ("resnet18", set_attribute("layer3.0.conv1", pads=[0, 0, 1, 1]), "kernel, stride, padding"),
    ("resnet18", set_attribute("layer3.1.conv1", dilations=[2, 2]), "kernel, stride, padding"),
    ("resnet18", set_attribute("layer3.1.conv1", auto_pad="SAME_UPPER"), "auto_pad"),
    ("resnet18", set_attribute("maxpool", ceil_mode=1), "kernel, stride, padding"),
    ("resnet18", set_attribute("layer1.0.conv1", group=2), "2 groups, not 1"),
    ("resnext50_32x4d", set_attribute("layer1.0.conv2", group=16), "16 groups, not 32"),
    ("resnet18", set_attribute("fc", transA=1), "transposes the features"),
    ("resnet18", set_attribute("fc", alpha="much"), "alpha that is no number"),
    ("resnet18", set_attribute("fc", transB=0), "adds numbers of shape"),
    ("resnet18", replace("layer2.0.relu1", "Sigmoid"), "Relu or Add was expected"),
    ("resnet18", replace("maxpool", "AveragePool"), "MaxPool was expected"),
    ("resnet18", replace("fc", "Einsum"), "Gemm or MatMul was expected"),
    ("resnet18", normalise_the_input, r"pre-activation ResNet \(v2\)"),
    ("resnet18", leave_out_the_shortcut, "was expected"),
    ("resnet18", wrong_shortcut, "was expected|ends in"),
    ("resnet18", a_cycle, "was expected"),
])  # fmt: skip
def test_other_graphs_are_refused(fx, arch, change, reason):
    records = {n: fx.record(np.broadcast_to(np.float32(0.5), s))
               for n, s in _layouts.expected_shapes(arch, 2).items()}  # fmt: skip
    model = resnet_graph(arch, records)
    change(model)
    with pytest.raises(_layouts.LayoutError, match=reason):
        import_graph(model)


def test_other_networks_are_named(fx, arrays, model):
    small = copy.copy(model)
    small.initializers = model.initializers | {
        "conv1.weight": fx.record(np.ones((64, 3, 3, 3), np.float32))}
    with pytest.raises(_layouts.LayoutError, match="3x3, not 7x7"):
        import_graph(small)
    with pytest.raises(_layouts.LayoutError, match=r"pre-activation ResNet \(v2\)"):
        import_graph(fx.rename_onnx(model, {"conv1.weight": "resnetv22_conv0_weight"}))


def test_a_quantized_network_is_refused(fx, model):
    model.initializers["conv1.weight"] = fx.record(np.ones((64, 3, 7, 7), np.int8))
    with pytest.raises(_layouts.LayoutError, match="quantized"):
        import_graph(model)


def test_too_few_blocks(fx, arrays, model):
    kept = [node for node in model.nodes if not node.name.startswith("layer4.1")]
    node = next(node for node in kept if node.op == "GlobalAveragePool")
    node.inputs = ["layer4.0.relu2.out"]
    model.nodes = kept
    with pytest.raises(_layouts.LayoutError, match="not the names of a ResNet"):
        import_graph(model)


def test_an_unknown_operation_is_not_computed(model):
    node_named(model, "layer2.0.relu1").op = "Mish"
    with pytest.raises(UnknownOperation, match="Mish"):
        logits(model)
    node_named(model, "layer2.0.relu1").op = "Relu"
    node_named(model, "fc").inputs[0] = "avgpool.out"
    with pytest.raises(_layouts.LayoutError, match="'fc' cannot be computed"):
        logits(model)
