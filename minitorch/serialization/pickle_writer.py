"""Write the pickle stream of a ``.pth`` file: protocol 2, only names that PyTorch lets back in.

Not Python's pickler, because that one would look up ``torch._utils`` to name it, and because
here everything that a ``weights_only=True`` load would refuse is refused at saving.  The opcodes
and their order are those of Python's pickler, so the streams are equal byte for byte.
"""

import struct
from collections import Counter, OrderedDict

from minitorch.serialization._records import TensorRecord
from minitorch.serialization._resolve import MAX_DEPTH, DeviceValue, DTypeValue, SizeValue

_BATCH = 1000


class PickleWriter:
    """Builds one stream.

    Parameters
    ----------
    recorder : callable
        Maps an object to a TensorRecord, SizeValue, DTypeValue or DeviceValue; to None if it is
        none of these.
    key_of : callable, optional
        Maps (position, StorageRecord) to the storage's key; the position as text by default.
    legacy : bool
        Write the storages' ids as the legacy format has them.

    Attributes
    ----------
    storages : dict
        From key to StorageRecord, in order of first use.
    itemsizes : dict
        From key to the size of the element that the storage is counted in.
    """

    def __init__(self, recorder=None, key_of=None, legacy=False):
        self.storages = {}
        self.itemsizes = {}
        self._recorder = recorder or (lambda value: value if _is_record(value) else None)
        self._key_of = key_of or (lambda position, storage: str(position))
        self._legacy = legacy
        self._out = [b"\x80\x02"]
        self._memo = {}
        self._alive = []
        self._names = {}
        self._keys = {}
        self._dtypes = {}
        self._depth = 0
        self._open = set()

    def dumps(self, value):
        """Return the stream of one value.

        Raises
        ------
        TypeError
            For a type that a safe load would refuse, named with its place.
        ValueError
            For a value that contains itself, is nested too deep, or an integer over 2040 bits.
        """
        self._save(value, "the object")
        self._out.append(b".")
        return b"".join(self._out)

    # -- plumbing -----------------------------------------------------------------------
    def _emit(self, *parts):
        self._out.extend(parts)

    def _put(self, key):
        index = len(self._memo)
        self._memo[key] = index
        self._emit(_indexed(b"q", b"r", index))

    def _remember(self, value):
        self._alive.append(value)
        self._put(id(value))

    def _get(self, key):
        self._emit(_indexed(b"h", b"j", self._memo[key]))

    def _save(self, value, place):
        kind = type(value)
        scalar = _SCALARS.get(kind)
        if scalar is not None:
            self._emit(scalar(value))
        elif id(value) in self._open:
            raise ValueError(f"cannot save {place}: it contains itself")
        elif id(value) in self._memo:
            self._get(id(value))
        else:
            self._save_new(value, kind, place)

    def _save_new(self, value, kind, place):
        if self._depth >= MAX_DEPTH:
            raise ValueError(f"cannot save {place}: nested deeper than {MAX_DEPTH} levels")
        action = _WRITERS.get(kind)
        if action is None:
            value_record = self._recorder(value)
            action = _WRITERS.get(type(value_record))
            if action is None:
                raise TypeError(
                    f"cannot save {place}: {kind.__module__}.{kind.__qualname__} is not a "
                    "tensor, number, text, bytes or plain container, and a safe load would "
                    "refuse it"
                )
        else:
            value_record = value
        self._open.add(id(value))
        self._depth += 1
        action(self, value, value_record, place)
        self._depth -= 1
        self._open.discard(id(value))

    # -- names, calls -------------------------------------------------------------------
    def _name(self, module, name):
        key = (module, name)
        if key in self._names:
            self._get(key)
            return
        self._names[key] = True
        self._emit(f"c{module}\n{name}\n".encode())
        self._put(key)

    def _text(self, value):
        if id(value) in self._memo:
            self._get(id(value))
            return
        raw = value.encode("utf-8", "surrogatepass")
        self._emit(b"X", struct.pack("<I", len(raw)), raw)
        self._remember(value)

    def _call(self, value, module, name, arguments):
        """Emit module.name(*arguments); each argument is a function that emits it."""
        self._name(module, name)
        self._sequence(arguments, object())
        self._emit(b"R")
        self._remember(value)

    def _sequence(self, emitters, owner):
        """Emit a tuple, each item by its own function."""
        if not emitters:
            self._emit(b")")
            return
        if len(emitters) > 3:
            self._emit(b"(")
        for emitter in emitters:
            emitter()
        self._emit((b"", b"\x85", b"\x86", b"\x87")[len(emitters)] if len(emitters) < 4 else b"t")
        self._remember(owner)

    def _numbers(self, values):
        self._sequence([lambda v=v: self._emit(_integer(v)) for v in values], object())

    # -- plain types --------------------------------------------------------------------
    def _save_str(self, value, _, place):
        self._text(value)

    def _save_tuple(self, value, _, place):
        self._sequence(
            [lambda v=v, i=i: self._save(v, f"{place}[{i}]") for i, v in enumerate(value)], value
        )

    def _save_list(self, value, _, place):
        self._emit(b"]")
        self._remember(value)
        items = list(enumerate(value))
        for batch in _batches(items):
            if len(batch) > 1:
                self._emit(b"(")
            for i, item in batch:
                self._save(item, f"{place}[{i}]")
            self._emit(b"e" if len(batch) > 1 else b"a")

    def _save_dict(self, value, _, place):
        self._emit(b"}")
        self._remember(value)
        self._pairs(value, place)

    def _pairs(self, value, place):
        for batch in _batches(list(value.items())):
            if len(batch) > 1:
                self._emit(b"(")
            for key, item in batch:
                self._save(key, f"a key of {place}")
                self._save(item, f"{place}[{key!r}]" if len(repr(key)) < 80 else place)
            self._emit(b"u" if len(batch) > 1 else b"s")

    def _save_ordered_dict(self, value, _, place):
        self._call(value, "collections", "OrderedDict", ())
        self._pairs(value, place)
        if vars(value):
            self._save(vars(value), f"the attributes of {place}")
            self._emit(b"b")

    def _save_counter(self, value, _, place):
        self._call(value, "collections", "Counter",
                   [lambda: self._save_dict(dict(value), None, place)])  # fmt: skip

    def _save_set(self, value, _, place):
        items = list(value)
        self._call(value, "__builtin__", "set", [lambda: self._save_list(items, None, place)])

    def _save_bytes(self, value, _, place):
        text = value.decode("latin-1")
        self._call(value, "_codecs", "encode",
                   [lambda: self._text(text), lambda: self._text("latin1")])  # fmt: skip

    def _save_bytearray(self, value, _, place):
        raw = bytes(value)
        self._call(value, "__builtin__", "bytearray",
                   [lambda: self._save_bytes(raw, None, place)])  # fmt: skip

    def _save_complex(self, value, _, place):
        self._call(value, "__builtin__", "complex",
                   [lambda: self._emit(_float(value.real)),
                    lambda: self._emit(_float(value.imag))])  # fmt: skip

    # -- the tensor library's types -----------------------------------------------------
    def _save_size(self, value, size, place):
        self._call(value, "torch", "Size", [lambda: self._numbers(size)])

    def _save_device(self, value, device, place):
        name, _, index = device.partition(":")
        arguments = [lambda: self._text(name)]
        if index:
            arguments.append(lambda: self._emit(_integer(int(index))))
        self._call(value, "torch", "device", arguments)

    def _save_dtype(self, value, dtype, place):
        self._name("torch", str(dtype))

    def _save_tensor(self, value, record, place):
        if record.is_parameter:
            self._call(value, "torch._utils", "_rebuild_parameter", [
                lambda: self._plain_tensor(object(), record, False),
                lambda: self._emit(_boolean(record.requires_grad)),
                self._no_hooks,
            ])  # fmt: skip
        else:
            self._plain_tensor(value, record, record.requires_grad)

    def _plain_tensor(self, value, record, requires_grad):
        arguments = [
            lambda: self._storage(record),
            lambda: self._emit(_integer(record.offset)),
            lambda: self._numbers(record.size),
            lambda: self._numbers(record.stride),
            lambda: self._emit(_boolean(requires_grad)),
            self._no_hooks,
        ]
        if record.dtype.storage is None:
            arguments.append(lambda: self._name("torch", record.dtype.name))
            self._call(value, "torch._utils", "_rebuild_tensor_v3", arguments)
        else:
            self._call(value, "torch._utils", "_rebuild_tensor_v2", arguments)

    def _no_hooks(self):
        self._call(object(), "collections", "OrderedDict", ())

    def _storage(self, record):
        storage, dtype = record.storage, record.dtype
        found = self._keys.get(id(storage))
        if found is None:
            found = self._key_of(len(self._keys), storage)
            self._keys[id(storage)] = found
            self.storages[found] = storage
        untyped = dtype.storage is None
        if untyped and self._legacy:
            raise ValueError(f"the legacy format has no dtype {dtype.name}")
        self.itemsizes.setdefault(found, 1 if untyped else dtype.itemsize)
        if self._dtypes.setdefault(found, dtype) is not dtype:
            raise RuntimeError("Cannot save multiple tensors or storages that view the same data "
                               "as different types")  # fmt: skip
        numel = storage.nbytes // (1 if untyped else dtype.itemsize)
        fields = [
            lambda: self._text("storage"),
            lambda: self._name(*(("torch.storage", "UntypedStorage") if untyped
                                 else ("torch", dtype.storage))),
            lambda: self._key(found),
            lambda: self._text("cpu"),
            lambda: self._emit(_integer(numel)),
        ]  # fmt: skip
        if self._legacy:
            fields.append(lambda: self._emit(b"N"))
        self._sequence(fields, object())
        self._emit(b"Q")


    def _key(self, key):
        # Remembered apart from other text: an equal key of a dict is another object to Python.
        if ("key", key) in self._memo:
            self._get(("key", key))
            return
        raw = key.encode()
        self._emit(b"X", struct.pack("<I", len(raw)), raw)
        self._put(("key", key))


def _is_record(value):
    return isinstance(value, (TensorRecord, SizeValue, DTypeValue, DeviceValue))


def _indexed(short, long, index):
    if index < 256:
        return short + bytes([index])
    return long + struct.pack("<I", index)


def _batches(items):
    return [items[i : i + _BATCH] for i in range(0, len(items), _BATCH)]


def _integer(value):
    if 0 <= value < 256:
        return b"K" + bytes([value])
    if 0 <= value < 65536:
        return b"M" + struct.pack("<H", value)
    if -(2**31) <= value < 2**31:
        return b"J" + struct.pack("<i", value)
    raw = value.to_bytes(value.bit_length() // 8 + 1, "little", signed=True)
    if len(raw) > 1 and raw[-1] == 0xFF and raw[-2] & 0x80:
        raw = raw[:-1]
    if len(raw) > 255:
        raise ValueError("cannot save an integer of more than 2040 bits")
    return b"\x8a" + bytes([len(raw)]) + raw


def _boolean(value):
    return b"\x88" if value else b"\x89"


def _float(value):
    return b"G" + struct.pack(">d", value)


_SCALARS = {
    type(None): lambda value: b"N",
    bool: _boolean,
    int: _integer,
    float: _float,
}

_WRITERS = {
    str: PickleWriter._save_str,
    tuple: PickleWriter._save_tuple,
    list: PickleWriter._save_list,
    dict: PickleWriter._save_dict,
    OrderedDict: PickleWriter._save_ordered_dict,
    Counter: PickleWriter._save_counter,
    set: PickleWriter._save_set,
    bytes: PickleWriter._save_bytes,
    bytearray: PickleWriter._save_bytearray,
    complex: PickleWriter._save_complex,
    TensorRecord: PickleWriter._save_tensor,
    SizeValue: PickleWriter._save_size,
    DTypeValue: PickleWriter._save_dtype,
    DeviceValue: PickleWriter._save_device,
}
