#!/usr/bin/env python
"""Write checkpoints of every kind that minitorch reads, without PyTorch.

``python tools/make_fixtures.py FOLDER [--classes N]`` writes twins of published files: the same
layout down to the byte count, with seeded numbers in place of the weights.  The tests import the
functions below; nothing here is part of the library.
"""

import argparse
import io
import os
import struct
import sys
import tarfile
from collections import OrderedDict

import numpy as np

try:
    from minitorch.models import _layouts
except ModuleNotFoundError:
    sys.path.insert(0, os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
    from minitorch.models import _layouts
from minitorch.models._onnx_export import resnet_graph
from minitorch.serialization import npz, onnx_writer, pth_writer, safetensors
from minitorch.serialization._records import BY_NUMPY, TensorRecord
from minitorch.serialization._zip import ZipWriter
from minitorch.serialization.onnx import Node
from minitorch.serialization.pickle_writer import PickleWriter

RESNET18_BYTES = 46_830_571
_TAR_RECORD = 10240


# -- contents ------------------------------------------------------------------------------
def record(array, **flags):
    """Return a numpy array as a contiguous record."""
    array = np.ascontiguousarray(array).reshape(np.shape(array))
    dtype = BY_NUMPY[array.dtype.str]
    made = TensorRecord.whole(dtype, memoryview(array.reshape(-1).view(np.uint8)), array.shape)
    made.requires_grad = flags.get("requires_grad", False)
    made.is_parameter = flags.get("is_parameter", False)
    return made


def resnet_arrays(arch="resnet18", num_classes=1000, seed=0, batches=False):
    """Return seeded weights of a ResNet under torchvision's names, as numpy arrays.

    Parameters
    ----------
    batches : bool
        Include ``num_batches_tracked``, which files before PyTorch 0.4.1 lack.
    """
    rng = np.random.default_rng(seed)
    arrays = OrderedDict()
    for name, shape in _layouts.expected_shapes(arch, num_classes).items():
        if name.endswith("num_batches_tracked"):
            if batches:
                arrays[name] = np.array(7, np.int64)
        elif name.endswith("running_var"):
            arrays[name] = rng.random(shape, np.float32) + np.float32(0.5)
        else:
            fan = max(int(np.prod(shape[1:])), 1)
            arrays[name] = rng.standard_normal(shape, np.float32) / np.float32(fan) ** 0.5
    return arrays


def resnet_records(**options):
    """Return :func:`resnet_arrays` as records; what trains is a Parameter, as in old files."""
    buffers = ("running_mean", "running_var", "num_batches_tracked")
    return OrderedDict(
        (name, record(array, is_parameter=not name.endswith(buffers),
                      requires_grad=not name.endswith(buffers)))
        for name, array in resnet_arrays(**options).items()
    )  # fmt: skip


# -- the zip twin --------------------------------------------------------------------------
def address(position, storage=None):
    """Return a storage key as PyTorch 1.6 wrote them: a 15-digit memory address."""
    return str(140_171_234_500_000 + 64 * position)


def write_zip_2020(file, value, key_of=address):
    """Write the zip format as PyTorch 1.6 did: no byte order record, addresses as keys."""
    pickler = PickleWriter(key_of=key_of)
    stream = pickler.dumps(value)
    archive = ZipWriter(file)
    archive.add("archive/data.pkl", stream)
    for key, storage in pickler.storages.items():
        archive.add(f"archive/data/{key}", storage.data)
    archive.add("archive/version", b"3\n")
    archive.close()


# -- the tar format ------------------------------------------------------------------------
class Raw(bytes):
    """Pickle opcodes to be copied as they are."""


def opcodes(value, old_strings=False):
    """Return the opcodes of a value, protocol 2, without PROTO and STOP.

    Unlike ``PickleWriter`` this writes any name, and Python 2's strings where asked.
    """
    if isinstance(value, Raw):
        return bytes(value)
    if isinstance(value, str):
        raw = value.encode()
        if old_strings:
            return b"U" + bytes([len(raw)]) + raw
        return b"X" + struct.pack("<I", len(raw)) + raw
    if isinstance(value, (tuple, list)):
        start, end = (b"(", b"t") if isinstance(value, tuple) else (b"](", b"e")
        return start + b"".join(opcodes(item, old_strings) for item in value) + end
    if isinstance(value, dict):
        pairs = b"".join(opcodes(k, old_strings) + opcodes(v, old_strings)
                         for k, v in value.items())  # fmt: skip
        return b"}(" + pairs + b"u"
    return PickleWriter().dumps(value)[2:-1]


def pickled(value, old_strings=False):
    """Return a whole stream made by :func:`opcodes`."""
    return b"\x80\x02" + opcodes(value, old_strings) + b"."


def name(module, attribute):
    """Return the opcode that names something."""
    return Raw(f"c{module}\n{attribute}\n".encode())


def call(function, *args, state=None, old_strings=False):
    """Return the opcodes of a call, followed by BUILD if there is a state."""
    body = opcodes(function) + opcodes(tuple(args), old_strings) + b"R"
    if state is not None:
        body += opcodes(state, old_strings) + b"b"
    return Raw(body)


def _parameter(reference, form):
    """Return a Parameter as the first PyTorch versions pickled it."""
    hooks = call(name("collections", "OrderedDict"))
    if form == "A":
        made = opcodes(name("torch.nn.parameter", "Parameter")) + b")\x81"
        state = (reference, None, hooks, True, False)
        return Raw(made + opcodes(state) + b"b")
    made = call(name("torch.nn.parameter", "Parameter"), reference)
    return Raw(made + opcodes((True, False, hooks)) + b"b")


def tar_object(records, form="A", old_strings=False, list_built=False):
    """Return the pickle of a state dict whose tensors are bare numbers."""
    entries = []
    for number, (key, item) in enumerate(records.items()):
        reference = Raw(opcodes(str(1000 + number), old_strings) + b"Q")
        entries.append((key, _parameter(reference, form) if item.is_parameter else reference))
    if list_built:
        pairs = [[key, value] for key, value in entries]
        return pickled(call(name("collections", "OrderedDict"), pairs, old_strings=old_strings),
                       old_strings)  # fmt: skip
    body = call(name("collections", "OrderedDict")) + b"("
    for key, value in entries:
        body += opcodes(key, old_strings) + opcodes(value, old_strings)
    return pickled(Raw(body + b"u"))


def tar_members(records, oldest=False, **options):
    """Return {member name: bytes} of a tar checkpoint.

    Parameters
    ----------
    oldest : bool
        Storage entries without a location, tensor entries with type and storage swapped.
    """
    storages, tensors = io.BytesIO(), io.BytesIO()
    unique = {id(item.storage): item for item in records.values()}
    keys = {found: 5000 + n for n, found in enumerate(unique)}
    storages.write(pickled(len(unique)))
    for found, item in unique.items():
        kind = name("torch", item.dtype.storage)
        entry = (keys[found], kind) if oldest else (keys[found], "cpu", kind)
        storages.write(pickled(entry))
        storages.write(struct.pack("<q", item.storage.nbytes // item.dtype.itemsize))
        storages.write(item.storage.data)
    storages.write(pickled(Raw(b"]")))
    tensors.write(pickled(len(records)))
    for number, item in enumerate(records.values()):
        kind = name("torch", item.dtype.storage.replace("Storage", "Tensor"))
        key = keys[id(item.storage)]
        tensors.write(pickled((1000 + number, kind, key) if oldest
                              else (1000 + number, key, kind)))  # fmt: skip
        tensors.write(struct.pack("<i4x", len(item.size)))
        tensors.write(struct.pack(f"<{2 * len(item.size)}q", *item.size, *item.stride))
        tensors.write(struct.pack("<q", item.offset))
    info = {"protocol_version": 1000, "little_endian": True,
            "type_sizes": {"short": 2, "int": 4, "long": 4}}  # fmt: skip
    return {"sys_info": pickled(info), "pickle": tar_object(records, **options),
            "tensors": tensors.getvalue(), "storages": storages.getvalue()}  # fmt: skip


def write_tar(file, records, **options):
    """Write the tar format of PyTorch 0.1.1 to 0.1.9."""
    members = tar_members(records, **options)
    with tarfile.open(fileobj=file, mode="w:", format=tarfile.PAX_FORMAT) as archive:
        for member in ("sys_info", "pickle", "tensors", "storages"):
            info = tarfile.TarInfo(member)
            info.size = len(members[member])
            info.mtime = 1485907200.5  # a fraction, so that there is an extended header
            archive.addfile(info, io.BytesIO(members[member]))


# -- other layouts -------------------------------------------------------------------------
def hugging_face_names(records):
    """Return the records under the names of Hugging Face's ResNetForImageClassification."""
    renamed = OrderedDict()
    for key, item in records.items():
        renamed[_hugging_face_name(key)] = item
    return renamed


def _hugging_face_name(key):
    part, leaf = key.rsplit(".", 1)
    if part in ("conv1", "bn1"):
        kind = "convolution" if part == "conv1" else "normalization"
        return f"resnet.embedder.embedder.{kind}.{leaf}"
    if part == "fc":
        return f"classifier.1.{leaf}"
    stage, block, *rest = part.split(".")
    start = f"resnet.encoder.stages.{int(stage[5:]) - 1}.layers.{block}"
    if rest[0] == "downsample":
        return f"{start}.shortcut.{('convolution', 'normalization')[int(rest[1])]}.{leaf}"
    kind = "convolution" if rest[0].startswith("conv") else "normalization"
    return f"{start}.layer.{int(rest[0][-1]) - 1}.{kind}.{leaf}"


# -- ONNX ----------------------------------------------------------------------------------
def onnx_bytes(model):
    """Return an OnnxModel as the bytes of its file."""
    file = io.BytesIO()
    onnx_writer.write_model(file, model)
    return file.getvalue()


def gluon_onnx(arrays, arch="resnet18"):
    """Return a network with the names of the ONNX zoo's resnet18-v1-7, which Gluon gave."""
    model = resnet_graph(arch, {key: record(array) for key, array in arrays.items()})
    counts, renamed = {}, {}
    for node in model.nodes:
        stage = node.name.split(".")[0].replace("layer", "stage")
        start = "resnetv15_" + (f"{stage}_" if stage.startswith("stage") else "")
        kind = {"Conv": "conv", "BatchNormalization": "batchnorm", "Gemm": "dense"}.get(node.op)
        if kind is None:
            continue
        number = counts[start, kind] = counts.get((start, kind), -1) + 1
        leaves = ("weight", "bias") if kind != "batchnorm" else (
            "gamma", "beta", "running_mean", "running_var")
        renamed.update({old: f"{start}{kind}{number}_{leaf}"
                        for old, leaf in zip(node.inputs[1:], leaves, strict=False)})
    return rename_onnx(model, {**renamed, "input": "data", "logits": "resnetv15_dense0_fwd"})


def rename_onnx(model, names):
    """Give values of a graph other names."""
    for node in model.nodes:
        node.inputs = [names.get(name, name) for name in node.inputs]
        node.outputs = [names.get(name, name) for name in node.outputs]
    for part in ("initializers", "inputs", "outputs"):
        setattr(model, part, {names.get(name, name): value
                              for name, value in getattr(model, part).items()})
    return model


def folded_onnx(arrays, arch="resnet18"):
    """Return a network as PyTorch exports it in evaluation mode.

    BatchNorms are folded, weights named by numbers, half of the biases behind an Identity and
    one weight a Constant.
    """
    model = resnet_graph(arch, {key: record(array) for key, array in arrays.items()})
    norms = {node.inputs[0]: node for node in model.nodes if node.op == "BatchNormalization"}
    nodes, weights = [], {}

    def add(array):
        weights[f"onnx::Conv_{193 + len(weights)}"] = record(array.astype(np.float32))
        return list(weights)[-1]

    for node in model.nodes:
        if node.op == "Conv":
            norm = norms[node.outputs[0]]
            kernel = model.initializers[node.inputs[1]].values().astype(np.float64)
            scale, shift, mean, var = (model.initializers[name].values().astype(np.float64)
                                       for name in norm.inputs[1:])  # fmt: skip
            scale = scale / np.sqrt(var + 1e-5)
            bias = add(shift - mean * scale)
            if len(weights) % 4 == 1:
                nodes.append(Node("Identity", [bias], [f"{bias}_same"], name=f"Identity_{bias}"))
                bias = f"{bias}_same"
            kernel = add(kernel * scale[:, None, None, None])
            if not nodes:
                nodes.append(Node("Constant", [], ["const"], {"value": weights.pop(kernel)}))
                kernel = "const"
            node.inputs = [node.inputs[0], kernel, bias]
            node.outputs = norm.outputs
        if node.op != "BatchNormalization":
            nodes.append(node)
    weights |= {key: model.initializers[key] for key in ("fc.weight", "fc.bias")}
    model.nodes, model.initializers = nodes, weights
    return model


# -- main ----------------------------------------------------------------------------------
def write_all(folder, num_classes=1000):
    """Write one file of each kind; return their paths."""
    records = resnet_records(num_classes=num_classes)
    plain = OrderedDict((key, record(item.numpy())) for key, item in records.items())
    writers = {
        "resnet18-zip2020.pth": lambda f: write_zip_2020(f, records),
        "resnet18-zip.pth": lambda f: pth_writer.write_zip(f, records, "resnet18-zip"),
        "resnet18-legacy.pth": lambda f: pth_writer.write_legacy(f, records),
        "resnet18-tar.pth": lambda f: write_tar(f, records),
        "resnet18-py2.pth": lambda f: write_tar(f, records, form="B", old_strings=True,
                                                list_built=True, oldest=True),
        "resnet18.safetensors": lambda f: safetensors.write_records(f, plain),
        "resnet18.npz": lambda f: npz.write_records(f, plain),
        "resnet18-hf.safetensors": lambda f: safetensors.write_records(
            f, hugging_face_names(plain), {"format": "pt"}),
        "checkpoint.pth.tar": lambda f: pth_writer.write_zip(f, _training_checkpoint(plain)),
    }  # fmt: skip
    paths = []
    for filename, writer in writers.items():
        paths.append(os.path.join(folder, filename))
        with open(paths[-1], "wb") as file:
            writer(file)
    return paths


def _training_checkpoint(records):
    state = OrderedDict((f"module.{key}", item) for key, item in records.items())
    return {"epoch": 90, "arch": "resnet18", "state_dict": state, "best_acc1": 69.75,
            "optimizer": {"state": {}, "param_groups": [{"lr": 0.001}]}}  # fmt: skip


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("folder", help="folder to write to; made if missing")
    parser.add_argument("--classes", type=int, default=1000, help="rows of the head")
    args = parser.parse_args()
    os.makedirs(args.folder, exist_ok=True)
    for path in write_all(args.folder, args.classes):
        print(f"{os.path.getsize(path):>12,}  {path}")


if __name__ == "__main__":
    main()
