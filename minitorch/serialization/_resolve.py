"""From inert pickle nodes to Python values: the table of what a checkpoint may say.

Two policies.  ``strict`` is PyTorch's ``weights_only=True`` list: any other name, call or state
is an error.  Otherwise unknown parts become :class:`Unknown` and are reported by name; still
nothing is imported or called.
"""

from collections import Counter, OrderedDict

from minitorch.serialization._errors import CheckpointError, quote
from minitorch.serialization._names import (
    UNSUPPORTED,
    describe,
    global_path,
    is_dtype,
    is_storage,
)
from minitorch.serialization._records import DTYPE_ALIASES, DTYPES, TensorRecord
from minitorch.serialization.pickle_reader import (
    Call,
    DictNode,
    Global,
    ListNode,
    PersistentId,
    SetNode,
)

MAX_DEPTH = 150
# A call may copy what the memo gives it again and again; all copies together may hold no more.
MAX_COPIED = 64 << 20
# Tuples can be chosen to have one hash, which makes a dict quadratic, and one in another in
# another, which takes forever to hash.
MAX_TUPLE_KEYS = 4096
MAX_TUPLE_KEY = 32
_ITEM_BYTES = 64  # what an entry of a set or dict takes
_SCALARS = frozenset({type(None), bool, int, float, str, bytes})
_PLAIN_TYPES = {
    "collections.OrderedDict": OrderedDict,
    "collections.Counter": Counter,
    "builtins.set": set,
    "builtins.bytearray": bytearray,
    "builtins.complex": complex,
}


class SizeValue(tuple):
    """A ``torch.Size`` in a file."""


class DTypeValue(str):
    """A ``torch.dtype`` in a file, by name."""


class DeviceValue(str):
    """A ``torch.device`` in a file, by its string."""


class Unknown:
    """Something outside the list, kept as data.

    Attributes
    ----------
    name : str
        What it was called in the file.
    state : list
        Values given to it: state, items, pairs, constructor arguments.
    """

    __slots__ = ("name", "state")

    def __init__(self, name, state=()):
        self.name = name
        self.state = list(state)

    def __repr__(self):
        return f"<not read: {quote(self.name)}>"


class RecordFactory:
    """Makes records and plain markers; the tensor side has a factory of its own."""

    @staticmethod
    def tensor(record):
        return record

    @staticmethod
    def parameter(data, record):
        return record

    size = SizeValue
    dtype = DTypeValue
    device = DeviceValue


def unlisted(pickle):
    """Yield the names of a stream that are not on PyTorch's list, as nodes."""
    for node in pickle.globals:
        path = global_path(node)
        if path in _CALLS or path in _PLAIN_TYPES or path in UNSUPPORTED:
            continue
        if not (path == "torch.Tensor" or is_dtype(node) or is_storage(node)):
            yield node


def refuse_unlisted(pickle):
    """Raise CheckpointError for the first name in a stream that is not on PyTorch's list."""
    for node in unlisted(pickle):
        path = global_path(node)
        raise CheckpointError(
            f"{quote(path)} is not allowed in a file of weights: loading never runs code from a "
            "file. `minitorch convert --inspect` shows what the file holds",
            offset=node.offset,
        )


def refuse_foreign(pickle):
    """Raise CheckpointError if a stream uses an opcode that PyTorch's own reader refuses."""
    if pickle.foreign is not None:
        code, offset = pickle.foreign
        raise CheckpointError(
            f"pickle opcode 0x{code:02x} (protocol {pickle.protocol}) is not allowed in a file of "
            "weights, which torch.save writes with protocol 2; `minitorch convert` takes the "
            "tensors out",
            offset=offset,
        )


class Resolver:
    """Turns nodes into values, each node once, so shared objects stay shared.

    Parameters
    ----------
    persistent : callable
        Maps the content of a persistent id to a ``(DType or None, StorageRecord, offset)``
        triple or, in the old tar format, to a :class:`TensorRecord`.
    factory : object
        Makes tensors, parameters, sizes, dtypes and devices; see :class:`RecordFactory`.
    strict : bool
        Whether anything outside PyTorch's list is an error.
    """

    def __init__(self, persistent, factory=RecordFactory, strict=True):
        self._persistent = persistent
        self._factory = factory
        self._strict = strict
        self._done = {}
        self._active = set()
        self._depth = 0
        self._records = {}
        self._copied = 0
        self._tuple_keys = 0
        self.unknown = {}  # name -> count of what was skipped

    # -- the walk -----------------------------------------------------------------------
    def value(self, node):
        """Return the Python value of a node."""
        kind = type(node)
        if kind in _SCALARS:
            return node
        key = id(node)
        if key in self._done:
            return self._done[key]
        if key in self._active:
            raise CheckpointError("the pickle holds an object that contains itself",
                                  offset=getattr(node, "offset", None))  # fmt: skip
        if self._depth >= MAX_DEPTH:
            raise CheckpointError(f"the pickle is nested deeper than {MAX_DEPTH} levels")
        self._active.add(key)
        self._depth += 1
        try:
            result = _KINDS[kind](self, node)
        except CheckpointError as error:
            if error.offset is None:
                error.offset = getattr(node, "offset", None)
            raise
        self._depth -= 1
        self._active.discard(key)
        self._done[key] = result
        return result

    def skip(self, name, reason, parts=()):
        """Refuse (strict), or count the name and keep the parts as data."""
        if self._strict:
            raise CheckpointError(reason)
        self.unknown[name] = self.unknown.get(name, 0) + 1
        return Unknown(name, [self.value(part) for part in parts])

    def _skip_node(self, node, why=None):
        # The state of an unknown object may hold tensors, so it is kept, as data.
        if why is None and isinstance(node, Global) and global_path(node) in UNSUPPORTED:
            why = f"{UNSUPPORTED[global_path(node)]} are not supported"
        why = why or f"{describe(node)} is not allowed in a file of weights"
        parts = []
        if isinstance(node, Call):
            parts = [*node.args, *node.items, *(v for pair in node.pairs for v in pair)]
        parts += node.states or []
        func = node.func if isinstance(node, Call) else node
        name = global_path(func) if isinstance(func, Global) else describe(func)
        return self.skip(name, why, parts)

    # -- containers ---------------------------------------------------------------------
    def _tuple(self, node):
        return tuple([self.value(item) for item in node])

    def _list(self, node):
        if node.states:
            return self._skip_node(node, "BUILD on a list")
        return [self.value(item) for item in node.items]

    def _set(self, node):
        if node.states:
            return self._skip_node(node, "BUILD on a set")
        items = [self._key(item) for item in node.items]
        return frozenset(items) if node.frozen else set(items)

    def _dict(self, node):
        if node.states:
            return self._skip_node(node, "BUILD on a dict")
        return self._fill({}, node.pairs)

    def _fill(self, target, pairs):
        for key, value in pairs:
            target[self._key(key)] = self.value(value)
        return target

    def _key(self, node):
        return self._checked_key(self.value(node))

    def _checked_key(self, key):
        """Return a key that hashes quickly, and not as thousands of others do."""
        kind = type(key)
        if kind is str or kind in _SCALARS and kind is not int:
            return key
        if kind is int:
            if not -(2**60) < key < 2**60:
                # Such integers can be chosen to collide, which makes a dict quadratic.
                raise CheckpointError("an integer key over 60 bits")
            return key
        if isinstance(key, (tuple, frozenset, complex)):
            self._tuple_keys += 1
            if self._tuple_keys > MAX_TUPLE_KEYS:
                raise CheckpointError(f"more than {MAX_TUPLE_KEYS} keys that are tuples")
            if _tree_size(key, MAX_TUPLE_KEY) > MAX_TUPLE_KEY:
                raise CheckpointError(f"a key of more than {MAX_TUPLE_KEY} parts")
        try:
            hash(key)
        except TypeError:
            raise CheckpointError(f"a {kind.__name__} cannot be a key") from None
        return key

    def _copy(self, nbytes):
        """Account for memory that the stream's own size does not bound."""
        self._copied += nbytes
        if self._copied > MAX_COPIED:
            raise CheckpointError(f"calls in the pickle copy more than {MAX_COPIED} bytes")

    # -- names and references -----------------------------------------------------------
    def _global(self, node):
        path = global_path(node)
        if not node.states:
            if path in _PLAIN_TYPES:
                return _PLAIN_TYPES[path]
            if is_dtype(node):
                return self._factory.dtype(DTYPE_ALIASES.get(node.name, node.name))
        return self._skip_node(node)

    def _reference(self, node):
        found = self._persistent(node.pid)
        if isinstance(found, TensorRecord):
            return self._tensor(node, found)
        if found is None:
            return self._skip_node(node, "a reference to outside data that is not a storage")
        return self.skip("a bare storage", "a storage outside a tensor is not supported")

    # -- calls --------------------------------------------------------------------------
    def _call(self, node):
        if not isinstance(node.func, Global):
            return self._skip_node(node)
        path = global_path(node.func)
        action = _CALLS.get(path)
        if action is None:
            what = UNSUPPORTED.get(path)
            return self._skip_node(
                node, f"{what} are not supported ({path})" if what else None
            )
        return action(self, node)

    def _plain(self, node, low, high):
        """Check a call that takes low..high arguments and nothing else; return the values."""
        if node.items or node.pairs or node.states:
            raise CheckpointError(f"{describe(node)} followed by state")
        if not low <= len(node.args) <= high:
            raise CheckpointError(f"{describe(node)} with {len(node.args)} arguments")
        return [self.value(arg) for arg in node.args]

    def _ordered_dict(self, node):
        return self._mapping(node, OrderedDict())

    def _counter(self, node):
        return self._mapping(node, Counter())

    def _mapping(self, node, target):
        if node.items or len(node.args) > 1:
            raise CheckpointError(f"{describe(node)} with the wrong arguments")
        if node.args:
            source = self.value(node.args[0])
            self._update(target, source)
        self._fill(target, node.pairs)
        for state in node.states or ():
            attributes = self.value(state)
            self._copy(_ITEM_BYTES * (len(attributes) if isinstance(attributes, dict) else 0))
            if not isinstance(attributes, dict) or not all(
                isinstance(key, str) for key in attributes
            ):
                raise CheckpointError(f"the state of {describe(node)} is not a dict of names")
            for name, attribute in attributes.items():
                if name.startswith("__") or hasattr(type(target), name):
                    raise CheckpointError(f"attribute {quote(name)} on an OrderedDict")
                target.__dict__[name] = attribute
        return target

    def _update(self, target, source):
        pairs = source.items() if isinstance(source, dict) else source
        if not isinstance(source, (dict, list, tuple)) or not all(
            isinstance(pair, (list, tuple)) and len(pair) == 2 for pair in pairs
        ):
            raise CheckpointError("a mapping made from something else than pairs")
        self._copy(_ITEM_BYTES * len(source))
        for key, value in pairs:
            target[self._checked_key(key)] = value

    def _make_set(self, node):
        values = self._plain(node, 0, 1)
        items = values[0] if values else []
        if not isinstance(items, (list, tuple)):
            raise CheckpointError("a set made from something else than a list")
        self._copy(_ITEM_BYTES * len(items))
        return {self._checked_key(item) for item in items}

    def _encode(self, node):
        values = self._plain(node, 1, 2)
        if len(values) != 2 or not isinstance(values[0], str) or values[1] != "latin1":
            raise CheckpointError("_codecs.encode of something else than text as latin1")
        self._copy(len(values[0]))
        try:
            return values[0].encode("latin-1")
        except UnicodeEncodeError:
            raise CheckpointError("_codecs.encode of text that is not latin1") from None

    def _bytearray(self, node):
        values = self._plain(node, 0, 2)
        if values and isinstance(values[0], (str, bytes)):
            self._copy(len(values[0]))
        if len(values) == 2 and isinstance(values[0], str) and values[1] == "latin-1":
            try:
                return bytearray(values[0], "latin-1")
            except UnicodeEncodeError:
                raise CheckpointError("a bytearray of text that is not latin1") from None
        # Not any integer: bytearray(10**12) would be a memory bomb.
        if not values or (len(values) == 1 and isinstance(values[0], bytes)):
            return bytearray(*values)
        raise CheckpointError("a bytearray made from something else than bytes")

    def _complex(self, node):
        values = self._plain(node, 2, 2)
        if not all(type(v) in (int, float) for v in values):
            raise CheckpointError("a complex number made from something else than numbers")
        return complex(*map(float, values))

    def _size(self, node):
        (values,) = self._plain(node, 1, 1)
        if not isinstance(values, (tuple, list)) or not all(type(v) is int for v in values):
            raise CheckpointError("a torch.Size made from something else than integers")
        self._copy(8 * len(values))
        return self._factory.size(values)

    def _device(self, node):
        values = self._plain(node, 1, 2)
        if not isinstance(values[0], str) or not all(type(v) is int for v in values[1:]):
            raise CheckpointError("a torch.device with the wrong arguments")
        return self._factory.device(":".join(str(v) for v in values))

    # -- tensors ------------------------------------------------------------------------
    def _tensor(self, node, record):
        result = self._factory.tensor(record)
        self._records[id(result)] = (record, result)
        return result

    def _record_of(self, value, what):
        found = self._records.get(id(value))
        if found is None:
            raise CheckpointError(f"{what} is not a tensor")
        return found[0]

    def _view(self, args, dtype=None):
        """Return (dtype, storage, offset, size, stride) from the first four arguments."""
        if not isinstance(args[0], PersistentId):
            raise CheckpointError("a tensor without a storage")
        found = self._persistent(args[0].pid)
        if not isinstance(found, tuple):
            raise CheckpointError("a tensor without a storage")
        stored, storage, shift = found
        offset, size, stride = (self.value(arg) for arg in args[1:4])
        if not isinstance(size, tuple) or not isinstance(stride, tuple):
            raise CheckpointError("tensor size and stride must be tuples")
        dtype = dtype or stored
        if dtype is None:
            raise CheckpointError("a tensor on an untyped storage, without a dtype")
        if type(offset) is not int:
            raise CheckpointError("tensor offset is not an integer")
        return dtype, storage, offset + shift, tuple(size), tuple(stride)

    def _rebuild_tensor(self, node):
        if len(node.args) != 4:
            raise CheckpointError(f"{describe(node)} with {len(node.args)} arguments")
        return self._finish(node, self._view(node.args), False, None)

    def _rebuild_tensor_v2(self, node):
        if not 6 <= len(node.args) <= 7:
            raise CheckpointError(f"{describe(node)} with {len(node.args)} arguments")
        rest = [self.value(arg) for arg in node.args[4:]]
        metadata = rest[2] if len(rest) > 2 else None
        return self._finish(node, self._view(node.args), rest[0], metadata)

    def _rebuild_tensor_v3(self, node):
        if not 7 <= len(node.args) <= 8:
            raise CheckpointError(f"{describe(node)} with {len(node.args)} arguments")
        named = node.args[6]
        name = named.name if isinstance(named, Global) and named.module == "torch" else ""
        dtype = DTYPES.get(DTYPE_ALIASES.get(name, name))
        if dtype is None:
            raise CheckpointError(f"dtype {describe(named)} is not supported")
        requires_grad = self.value(node.args[4])
        metadata = self.value(node.args[7]) if len(node.args) > 7 else None
        return self._finish(node, self._view(node.args, dtype), requires_grad, metadata)

    def _finish(self, node, view, requires_grad, metadata):
        if node.items or node.pairs or node.states:
            raise CheckpointError("a tensor followed by state")
        if type(requires_grad) is not bool:
            raise CheckpointError("requires_grad of a tensor is not a bool")
        if not _is_empty(metadata):
            raise CheckpointError("tensors with conjugate or negative bits are not supported")
        _check_grad(requires_grad, view[0])
        return self._tensor(node, TensorRecord(*view, requires_grad=requires_grad))

    def _rebuild_parameter(self, node):
        if not 3 <= len(node.args) <= 4 or node.items or node.pairs or node.states:
            raise CheckpointError(f"{describe(node)} with the wrong arguments")
        data = self.value(node.args[0])
        if len(node.args) == 4 and not _is_empty(self.value(node.args[3])):
            self.skip("attributes of a Parameter", "a Parameter with attributes is not supported")
        return self._make_parameter(data, self.value(node.args[1]))

    def _make_parameter(self, data, requires_grad):
        base = self._record_of(data, "the data of a Parameter")
        if type(requires_grad) is not bool:
            raise CheckpointError("requires_grad of a Parameter is not a bool")
        _check_grad(requires_grad, base.dtype)
        record = TensorRecord(base.dtype, base.storage, base.offset, base.size, base.stride,
                              requires_grad, is_parameter=True)  # fmt: skip
        result = self._factory.parameter(data, record)
        self._records[id(result)] = (record, result)
        return result

    def _old_parameter(self, node):
        """Parameter pickled as an object: its first years.

        Either no arguments and a state of (data, gradient, hooks, requires_grad, volatile), or
        the data as argument and a state of (requires_grad, volatile, hooks).
        """
        states = [self.value(state) for state in node.states or ()]
        args = [self.value(arg) for arg in node.args]
        if node.items or node.pairs or len(states) > 1 or len(args) > 2:
            raise CheckpointError("a Parameter with the wrong state")
        state = states[0] if states else ()
        if not isinstance(state, tuple):
            raise CheckpointError("a Parameter with the wrong state")
        if args and id(args[0]) in self._records:
            flag = args[1] if len(args) == 2 else state[0] if state else True
            return self._make_parameter(args[0], flag)
        if not args and len(state) >= 4:
            return self._make_parameter(state[0], state[3])
        raise CheckpointError("a Parameter with the wrong state")

    def _from_type(self, node):
        """``_rebuild_from_type_v2(func, type, args, state)``: a tensor pickled with a type."""
        if len(node.args) != 4 or node.items or node.pairs or node.states:
            raise CheckpointError(f"{describe(node)} with the wrong arguments")
        func, kind, args, state = node.args
        path = global_path(kind) if isinstance(kind, Global) else ""
        if path not in ("torch.Tensor", "torch.nn.parameter.Parameter"):
            return self._skip_node(node, f"tensors of type {describe(kind)} are not supported")
        if not isinstance(func, Global) or not isinstance(args, tuple):
            raise CheckpointError(f"{describe(node)} with the wrong arguments")
        if not global_path(func).startswith("torch._utils._rebuild_"):
            return self._skip_node(node)
        extra = self.value(state)
        if not (isinstance(extra, tuple) and all(map(_is_empty, extra)) or _is_empty(extra)):
            self.skip("attributes of a tensor", "a tensor with attributes is not supported")
        return self._call(Call(func, args, node.offset))


def _is_empty(value):
    return value is None or (isinstance(value, (dict, list, tuple)) and not value)


def _check_grad(requires_grad, dtype):
    if requires_grad and not (dtype.is_floating or "complex" in dtype.name):
        raise CheckpointError(f"a tensor of {dtype.name} that requires a gradient")


def _tree_size(key, limit):
    """Count a key's parts, each as often as it stands there, up to the limit."""
    parts, count = [key], 0
    while parts and count <= limit:
        part = parts.pop()
        count += 1
        if isinstance(part, (tuple, frozenset)):
            count += max(0, len(part) - limit)
            parts.extend(list(part)[: limit + 1])
    return count


_KINDS = {
    tuple: Resolver._tuple,
    ListNode: Resolver._list,
    DictNode: Resolver._dict,
    SetNode: Resolver._set,
    Global: Resolver._global,
    PersistentId: Resolver._reference,
    Call: Resolver._call,
}

_CALLS = {
    "collections.OrderedDict": Resolver._ordered_dict,
    "collections.Counter": Resolver._counter,
    "builtins.set": Resolver._make_set,
    "builtins.bytearray": Resolver._bytearray,
    "builtins.complex": Resolver._complex,
    "_codecs.encode": Resolver._encode,
    "torch.Size": Resolver._size,
    "torch.device": Resolver._device,
    "torch._utils._rebuild_tensor": Resolver._rebuild_tensor,
    "torch._utils._rebuild_tensor_v2": Resolver._rebuild_tensor_v2,
    "torch._utils._rebuild_tensor_v3": Resolver._rebuild_tensor_v3,
    "torch._utils._rebuild_parameter": Resolver._rebuild_parameter,
    "torch._utils._rebuild_parameter_with_state": Resolver._rebuild_parameter,
    "torch.nn.parameter.Parameter": Resolver._old_parameter,
    "torch._tensor._rebuild_from_type_v2": Resolver._from_type,
}
