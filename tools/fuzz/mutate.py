"""Changes of a file: blind ones of bytes, and ones that know the format.

Every mutator takes ``(rng, data, pool)``, the pool being other inputs of the same format, and
returns bytes; one that finds nothing to do returns the data as it is.
"""

import io
import json
import pickletools
import re
import struct
import zipfile
import zlib

import corpus

NUMBERS = (0, 1, 2, 7, 8, 31, 32, 63, 64, 127, 128, 255, 256, 1000, 32767, 32768, 65535, 65536,
           2**24, 2**31 - 1, 2**31, 2**32 - 1, 2**32, 2**40, 2**53, 2**62, 2**63 - 1, 2**63,
           2**64 - 1)  # fmt: skip
_TEXTS = (b"0", b"-1", b"1e9", b"9" * 19, b"9" * 30, b"[]", b"{}", b"null", b"true", b'"F32"',
          b"NaN", b"2.0", b"\\ud800")  # fmt: skip
GLOBALS = ("collections OrderedDict", "collections Counter", "torch._utils _rebuild_tensor_v2",
           "torch._utils _rebuild_tensor_v3", "torch._utils _rebuild_tensor",
           "torch._utils _rebuild_parameter", "torch._utils _rebuild_parameter_with_state",
           "torch.nn.parameter Parameter", "torch._tensor _rebuild_from_type_v2", "torch Size",
           "torch device", "torch float32", "torch Tensor", "torch FloatStorage",
           "torch DoubleStorage", "torch.storage UntypedStorage", "_codecs encode",
           "__builtin__ set", "builtins bytearray", "builtins complex", "os system",
           "torch QInt8Storage", "torch._utils _rebuild_sparse_tensor")  # fmt: skip
_LONGEST = 1 << 16
OPCODES = [bytes([op]) for op in b"().012NQRabdeostul]}\x81\x85\x86\x87\x88\x89\x8f\x90\x91\x92"
           b"\x93\x94"]  # fmt: skip


# -- of bytes ------------------------------------------------------------------------------
def flip(rng, data, pool):
    out = bytearray(data)
    for _ in range(rng.choice((1, 1, 1, 2, 4))):
        if out:
            out[rng.randrange(len(out))] ^= 1 << rng.randrange(8)
    return bytes(out)


def set_bytes(rng, data, pool):
    out = bytearray(data)
    for _ in range(rng.choice((1, 1, 2, 8))):
        if out:
            out[rng.randrange(len(out))] = rng.choice((0, 1, 127, 128, 255, rng.randrange(256)))
    return bytes(out)


def set_number(rng, data, pool):
    size = rng.choice((1, 2, 4, 8))
    number = rng.choice(NUMBERS) + rng.choice((-1, 0, 0, 0, 1))
    packed = (number % 2 ** (8 * size)).to_bytes(size, rng.choice(("little", "little", "big")))
    at = rng.randrange(max(1, len(data) - size + 1))
    return data[:at] + packed + data[at + size :]


def cut(rng, data, pool):
    a, b = sorted(rng.randrange(len(data) + 1) for _ in range(2))
    b = min(b, a + rng.choice((1, 2, 4, 16, len(data))))
    return rng.choice((data[:a] + data[b:], data[:a]))


def repeat(rng, data, pool):
    a, b = sorted(rng.randrange(len(data) + 1) for _ in range(2))
    b = min(b, a + rng.choice((1, 2, 4, 16, 64)))
    return data[:b] + data[a:b] * rng.choice((1, 1, 2, 50)) + data[b:]


def splice(rng, data, pool):
    other = rng.choice(pool)
    a, b = rng.randrange(len(data) + 1), rng.randrange(len(other) + 1)
    return data[:a] + other[b : b + rng.choice((4, 16, 64, len(other)))] + rng.choice(
        (b"", data[a:]))  # fmt: skip


def swap(rng, data, pool):
    a, b, c = sorted(rng.randrange(len(data) + 1) for _ in range(3))
    return data[:a] + data[b:c] + data[a:b] + data[c:]


def digits(rng, data, pool):
    """Put another number where digits stand."""
    found = list(re.finditer(rb"\d+", data))
    if not found:
        return data
    at = rng.choice(found)
    text = rng.choice((str(rng.choice(NUMBERS)).encode(), *_TEXTS))
    return data[: at.start()] + text + data[at.end() :]


BLIND = (flip, set_bytes, set_number, cut, repeat, splice, swap, digits)


def blind(rng, data, pool):
    """Apply one change that knows nothing."""
    return rng.choice(BLIND)(rng, data, pool) if data else data


# -- pickles -------------------------------------------------------------------------------
def operations(stream):
    """Split a stream into opcodes with their arguments, as far as it can be read."""
    places = []
    try:
        for _, _, at in pickletools.genops(stream):
            places.append(at)
    except Exception:  # a damaged stream: what follows stays one piece
        pass
    places = places or [0]
    ends = [*places[1:], len(stream)]
    return [stream[a:b] for a, b in zip(places, ends, strict=True)]


def _operation(rng, ops):
    """Return some opcode with an argument."""
    number = rng.choice(NUMBERS)
    kind = rng.randrange(8)
    if kind == 0:
        return b"c" + rng.choice(GLOBALS).replace(" ", "\n").encode() + b"\n"
    if kind == 1:
        return b"J" + struct.pack("<i", (number + 2**31) % 2**32 - 2**31)
    if kind == 2:
        raw = number.to_bytes(9, "little", signed=True)
        return b"\x8a" + bytes([len(raw)]) + raw
    if kind == 3:
        return rng.choice((b"h", b"q")) + bytes([rng.randrange(12)])
    if kind == 4:
        text = rng.choice((b"storage", b"0", b"cpu", b"latin1", b"", b"weight"))
        return b"X" + struct.pack("<I", len(text)) + text
    if kind == 5:
        return rng.choice(ops)
    return rng.choice(OPCODES)


def pickle_stream(rng, data, pool):
    """Delete, repeat, move, replace or insert opcodes."""
    ops = operations(data)
    for _ in range(rng.choice((1, 1, 1, 2, 3, 6))):
        at = rng.randrange(len(ops))
        kind = rng.randrange(6)
        if kind == 0 and len(ops) > 1:
            del ops[at]
        elif kind == 1:
            ops[at] *= rng.choice((2, 3, 200)) if len(ops[at]) < 300 else 1
        elif kind == 2:
            ops.insert(rng.randrange(len(ops) + 1), ops.pop(at))
        elif kind == 3:
            ops.insert(at, _operation(rng, ops))
        elif kind == 4:
            ops[at] = _operation(rng, ops)
        else:
            a, b = sorted(rng.randrange(len(ops) + 1) for _ in range(2))
            ops[at:at] = ops[a : min(b, a + 20)]
    return b"".join(ops)


# -- containers ----------------------------------------------------------------------------
def _unzip(data):
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            return {m.filename: archive.read(m) for m in archive.infolist() if m.file_size < 1e6}
    except Exception:  # already damaged
        return {}


def _change_member(rng, members, inner, pool):
    names = list(members)
    kind = rng.randrange(8)
    name = rng.choice(names)
    if kind == 0:
        del members[name]
    elif kind == 1:
        new = rng.choice((name + "x", "../" + name, "x/data.pkl", "a" * 300, "\udc80", name[:-1]))
        members = {(new if n == name else n): body for n, body in members.items()}
    elif kind == 2:
        members[name] = members[rng.choice(names)]
    elif kind == 3:
        members[name] = blind(rng, members[name] or b"\0", list(members.values()))
    else:
        likely = [n for n in names if inner(n)] or names
        name = rng.choice(likely)
        change = inner(name) or blind
        members[name] = change(rng, members[name] or b"\0", [members[name]])
    return members


def _zip_fields(rng, data):
    """Put a boundary number into a field of one of the headers."""
    headers = [m.start() for m in re.finditer(rb"PK[\x01\x03\x05\x06][\x02\x04\x06\x07]", data)]
    if not headers:
        return data
    at = rng.choice(headers) + rng.randrange(4, 56)
    size = rng.choice((2, 4, 8))
    number = rng.choice((*NUMBERS, len(data), rng.randrange(len(data))))
    return data[:at] + (number % 2 ** (8 * size)).to_bytes(size, "little") + data[at + size :]


def zip_file(rng, data, pool):
    """Change a member, its pickle above all, or a field of the zip itself."""
    members = _unzip(data)
    if not members or rng.random() < 0.3:
        return _zip_fields(rng, data)
    members = _change_member(rng, members, lambda n: n.endswith("data.pkl") and pickle_stream,
                             pool)  # fmt: skip
    try:
        return corpus.rezip(members)
    except (UnicodeEncodeError, struct.error):
        return data


def npy(rng, data, pool):
    """Change the header of an array, keeping its length right or not."""
    end = data.find(b"\n", 10)
    header = rng.choice((digits, blind))(rng, data[10 : end + 1], pool)
    for old, new in ((b"False", b"True"), (b"<f4", rng.choice((b">f8", b"|b1", b"<c16", b"|O")))):
        if rng.random() < 0.2:
            header = header.replace(old, new)
    length = struct.pack("<H", len(header) % 65536) if rng.random() < 0.8 else data[8:10]
    return data[:8] + length + header + data[end + 1 :]


def npz_file(rng, data, pool):
    """Change an array, the way it is packed, or the zip itself."""
    members = _unzip(data)
    if not members or rng.random() < 0.3:
        return _zip_fields(rng, data)
    members = _change_member(rng, members, lambda n: npy, pool)
    buffer = io.BytesIO()
    try:
        with zipfile.ZipFile(buffer, "w", rng.choice((0, 8, 8, 12))) as archive:
            for name, body in members.items():
                archive.writestr(name, body)
    except (UnicodeEncodeError, ValueError):
        return data
    return buffer.getvalue()


def legacy(rng, data, pool):
    """Change one of the five pickles, or a storage's length."""
    ends, at = [0], 0
    while len(ends) < 6 and (at := data.find(b".", at)) >= 0:
        if data[at + 1 : at + 2] == b"\x80" or len(ends) == 5:
            ends.append(at + 1)
        at += 1
    if len(ends) < 2:
        return blind(rng, data, pool)
    which = rng.randrange(len(ends) - 1)
    a, b = ends[which : which + 2]
    return data[:a] + pickle_stream(rng, data[a:b], pool) + data[b:]


def tar_file(rng, data, pool):
    """Change a member, or a header, with its checksum put right."""
    import tarfile

    if rng.random() < 0.5:
        try:
            with tarfile.open(fileobj=io.BytesIO(data)) as archive:
                members = {m.name: archive.extractfile(m).read() for m in archive if m.isfile()}
            members = _change_member(rng, members, lambda n: pickle_stream, pool)
            return corpus.retar(members)
        except Exception:  # already damaged
            return blind(rng, data, pool)
    at = rng.randrange(max(1, len(data) // 512)) * 512
    block = bytearray(blind(rng, data[at : at + 512], pool)[:512].ljust(512, b"\0"))
    if rng.random() < 0.3:
        block[156:157] = rng.choice(b"0123456789xgLKS").to_bytes(1, "little")
    block[148:156] = b" " * 8
    block[148:156] = b"%06o\0 " % sum(block)
    return data[:at] + bytes(block) + data[at + 512 :]


# -- safetensors ---------------------------------------------------------------------------
_JSON = (None, True, -1, 0, 1, 2.5, 2**63, 2**70, "", "F32", "BF16", [], {}, [0, 0], [[]],
         {"a": 1}, "\ud800")  # fmt: skip


def safetensors_file(rng, data, pool):
    """Change the header's tree, with its length put right or not."""
    length = int.from_bytes(data[:8], "little")
    raw, body = data[8 : 8 + length], data[8 + length :]
    try:
        tree = json.loads(raw)
    except (ValueError, RecursionError):
        tree = None
    if isinstance(tree, dict) and tree and rng.random() < 0.7:
        raw = json.dumps(_change_tree(rng, tree)).encode()
    else:
        raw = rng.choice((digits, blind))(rng, raw, pool) if raw else raw
    length = len(raw) if rng.random() < 0.9 else rng.choice(NUMBERS)
    return struct.pack("<Q", length) + raw + body


def _change_tree(rng, tree):
    """Change one place somewhere in a JSON tree."""
    if isinstance(tree, dict) and tree and rng.random() < 0.85:
        key = rng.choice(list(tree))
        if rng.random() < 0.1:
            return {**tree, rng.choice(("x", "__metadata__", key + "x")): tree[key]}
        return {**tree, key: _change_tree(rng, tree[key])}
    if isinstance(tree, list) and tree and rng.random() < 0.85:
        at = rng.randrange(len(tree))
        return [*tree[:at], _change_tree(rng, tree[at]), *tree[at + 1 :]]
    if type(tree) is int and rng.random() < 0.7:
        return rng.choice((tree + 1, tree - 1, -tree, tree * 2, *NUMBERS))
    return rng.choice(_JSON)


# -- protocol buffers ----------------------------------------------------------------------
def protobuf(rng, data, pool):
    """Change a varint to a boundary value."""
    at = rng.randrange(max(1, len(data)))
    number, varint = rng.choice(NUMBERS), b""
    while number > 127:
        varint, number = varint + bytes([number & 127 | 128]), number >> 7
    end = at
    while end < len(data) and data[end] & 128:
        end += 1
    return data[:at] + varint + bytes([number]) + data[end + 1 :]


AWARE = {"zip": zip_file, "legacy": legacy, "tar": tar_file, "safetensors": safetensors_file,
         "npz": npz_file, "pickle": pickle_stream, "onnx": protobuf}  # fmt: skip


def mutate(rng, reader, data, pool):
    """Return a changed input of one format."""
    for _ in range(rng.choice((1, 1, 1, 2, 3))):
        change = AWARE[reader] if rng.random() < 0.7 else blind
        data = change(rng, data, pool)[:_LONGEST] or b"\0"
    if reader in ("zip", "npz") and rng.random() < 0.05:
        data += zlib.compress(data)[: rng.randrange(40)]
    return data[:_LONGEST]
