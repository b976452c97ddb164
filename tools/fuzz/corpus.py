"""What the fuzzer starts from: small valid files of every format, made by our own writers."""

import io
import tarfile
import zipfile
from collections import Counter, OrderedDict

import make_fixtures as fx
import numpy as np

from minitorch.serialization import npz, pth_writer, safetensors


def _arrays():
    return OrderedDict([
        ("conv.weight", np.arange(24, dtype=np.float32).reshape(2, 3, 2, 2)),
        ("half", np.array([1.5, -2.0], np.float16)),
        ("mask", np.array([True, False])),
        ("count", np.array([7], np.int64)),
        ("empty", np.zeros((0, 3), np.float32)),
    ])  # fmt: skip


def records(parameters=False):
    """Return a few records; the floating ones as Parameters if asked."""
    return OrderedDict(
        (name, fx.record(array, is_parameter=parameters and array.dtype.kind == "f",
                         requires_grad=parameters and array.dtype.kind == "f"))
        for name, array in _arrays().items()
    )  # fmt: skip


def _objects():
    """Yield values of every kind that may stand in a checkpoint."""
    yield records()
    yield records(parameters=True)
    state = OrderedDict(a=fx.record(np.ones(3, np.float32)))
    state._metadata = {"": {"version": 2}}
    yield {"state_dict": state, "epoch": 3, "lr": 0.1, "names": ["a", "b"], "raw": b"\0\xff",
           "flags": (None, True, False, -1, 300, 70000, 2**40), "set": {1, 2},
           "count": Counter("aab"), "z": 1 + 2j, "array": bytearray(b"xy")}  # fmt: skip


def _wild():
    """Return opcodes that only ``convert`` reads: unknown classes, state, views, odd types."""
    base = ("storage", fx.name("torch", "FloatStorage"), "0", "cpu", 6)
    storage = fx.Raw(fx.opcodes(base) + b"Q")
    hooks = fx.call(fx.name("collections", "OrderedDict"))
    view = fx.call(fx.name("torch._utils", "_rebuild_tensor_v2"), storage, 1, (2, 2), (2, 1),
                   False, hooks)  # fmt: skip
    typed = fx.call(fx.name("torch._utils", "_rebuild_tensor_v3"),
                    fx.Raw(fx.opcodes(("storage", fx.name("torch.storage", "UntypedStorage"),
                                       "0", "cpu", 24)) + b"Q"),
                    0, (3,), (2,), False, hooks, fx.name("torch", "uint16"))  # fmt: skip
    parameter = fx.call(fx.name("torch._utils", "_rebuild_parameter"), view, True, hooks)
    module = fx.Raw(fx.opcodes(fx.name("some.module", "Net")) + b")\x81"
                    + fx.opcodes({"_parameters": {"w": parameter}}) + b"b")  # fmt: skip
    return {"view": view, "typed": typed, "module": module, "shared": [view, view],
            "size": fx.call(fx.name("torch", "Size"), (2, 3)),
            "device": fx.call(fx.name("torch", "device"), "cpu"),
            "dtype": fx.name("torch", "float32"),
            "ns": fx.call(fx.name("argparse", "Namespace"), state={"lr": 0.1})}  # fmt: skip


def zips():
    for value in _objects():
        yield _written(pth_writer.write_zip, value)
    yield rezip({"x/data.pkl": fx.pickled(_wild()), "x/byteorder": b"little",
                 "x/data/0": np.arange(6, dtype="<f4").tobytes(), "x/version": b"3\n"})  # fmt: skip
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        archive.writestr("y/data.pkl", fx.pickled([1, "two", {"three": 3.0}]))
        archive.writestr("y/version", b"3\n")
    yield buffer.getvalue()


def rezip(members):
    """Write members as ``torch.save`` lays them out."""
    from minitorch.serialization._zip import ZipWriter

    buffer = io.BytesIO()
    writer = ZipWriter(buffer)
    for name, body in members.items():
        writer.add(name, body)
    writer.close()
    return buffer.getvalue()


def legacies():
    for value in _objects():
        yield _written(pth_writer.write_legacy, value)


def tars():
    for options in ({}, {"form": "B", "old_strings": True, "list_built": True, "oldest": True}):
        yield retar(fx.tar_members(records(parameters=True), **options))


def retar(members):
    """Write members as a tar file, without the padding to 10 KB."""
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w:", format=tarfile.PAX_FORMAT) as archive:
        for name, body in members.items():
            info = tarfile.TarInfo(name)
            info.size = len(body)
            archive.addfile(info, io.BytesIO(body))
    return buffer.getvalue().rstrip(b"\0") + bytes(1024)


def safetensors_files():
    yield _written(lambda f, v: safetensors.write_records(f, v), records())
    yield _written(lambda f, v: safetensors.write_records(f, v, {"format": "pt"}), records())


def npzs():
    yield _written(npz.write_records, records())
    buffer = io.BytesIO()
    fortran = np.asfortranarray(np.arange(6.0).reshape(2, 3))
    np.savez_compressed(buffer, zeros=np.zeros(500), big=np.arange(3, dtype=">f4"), f=fortran)
    yield buffer.getvalue()


def pickles():
    """Yield bare streams, read by the interpreter alone."""
    import pickle

    yield fx.pickled(_wild())
    for protocol in (2, 3, 4, 5):
        yield pickle.dumps({"a": [1, 2.5, "x", b"y"], "b": ({1, 2}, frozenset([3])),
                            "c": OrderedDict(k=Counter("aab")), "d": bytearray(b"z")},
                           protocol)  # fmt: skip


def onnx_files():
    """Yield a ResNet of a few channels, and a model of odd parts."""
    from minitorch.models import _layouts
    from minitorch.models._onnx_export import resnet_graph
    from minitorch.serialization.onnx import Node, OnnxModel
    from minitorch.serialization.onnx_writer import write_model

    rng, tensors = np.random.default_rng(0), {}
    for name, shape in _layouts.expected_shapes("resnet18", 3).items():
        few = [min(n, 2) if i < 2 and not name.startswith("fc") else n
               for i, n in enumerate(shape)]  # fmt: skip
        few = [3, 2] if name == "fc.weight" else few
        tensors[name] = fx.record(rng.random(few, np.float32))
    yield _written(write_model, resnet_graph("resnet18", tensors, {"classes": "[]"}, 8))
    model = OnnxModel()
    model.ir_version, model.producer, model.name = 8, "fuzz", "odd"
    model.opsets = {"": 17, "some.domain": 1}
    model.initializers = dict(records())
    model.nodes = [
        Node("Constant", [], ["c"], {"value": fx.record(np.arange(3))}, "k"),
        Node("Conv", ["x", "conv.weight", ""], ["y"],
             {"pads": [1, 1, 1, 1], "alpha": 0.5, "auto_pad": "NOTSET", "group": 1}),
        Node("Shape", ["conv.weight"], ["s"], {"start": 0, "end": 3}),
        Node("Constant", [], ["zero"], {"value_ints": [0]}),
        Node("Gather", ["s", "c"], ["g"], {"axis": 0}),
        Node("Concat", ["g", "c"], ["gc"], {"axis": 0}),
        Node("Expand", ["zero", "c"], ["e"]), Node("Reshape", ["gc", "zero"], ["r"]),
        Node("Unsqueeze", ["gc", "zero"], ["u"]), Node("Squeeze", ["u", "zero"], ["q"]),
        Node("Transpose", ["u"], ["t"], {"perm": [1, 0]}),
    ]  # fmt: skip
    model.inputs = {"x": ("float32", ("N", 3, 8, 8))}
    model.outputs = {"y": ("float32", (1, 2))}
    yield _written(write_model, model)


def _written(writer, value):
    buffer = io.BytesIO()
    writer(buffer, value)
    return buffer.getvalue()


SEEDS = {"zip": zips, "legacy": legacies, "tar": tars, "safetensors": safetensors_files,
         "npz": npzs, "pickle": pickles, "onnx": onnx_files}  # fmt: skip
