"""The opcode interpreter: what it reads, and that it never does anything else."""

import collections
import io
import pickle
import struct

import pytest

from minitorch.serialization._errors import CheckpointError
from minitorch.serialization._resolve import Resolver, Unknown, refuse_unlisted
from minitorch.serialization.pickle_reader import (
    MAX_OPERATIONS,
    Call,
    Global,
    read_pickle,
)


def resolve(stream, strict=True):
    parsed = read_pickle(stream)
    if strict:
        refuse_unlisted(parsed)
    return Resolver(lambda pid: None, strict=strict).value(parsed.root)


PLAIN = [
    None, True, False, 0, 255, 256, 65535, 65536, -1, 2**31, -(2**31), 2**70, -(2**70), 1.5,
    float("inf"), "", "naïve \U0001f600", "\ud800", (), (1,), (1, 2), (1, 2, 3), (1, 2, 3, 4),
    [], [1], [1, [2, [3]]], {}, {"a": 1}, {1: {2: (3,)}}, set(), {1, 2}, b"", b"\x00\xff",
    bytearray(b"xy"), 1 + 2j, collections.OrderedDict(a=1, b=[2]), collections.Counter("aab"),
    list(range(3000)), {str(i): i for i in range(3000)},
]  # fmt: skip


@pytest.mark.parametrize("protocol", [2, 3, 4, 5])
@pytest.mark.parametrize("value", PLAIN, ids=lambda v: repr(v)[:30])
def test_plain_values_of_python_pickles_round_trip(value, protocol):
    if protocol == 2 and value == b"" and isinstance(value, bytes):
        pytest.skip("protocol 2 names the type bytes, which is not on PyTorch's list")
    found = resolve(pickle.dumps(value, protocol))
    assert found == value
    assert type(found) is type(value)


def test_shared_object_stays_one_object():
    inner = ["x"]
    first, second = resolve(pickle.dumps([inner, inner], 2))
    assert first is second


def test_ordered_dict_attributes_are_kept():
    value = collections.OrderedDict(a=1)
    value._metadata = {"": {"version": 2}}
    assert resolve(pickle.dumps(value, 2))._metadata == {"": {"version": 2}}


@pytest.mark.parametrize("module, name", [
    ("os", "system"), ("posix", "system"), ("builtins", "eval"), ("__builtin__", "eval"),
    ("builtins", "getattr"), ("subprocess", "Popen"), ("torch.hub", "load"),
    ("collections", "namedtuple"), ("torch", "load"), ("minitorch", "load"),
])  # fmt: skip
def test_global_outside_the_list_is_refused_by_name(module, name):
    stream = b"\x80\x02" + f"c{module}\n{name}\n".encode() + b"X\x02\x00\x00\x00ls\x85R."
    with pytest.raises(CheckpointError, match=f"{name} is not allowed"):
        resolve(stream)


def test_global_that_is_thrown_away_is_refused_too():
    with pytest.raises(CheckpointError, match="os.system is not allowed"):
        resolve(b"\x80\x02cos\nsystem\n0K\x01.")


@pytest.mark.parametrize("stream", [
    b"\x80\x02(X\x02\x00\x00\x00lsios\nsystem\n.",
    b"\x80\x02(cos\nsystem\nX\x02\x00\x00\x00lso.",
    b"\x80\x04\x8c\x02os\x8c\x06system\x93\x8c\x02ls\x85R.",
    b"\x80\x02cos\nsystem\n)\x81.",
    b"\x80\x02cos\nsystem\n)}\x92.",
], ids=["INST", "OBJ", "STACK_GLOBAL", "NEWOBJ", "NEWOBJ_EX"])  # fmt: skip
def test_every_way_to_name_a_callable_is_refused(stream):
    with pytest.raises(CheckpointError, match="os.system is not allowed"):
        resolve(stream)


def test_nothing_runs_even_when_unknown_names_are_skipped(tmp_path, monkeypatch):
    class Evil:
        def __reduce__(self):
            return (open, (str(tmp_path / "made"), "w"))

    stream = pickle.dumps({"weights": [1, 2], "evil": Evil()}, 2)
    monkeypatch.setattr("builtins.__import__", None)  # importing anything would now fail
    found = Resolver(lambda pid: None, strict=False).value(read_pickle(stream).root)
    monkeypatch.undo()
    assert found["weights"] == [1, 2]
    assert isinstance(found["evil"], Unknown)
    assert not (tmp_path / "made").exists()


def test_call_stays_a_description():
    node = read_pickle(b"\x80\x02cos\nsystem\nX\x02\x00\x00\x00ls\x85R.").root
    assert type(node) is Call
    assert type(node.func) is Global
    assert (node.func.path, node.args) == ("os.system", ("ls",))


@pytest.mark.parametrize("stream, reason", [
    (b"", "truncated"),
    (b"\x80", "truncated"),
    (b"\x80\x02", "truncated"),
    (b"\x80\x02]", "truncated"),
    (b"\x80\x02X\xff\xff\xff\xffab.", "truncated"),
    (b"\x80\x02X\x02\x00\x00\x00\xff\xfe.", "UTF-8"),
    (b"\x80\x07.", "protocol 7"),
    (b"\x80\x00.", "protocol 0"),
    (b"\x80\x02.", "exactly one value"),
    (b"\x80\x02K\x01K\x02.", "exactly one value"),
    (b"\x80\x02K\x01(.", "exactly one value"),
    (b"\x80\x02h\x00.", "memo 0"),
    (b"\x80\x02q\x00.", "runs empty"),
    (b"\x80\x02t.", "no mark"),
    (b"\x80\x02}(K\x01u.", "key without a value"),
    (b"\x80\x02)K\x01K\x02s.", "SETITEM on a tuple"),
    (b"\x80\x02)K\x01a.", "APPEND on a tuple"),
    (b"\x80\x02K\x05}b.", "BUILD on a int"),
    (b"\x80\x02ccollections\nOrderedDict\nK\x01R.", "arguments are a int"),
    (b"\x80\x02K\x01()R.", "runs empty"),
    (b"\x80\x02\x82\x01.", "opcode 0x82"),
    (b"\x80\x02S'x'\n.", "opcode 0x53"),
    (b"\x80\x02T\xff\xff\xff\xff.", "negative length"),
    (b"\x80\x04\x95\xff\xff\xff\xff\xff\xff\xff\xffN.", "truncated"),
    (b"\x80\x02c" + b"a" * 2000, "too long"),
])  # fmt: skip
def test_malformed_stream_says_what_is_wrong(stream, reason):
    with pytest.raises(CheckpointError, match=reason):
        resolve(stream)


def test_error_tells_the_byte():
    with pytest.raises(CheckpointError) as info:
        resolve(b"\x80\x02N\x82")
    assert info.value.offset == 3
    assert "(at byte 3)" in str(info.value)


@pytest.mark.parametrize("stream, reason", [
    (b"\x80\x02]q\x00h\x00a.", "contains itself"),
    (b"\x80\x02]q\x00(h\x00te.", "no mark"),
    (b"\x80\x02}q\x00X\x01\x00\x00\x00ah\x00s.", "contains itself"),
    (b"\x80\x02ccollections\nOrderedDict\n)Rq\x00K\x01h\x00s.", "contains itself"),
], ids=["list", "broken", "dict", "OrderedDict"])  # fmt: skip
def test_cycle_is_refused(stream, reason):
    with pytest.raises(CheckpointError, match=reason):
        resolve(stream)


def test_deep_nesting_is_refused():
    with pytest.raises(CheckpointError, match="nested deeper"):
        resolve(b"\x80\x02" + b"]" * 5000 + b"a" * 4999 + b".")


def test_deep_tuples_are_refused():
    with pytest.raises(CheckpointError, match="nested deeper"):
        resolve(b"\x80\x02)" + b"\x85" * 100_000 + b".")


def test_deep_chain_of_calls_ends():
    stream = b"\x80\x02cos\nx\n" + b")R" * 100_000 + b"."
    with pytest.raises(CheckpointError, match="os.x is not allowed"):
        resolve(stream)
    assert isinstance(resolve(stream, strict=False), Unknown)


def test_memo_bomb_stays_small():
    # 60 lists, each holding the one before it twice: 2**60 leaves if they were copied.
    body = b"\x80\x02]q\x00"
    for i in range(60):
        body += b"0](" + b"h" + bytes([i]) + b"h" + bytes([i]) + b"eq" + bytes([i + 1])
    found = resolve(body + b".")
    for _ in range(60):
        assert found[0] is found[1]
        found = found[0]


def test_stack_and_operation_limits(monkeypatch):
    with pytest.raises(CheckpointError, match="stack is deeper"):
        resolve(b"\x80\x02" + b"N" * 1_000_001 + b".")
    monkeypatch.setattr("minitorch.serialization.pickle_reader.MAX_OPERATIONS", 1000)
    with pytest.raises(CheckpointError, match="more than 1000 operations"):
        resolve(b"\x80\x02" + b"N0" * 1000 + b"N.")
    assert MAX_OPERATIONS >= 1_000_000


def test_length_limit():
    with pytest.raises(CheckpointError, match="longer than the limit"):
        read_pickle(b"\x80\x02" + b"N0" * 1000 + b"N.", max_bytes=100)


def test_huge_memo_index_costs_nothing():
    assert resolve(b"\x80\x02Nr\xff\xff\xff\xff0j\xff\xff\xff\xff.") is None


@pytest.mark.parametrize("stream, reason", [
    (b"\x80\x02c__builtin__\nbytearray\n\x8a\x06\x00\x00\x00\x00\x00\x01\x85R.", "bytearray"),
    (b"\x80\x02c_codecs\nencode\nX\x01\x00\x00\x00aX\x05\x00\x00\x00rot13\x86R.", "latin1"),
    (b"\x80\x02c__builtin__\nset\nK\x05\x85R.", "a set made from"),
    (b"\x80\x02c__builtin__\ncomplex\nX\x01\x00\x00\x00a)\x86R.", "complex"),
    (b"\x80\x02ctorch\nSize\nX\x01\x00\x00\x00a\x85R.", "torch.Size"),
    (b"\x80\x02}]K\x01s.", "cannot be a key"),
    (b"\x80\x02ccollections\nOrderedDict\nK\x05\x85R.", "mapping made from"),
    (b"\x80\x02ccollections\nOrderedDict\n)R}X\x05\x00\x00\x00itemsK\x01sb.", "attribute items"),
    (b"\x80\x02ccollections\nOrderedDict\n)R}X\x09\x00\x00\x00__class__K\x01sb.", "__class__"),
    (b"\x80\x02ctorch._utils\n_rebuild_tensor_v2\n)R.", "0 arguments"),
    (b"\x80\x02ctorch._utils\n_rebuild_sparse_tensor\n)R.", "sparse tensors are not supported"),
    (b"\x80\x02ctorch.nn.parameter\nParameter\n)R.", "wrong state"),
    (b"\x80\x02}K\x01K\x02s}b.", "BUILD on a dict"),
], ids=lambda v: None if isinstance(v, bytes) else v)  # fmt: skip
def test_allowed_names_with_other_arguments_are_refused(stream, reason):
    with pytest.raises(CheckpointError, match=reason):
        resolve(stream)


def test_keys_that_collide_are_refused():
    keys = b"".join(
        b"\x8a\x09" + (k * (2**61 - 1)).to_bytes(9, "little", signed=True) + b"N"
        for k in range(1, 50)
    )
    with pytest.raises(CheckpointError, match="key over 60 bits"):
        resolve(b"\x80\x02}(" + keys + b"u.")


def test_python2_strings_are_text():
    assert resolve(b"\x80\x02U\x03abcT\x02\x00\x00\x00de\x86.") == ("abc", "de")


def test_two_pickles_back_to_back():
    data = pickle.dumps([1], 2) + pickle.dumps({"a": 2}, 2) + b"rest"
    first = read_pickle(data)
    second = read_pickle(data, first.end)
    assert data[second.end :] == b"rest"


@pytest.mark.parametrize("seed", range(4))
def test_damaged_streams_raise_only_checkpoint_error(seed):
    import random

    rng = random.Random(seed)
    buffer = io.BytesIO()
    value = collections.OrderedDict(a=[1, 2.5, "x"], b={"c": (None, True, b"yz")}, d={1, 2})
    pickle.Pickler(buffer, 2).dump(value)
    good = buffer.getvalue()
    for _ in range(1500):
        bad = bytearray(good)
        for _ in range(rng.randint(1, 3)):
            bad[rng.randrange(len(bad))] = rng.randrange(256)
        try:
            resolve(bytes(bad))
        except CheckpointError:
            pass


def test_float_is_big_endian():
    assert resolve(b"\x80\x02G" + struct.pack(">d", 0.1) + b".") == 0.1
