"""Saving and loading: ``load``, ``save``, and the safetensors format.

Files are data.  Nothing in this package runs, imports or calls what a file names, so there is no
``add_safe_globals`` either: a file holds what PyTorch's own list of safe names allows, or
``minitorch convert`` takes the tensors out of it.
"""

from minitorch.serialization._errors import CheckpointError

__all__ = ["CheckpointError", "get_unsafe_globals_in_checkpoint", "load", "save"]

_SAFE_GLOBALS = ("add_safe_globals", "safe_globals", "clear_safe_globals", "get_safe_globals")


def __getattr__(name):
    if name in _SAFE_GLOBALS:
        raise AttributeError(
            f"minitorch.serialization has no {name}: loading never makes objects of classes that "
            "a file names. Leave the call out if the file holds tensors and plain values; else "
            "`minitorch convert FILE NEW.pth` takes the tensors out and names what it leaves"
        )
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")


def load(
    f, map_location=None, pickle_module=None, *, weights_only=None, mmap=None, **pickle_load_args
):
    """Load what :func:`save` or ``torch.save`` wrote, or a safetensors or npz file.

    The content decides, not the file's name.  Whatever the file holds, this either returns plain
    data or raises: nothing in it is run, imported or called; no byte outside of it is read; it
    takes time in proportion to its size, and memory for its bytes once more beside the tensors
    (given back as they are made), plus at most a few hundred MB for the values of a pickle, 32
    times the file or 64 MB for a compressed npz.  The file is read whole before it is looked at,
    so whoever overwrites it meanwhile can make this fail, but not crash.

    Parameters
    ----------
    f : str, os.PathLike or binary file object
        What to read.
    map_location : str, device, dict or callable, optional
        As in PyTorch.  Every tensor is loaded to the CPU, whatever device it was saved from, so
        only maps that end there are accepted.
    pickle_module : None
        For PyTorch's signature; no pickle module is ever used.
    weights_only : bool, optional
        True or None; False is refused, because files are never executed.
    mmap : bool, optional
        If True, tensors use the mapped file (copy-on-write) instead of a copy of it; `f` must
        then be a path, and checksums of tensors are not looked at.  Do not shorten the file
        while they live: the system ends a process that touches a mapped page which is gone.

    Returns
    -------
    object
        Containers, numbers, text, tensors and parameters.  A safetensors or npz file gives a dict
        of tensors.

    Raises
    ------
    CheckpointError
        If the file is damaged, is no checkpoint, or holds more than PyTorch's
        ``weights_only=True`` allows: another name, call, state or pickle opcode.  It has the
        ``file``, the ``reason`` and, where one byte is to blame, its ``offset`` in the file; it
        is a ``pickle.UnpicklingError`` and a ``RuntimeError``, as PyTorch's errors are.
    RuntimeError
        If `map_location` names another device, a `pickle_module` is given, or ``mmap=True`` with
        a file in the legacy or tar format.
    ValueError
        If ``weights_only=False``, or ``mmap=True`` with a file object.
    TypeError
        For an unknown keyword, or a file opened in text mode.
    """
    if weights_only not in (None, True):
        raise ValueError(
            "weights_only=False is not supported: minitorch never executes a file. "
            "`minitorch convert` takes the tensors out of files that ask for more"
        )
    if pickle_module is not None:
        raise RuntimeError("Can not safely load weights when explicit pickle_module is specified")
    if pickle_load_args:
        unknown = next(iter(pickle_load_args))
        raise TypeError(f"load() got an unexpected keyword argument {unknown!r}")
    if mmap and callable(getattr(f, "read", None)):
        raise ValueError("f must be a file path in order to use the mmap argument")
    remap = _check_map_location(map_location)
    from minitorch.serialization._bridge import TensorFactory
    from minitorch.serialization._open import open_checkpoint

    checkpoint, source = open_checkpoint(f, mapped=bool(mmap))
    if mmap and checkpoint.format in ("legacy", "tar"):
        # Their tensors lie at odd addresses.
        raise RuntimeError(
            "mmap can only be used with files saved with `torch.save("
            "_use_new_zipfile_serialization=True), please torch.save your checkpoint with this "
            "option in order to use mmap."
        )
    if checkpoint.format == "onnx":
        raise CheckpointError(
            "an ONNX file, which is opened neither here nor by PyTorch; "
            "`minitorch convert FILE.onnx FILE.safetensors` takes the weights out", source.name
        )
    factory = TensorFactory(bool(mmap), remap, map_location is not None)
    try:
        return checkpoint.value(factory)[0]
    except CheckpointError as error:
        error.file = source.name
        raise


def get_unsafe_globals_in_checkpoint(f):
    """Return the names in a checkpoint that :func:`load` refuses, without loading it.

    Parameters
    ----------
    f : str, os.PathLike or binary file object
        A file of ``torch.save``.

    Returns
    -------
    list of str
        Each once, in the file's order; empty if all are on PyTorch's list.

    Raises
    ------
    CheckpointError
        If the file is damaged or no checkpoint.
    """
    from minitorch.serialization._names import global_path
    from minitorch.serialization._open import open_checkpoint
    from minitorch.serialization._resolve import unlisted

    checkpoint, _ = open_checkpoint(f)
    found = (global_path(node) for pickle in checkpoint.pickles for node in unlisted(pickle))
    return list(dict.fromkeys(found))


def _check_map_location(map_location):
    """Refuse a map that ends elsewhere than on the CPU; return it if it is a callable."""
    if map_location is None:
        return None
    import minitorch

    # A device can be callable too, as a decorator.
    if callable(map_location) and not isinstance(map_location, minitorch.device):
        return map_location
    targets = map_location.values() if isinstance(map_location, dict) else (map_location,)
    for target in targets:
        if not isinstance(target, (str, minitorch.device)):
            raise TypeError(
                "map_location must be a str, device, dict or callable, got "
                f"{type(target).__name__}"
            )
        minitorch.device(target)
    return None


def save(obj, f, pickle_module=None, pickle_protocol=2, _use_new_zipfile_serialization=True):
    """Save an object to a file that ``torch.load(weights_only=True)`` opens.

    A path is written whole or not at all.

    Parameters
    ----------
    obj : object
        Tensors, parameters, numbers, text, bytes, ``None``, sizes, dtypes, devices, and dicts,
        lists, tuples, sets, ``OrderedDict`` and ``Counter`` of them.  Tensors that share memory
        share it again after loading; ``OrderedDict`` attributes (``_metadata`` of a state_dict)
        are kept.
    f : str, os.PathLike or binary file object
        Where to.
    pickle_module : None
        For PyTorch's signature.
    pickle_protocol : int
        2, the only protocol that ``weights_only=True`` reads.
    _use_new_zipfile_serialization : bool
        False writes the format of PyTorch before 1.6.

    Raises
    ------
    TypeError
        If `obj` holds anything else; the message names it and its place.
    ValueError
        If `obj` contains itself, or for another protocol.
    RuntimeError
        If tensors of different dtypes share memory, or the target folder does not exist.
    """
    if pickle_module is not None:
        raise ValueError("pickle_module is not supported: no pickle module is used")
    if pickle_protocol != 2:
        raise ValueError(f"only pickle_protocol=2 is supported, got {pickle_protocol!r}")
    import io
    import os

    from minitorch.serialization._bridge import Recorder
    from minitorch.serialization.atomic import atomic_write
    from minitorch.serialization.pth_writer import write_legacy, write_zip

    def write(file, root):
        if _use_new_zipfile_serialization:
            write_zip(file, obj, root, Recorder())
        else:
            write_legacy(file, obj, Recorder())

    if isinstance(f, (str, os.PathLike)):
        name = os.path.basename(os.fspath(f))
        if not os.path.isdir(os.path.dirname(os.path.abspath(f))):
            raise RuntimeError(f"Parent directory {os.path.dirname(os.fspath(f))} does not exist.")
        with atomic_write(f) as file:
            write(file, name.rpartition(".")[0] or name)
    elif callable(getattr(f, "write", None)):
        if isinstance(f, io.TextIOBase):
            raise TypeError("expected a file opened in binary mode")
        write(f, "archive")
    else:
        raise AttributeError(
            f"expected a path or a file object with write(), got {type(f).__name__}"
        )
