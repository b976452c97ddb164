"""Records to tensors and back: the only module here that knows the tensor library."""

import numpy as np

import minitorch
from minitorch.serialization._errors import CheckpointError, quote
from minitorch.serialization._records import DTYPES, StorageRecord, TensorRecord
from minitorch.serialization._resolve import DeviceValue, DTypeValue, SizeValue
from minitorch.serialization._source import forget


def _dtype(name):
    found = getattr(minitorch, name, None) if name in DTYPES else None
    if not isinstance(found, minitorch.dtype):
        raise CheckpointError(f"minitorch has no tensors of dtype {quote(name)}; "
                              "`minitorch convert` can still read the file")  # fmt: skip
    return found


class TensorFactory:
    """Makes what a checkpoint describes; tensors on one storage share memory.

    Parameters
    ----------
    share : bool
        Use the file's own memory (a mapping) instead of a copy of each storage, where it is
        writable and aligned.
    map_location : callable, optional
        Called once for each storage with it and its location, as in ``torch.load``.
    any_device : bool
        Let a stored ``torch.device`` of another kind become the CPU.
    """

    def __init__(self, share=False, map_location=None, any_device=False):
        self._share = share
        self._map_location = map_location
        self._any_device = any_device

    def tensor(self, record):
        dtype = _dtype(record.dtype.name)
        usable = record.storage.nbytes // record.dtype.itemsize
        if usable == 0:
            made = minitorch.empty((0,), dtype=dtype).as_strided(record.size, record.stride, 0)
        else:
            flat = self._flat(record.storage)
            flat = flat.as_strided((usable * record.dtype.itemsize,), (1,), 0)
            made = flat.view(dtype).as_strided(record.size, record.stride, record.offset)
        # Not a view to autograd: what was loaded stands alone, as in torch.load.
        made = made.detach()
        return made.requires_grad_() if record.requires_grad else made

    def parameter(self, tensor, record):
        from minitorch.nn.parameter import Parameter

        return Parameter(tensor, requires_grad=record.requires_grad)

    def size(self, values):
        return minitorch.Size(values)

    def dtype(self, name):
        return _dtype(name)

    def device(self, name):
        if self._any_device and name.partition(":")[0] != "cpu":
            name = "cpu"
        try:
            return minitorch.device(name)
        except RuntimeError as error:
            raise CheckpointError(f"{error}; map_location='cpu' maps it") from None

    def _flat(self, storage):
        """Return the storage's bytes as a uint8 tensor, made once."""
        if storage.converted is None:
            shared = self._share and _can_be_shared(storage.data)
            storage.converted = (_shared if shared else _copied)(storage)
            if self._map_location is not None:
                self._call_map_location(storage)
        return storage.converted

    def _call_map_location(self, storage):
        own = storage.converted.untyped_storage()
        result = self._map_location(own, storage.location)
        if result is not None and result != own:
            raise NotImplementedError(
                "map_location returned another storage; minitorch computes on the CPU only, so it "
                "must return None or the storage it was given"
            )


def _can_be_shared(data):
    """Whether tensors may live on these bytes: kernels want whole elements at aligned places."""
    return not data.readonly and np.frombuffer(data, np.uint8).ctypes.data % 8 == 0


def _shared(storage):
    return minitorch._core.tensor.from_buffer(storage.data, minitorch.uint8)


def _copied(storage):
    data = storage.data
    if storage.check is not None:
        storage.check()
    try:
        made = minitorch.empty((len(data),), dtype=minitorch.uint8)
    except (RuntimeError, MemoryError) as error:
        raise CheckpointError(f"storage {quote(storage.key)} of {len(data)} bytes: "
                              f"{error}") from None  # fmt: skip
    made.numpy()[...] = np.frombuffer(data, dtype=np.uint8)
    forget(data)  # so that a file and its tensors are never both in memory whole
    return made


class Recorder:
    """Describes tensors, sizes, dtypes and devices as records; None for anything else."""

    def __init__(self):
        self._storages = {}

    def __call__(self, value):
        if isinstance(value, minitorch.Tensor):
            return self.tensor(value)
        if isinstance(value, minitorch.Size):
            return SizeValue(value)
        if isinstance(value, minitorch.dtype):
            return DTypeValue(str(value).removeprefix("torch."))
        if isinstance(value, minitorch.device):
            return DeviceValue(str(value))
        return None

    def tensor(self, value):
        """Return a tensor's record, or None if the value is not a plain tensor or Parameter."""
        from minitorch.nn.parameter import Parameter

        is_parameter = type(value) is Parameter
        if not is_parameter and type(value) is not minitorch.Tensor:
            return None
        name = str(value.dtype).removeprefix("torch.")
        return TensorRecord(
            DTYPES[name], self._storage(value, DTYPES[name].itemsize), value.storage_offset(),
            tuple(value.shape), tuple(value.stride()), value.requires_grad, is_parameter,
        )  # fmt: skip

    def _storage(self, value, itemsize):
        storage = value.untyped_storage()
        address, nbytes = storage.data_ptr(), storage.nbytes()
        if nbytes < itemsize:
            return StorageRecord("", memoryview(b""))
        key = (address, nbytes)
        if key not in self._storages:
            # All of the storage, as bytes: tensors that share it must share it again.
            whole = value.detach().as_strided((nbytes // itemsize,), (1,), 0)
            data = memoryview(whole.view(minitorch.uint8).numpy())
            self._storages[key] = StorageRecord("", data)
        return self._storages[key]
