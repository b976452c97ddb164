"""ONNX files crossing to PyTorch, onnx and onnxruntime and back, and .pth files to torchvision."""

import importlib.metadata
import io
import sys
import warnings

import numpy as np
import pytest

import minitorch
from minitorch.cli import main
from minitorch.models import _layouts
from minitorch.models._onnx_export import resnet_graph
from minitorch.models._onnx_import import FOLDED_NOTE, import_graph
from minitorch.serialization.onnx import read_model

IMAGES = np.random.default_rng(2).standard_normal((2, 3, 64, 64)).astype("f4")
LIGHT = ("resnet18", "resnet50", "resnext50_32x4d", "wide_resnet50_2")


def close(found, expected, share=1e-4):
    assert np.abs(found - expected).max() <= share * np.abs(expected).max()


def ours(arch, arrays, classes):
    """The logits of minitorch's own network."""
    net = getattr(minitorch.models, arch)(num_classes=classes).eval()
    net.load_state_dict({name: minitorch.from_numpy(np.array(array, np.float32))
                         for name, array in arrays.items()})
    with minitorch.no_grad():
        return net(minitorch.from_numpy(IMAGES)).numpy()


def values(tensors):
    return {name: record.values() for name, record in tensors.items()}


# -- our files elsewhere -------------------------------------------------------------------
@pytest.mark.parametrize("arch", LIGHT)
def test_onnxruntime_computes_our_logits(fx, arch):
    runtime = pytest.importorskip("onnxruntime")
    arrays = fx.resnet_arrays(arch, 5)
    data = fx.onnx_bytes(resnet_graph(arch, {n: fx.record(a) for n, a in arrays.items()},
                                      {"classes": '["ä"]'}))
    session = runtime.InferenceSession(data, providers=["CPUExecutionProvider"])
    close(session.run(None, {"input": IMAGES})[0], ours(arch, arrays, 5))
    assert session.get_modelmeta().custom_metadata_map == {"classes": '["ä"]'}
    other = session.run(["logits"], {"input": np.zeros((3, 3, 50, 70), np.float32)})[0]
    assert other.shape == (3, 5)


@pytest.mark.parametrize("dtype", ["float32", "float16"])
def test_the_checker_finds_nothing(fx, dtype):
    onnx = pytest.importorskip("onnx")
    arrays = {n: a.astype(dtype) for n, a in fx.resnet_arrays(num_classes=5).items()}
    records = {n: fx.record(a) for n, a in arrays.items()}
    for size in (None, 64):
        data = fx.onnx_bytes(resnet_graph("resnet18", records, {}, size))
        onnx.checker.check_model(data, full_check=True)
    model = onnx.load_from_string(data)
    for tensor in model.graph.initializer:
        np.testing.assert_array_equal(onnx.numpy_helper.to_array(tensor), arrays[tensor.name])


def test_the_writer_of_onnx_is_understood():
    onnx = pytest.importorskip("onnx")
    helper = onnx.helper
    tensors = []
    for kind in (1, 2, 3, 4, 5, 6, 7, 9, 10, 11, 12, 13):
        array = np.array([[0, 1], [1, 0]]).astype(helper.tensor_dtype_to_np_dtype(kind))
        tensors.append(onnx.numpy_helper.from_array(array, f"raw{kind}"))
        tensors.append(helper.make_tensor(f"typed{kind}", kind, (2, 2), array.ravel().tolist()))
    node = helper.make_node("Odd", ["x"], ["y"], domain="d", f=0.5, i=-3, s="t", fs=[1.0, 2.0],
                            ns=[1, -2], ss=["a", "b"])  # fmt: skip
    graph = helper.make_graph([node], "g", [helper.make_tensor_value_info("x", 1, ["N", 3])],
                              [helper.make_tensor_value_info("y", 1, None)], tensors)  # fmt: skip
    model = read_model(memoryview(helper.make_model(graph).SerializeToString()))
    assert model.inputs == {"x": ("float32", ("N", 3))}
    assert model.nodes[0].op == "d.Odd"
    assert model.nodes[0].attributes == {"f": 0.5, "i": -3, "s": "t", "fs": [1.0, 2.0],
                                         "ns": [1, -2], "ss": ["a", "b"]}
    for tensor in tensors:
        np.testing.assert_array_equal(model.initializers[tensor.name].numpy(),
                                      onnx.numpy_helper.to_array(tensor))


def test_external_data_that_onnx_wrote(fx, tmp_path):
    onnx = pytest.importorskip("onnx")
    records = {n: fx.record(a) for n, a in fx.resnet_arrays(num_classes=5).items()}
    model = onnx.load_from_string(fx.onnx_bytes(resnet_graph("resnet18", records)))
    onnx.save_model(model, tmp_path / "m.onnx", save_as_external_data=True, location="m.data")
    assert (tmp_path / "m.onnx").stat().st_size < 100_000
    assert main(["convert", str(tmp_path / "m.onnx"), str(tmp_path / "m.safetensors")]) == 0
    found = minitorch.load(tmp_path / "m.safetensors")
    for name, record in records.items():
        np.testing.assert_array_equal(found[name].numpy(), record.numpy())
    (tmp_path / "m.data").unlink()
    assert main(["convert", str(tmp_path / "m.onnx"), str(tmp_path / "n.safetensors")]) == 1


# -- PyTorch's files here ------------------------------------------------------------------
@pytest.fixture(scope="module")
def torch():
    return pytest.importorskip("torch")


@pytest.fixture(scope="module")
def torchvision_resnet(torch):
    """The module of torchvision's ResNets; its compiled half is not wanted."""
    import torchvision_nets

    try:
        files = importlib.metadata.files("torchvision") or []
    except importlib.metadata.PackageNotFoundError:
        pytest.skip("torchvision is not installed")
    text = next(f for f in files if str(f) == "torchvision/models/resnet.py").locate()
    before = take_torchvision()
    torchvision_nets.empty_packages(text.parents[1])
    yield torchvision_nets.load(text.parents[1], "resnet")
    take_torchvision()
    sys.modules.update(before)


def take_torchvision():
    """Take torchvision's modules, whoever imported them, out of Python's table."""
    names = [name for name in sys.modules if name.partition(".")[0] == "torchvision"]
    return {name: sys.modules.pop(name) for name in names}


def seeded(torch, net):
    """Give BatchNorms values that show when they are mixed up."""
    generator = torch.Generator().manual_seed(3)
    for name, tensor in net.state_dict().items():
        if tensor.dim() == 1 and tensor.is_floating_point():
            spread = torch.rand(tensor.shape, generator=generator)
            tensor.copy_(spread + 0.5 if name.endswith(("weight", "var")) else spread - 0.5)
    return net.eval()


def exported(torch, net, **options):
    """The bytes of PyTorch's own export; its TorchScript exporter warns of its age."""
    file = io.BytesIO()
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        torch.onnx.export(net, torch.from_numpy(IMAGES), file, dynamo=False, **options)
    return memoryview(file.getvalue())


FORMS = {
    "folded": {},
    "free sizes": {"input_names": ["x"], "dynamic_axes": {"x": {0: "n", 2: "h", 3: "w"}}},
    "opset 11": {"opset_version": 11},
    "kept": {"training": "PRESERVE", "do_constant_folding": False},
}


@pytest.mark.parametrize("arch, form", [
    *(("resnet18", form) for form in FORMS), ("resnet50", "folded"), ("resnet50", "kept"),
    ("resnext50_32x4d", "folded"),
])  # fmt: skip
def test_exports_of_pytorch(torch, torchvision_resnet, arch, form):
    pytest.importorskip("onnx")
    net = seeded(torch, getattr(torchvision_resnet, arch)(num_classes=6))
    options = dict(FORMS[form])
    if "training" in options:
        options["training"] = getattr(torch.onnx.TrainingMode, options["training"])
    mapped, notes = import_graph(read_model(exported(torch, net, **options)))
    assert (mapped.arch, mapped.num_classes) == (arch, 6)
    assert notes == ([] if form == "kept" else [FOLDED_NOTE])
    if form == "kept":
        for name, tensor in net.state_dict().items():
            if not name.endswith("num_batches_tracked"):
                np.testing.assert_array_equal(mapped.tensors[name].values(), tensor.numpy())
    with torch.no_grad():
        expected = net(torch.from_numpy(IMAGES)).numpy()
    close(ours(arch, values(mapped.tensors), 6), expected)


def test_an_export_with_equal_weights_shared(torch, torchvision_resnet):
    """Fresh BatchNorms are all alike: the exporter keeps one, and Identity nodes to it."""
    pytest.importorskip("onnx")
    torch.manual_seed(0)
    net = torchvision_resnet.resnet18(num_classes=6).eval()
    data = exported(torch, net, training=torch.onnx.TrainingMode.PRESERVE)
    model = read_model(data)
    assert any(node.op == "Identity" for node in model.nodes)
    mapped, _ = import_graph(model)
    for name, record in mapped.tensors.items():
        np.testing.assert_array_equal(record.values(), net.state_dict()[name].numpy())


@pytest.mark.parametrize("optimize", [True, False])
def test_exports_of_pytorchs_default_exporter(torch, torchvision_resnet, tmp_path, optimize, capfd):
    """It keeps the weights in a file beside the model."""
    pytest.importorskip("onnxscript")
    net = seeded(torch, torchvision_resnet.resnet18(num_classes=6))
    free = torch.export.Dim.DYNAMIC
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        torch.onnx.export(net, (torch.from_numpy(IMAGES),), tmp_path / "m.onnx", optimize=optimize,
                          dynamic_shapes=({0: free, 2: free, 3: free},))  # fmt: skip
    assert (tmp_path / "m.onnx.data").stat().st_size > 40_000_000
    assert main(["convert", str(tmp_path / "m.onnx"), str(tmp_path / "m.pth")]) == 0
    out = capfd.readouterr().out
    assert "the graph and the resnet18 compute the same logits on a probe" in out
    assert (FOLDED_NOTE in out) == optimize
    net.load_state_dict(torch.load(tmp_path / "m.pth"), strict=True)
    with torch.no_grad():
        expected = net(torch.from_numpy(IMAGES)).numpy()
    close(ours("resnet18", minitorch.load(tmp_path / "m.pth"), 6), expected)


# -- .pth ----------------------------------------------------------------------------------
@pytest.mark.parametrize("arch", _layouts.ARCHITECTURES)
def test_torchvision_loads_our_pth_strictly(fx, torch, torchvision_resnet, tmp_path, arch):
    """The deep and wide ones with their names and shapes only, to save time."""
    with torch.device("meta"):
        net = getattr(torchvision_resnet, arch)(num_classes=2)
    shapes = {name: tuple(tensor.shape) for name, tensor in net.state_dict().items()}
    assert list(shapes.items()) == list(_layouts.expected_shapes(arch, 2).items())
    if arch not in LIGHT[:3]:
        return
    with open(tmp_path / "a.safetensors", "wb") as file:
        fx.safetensors.write_records(file, {n: fx.record(a) for n, a in fx.resnet_arrays(
            arch, 2, batches=arch != "resnet18").items()})  # fmt: skip
    path = tmp_path / "a.pth"
    assert main(["convert", str(tmp_path / "a.safetensors"), str(path)]) == 0
    net = getattr(torchvision_resnet, arch)(num_classes=2)
    net.load_state_dict(torch.load(path, weights_only=True), strict=True)
    with torch.no_grad():
        expected = net.eval()(torch.from_numpy(IMAGES)).numpy()
    close(ours(arch, {n: t.numpy() for n, t in torch.load(path).items()}, 2), expected)
