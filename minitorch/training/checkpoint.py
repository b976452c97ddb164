"""``last.ckpt``: everything a run needs to go on as if it had never stopped."""

import json

import minitorch
from minitorch.serialization.atomic import atomic_write
from minitorch.training.errors import CheckpointMismatch
from minitorch.training.run.image_record import pack

__all__ = ["checkpoint_of", "save_checkpoint", "load_checkpoint", "restore_checkpoint"]

FORMAT, VERSION = "minitorch.checkpoint", 2
_FIELDS = ("model", "optimizer", "training", "sampler", "rng", "info", "config", "data_digest",
           "manifest", "best_sha256")


def save_checkpoint(path, *, keep=None, **parts):
    """Write the state of a run, whole or not at all; equal runs write equal bytes.

    The file is a plain ``.pth`` archive of dicts, numbers, strings and tensors:
    ``minitorch.load`` and PyTorch's ``torch.load(weights_only=True)`` open it.

    Parameters
    ----------
    path : str or os.PathLike
    keep : str or os.PathLike, optional
        In the same folder: where the file stays that this one replaces.
    **parts
        As in `checkpoint_of`.
    """
    values = checkpoint_of(**parts)
    with atomic_write(path, keep) as file:
        minitorch.save(values, file)


def checkpoint_of(*, model, optimizer, state, batches, info=None, config=None, data_digest="",
                  manifest=None, best_sha256="", schedule=None, average=None):
    """What `save_checkpoint` writes: dicts, numbers, strings and tensors.

    Parameters
    ----------
    model : minitorch.nn.Module
    optimizer : minitorch.optim.Optimizer
    state : TrainingState
    batches : EpochBatches
        The training order; its seed, size and the cursor are kept.
    info : ModelInfo, optional
    config : dict, optional
        Kept as JSON.
    data_digest : str
        `DataSplit.digest`, to notice changed data.
    manifest : Tensor, optional
        `minitorch.training.run.image_record.pack` of `DataSplit.manifest`, to tell what changed.
    best_sha256 : str
        Digest of the best model's file, if there is one.
    schedule : Schedule, optional
    average : minitorch.optim.swa_utils.AveragedModel, optional
    """
    return _sharing_texts({
        "format": FORMAT, "version": VERSION,
        "model": model.state_dict(),
        "optimizer": optimizer.state_dict(),
        "schedule": {} if schedule is None else schedule.state_dict(),
        "average": {} if average is None else average.state_dict(),
        "training": state.state_dict(),
        "sampler": {"seed": batches.seed, "length": batches.length,
                    "batch_size": batches.batch_size, "lone": batches.lone,
                    "epoch": state.epoch, "cursor": state.metrics.batches},
        "rng": minitorch.default_generator.get_state(),
        "info": {} if info is None else info.to_metadata(),
        "config": json.dumps(config or {}),
        "data_digest": data_digest,
        "manifest": pack("") if manifest is None else manifest,
        "best_sha256": best_sha256,
    }, {})


def _sharing_texts(value, known):
    """A copy in which equal texts are one object.

    A pickle says of an object that comes again where it was first: so equal texts that are one
    object in a fresh run, and two in a resumed one, would make other bytes.
    """
    if isinstance(value, str):
        return known.setdefault(value, value)
    if isinstance(value, dict):
        copy = type(value)((_sharing_texts(key, known), _sharing_texts(each, known))
                           for key, each in value.items())
        for name, each in getattr(value, "__dict__", {}).items():
            setattr(copy, name, _sharing_texts(each, known))
        return copy
    if type(value) in (list, tuple):
        return type(value)(_sharing_texts(each, known) for each in value)
    return value


def load_checkpoint(path):
    """Read what `save_checkpoint` wrote.

    Raises
    ------
    FileNotFoundError
    CheckpointMismatch
        It is some other file, or of a later version.
    minitorch.serialization.CheckpointError
        The file is damaged.
    """
    from minitorch.serialization._open import check_members, open_checkpoint
    check_members(*open_checkpoint(path))
    values = minitorch.load(path, map_location="cpu", weights_only=True)
    if not isinstance(values, dict) or values.get("format") != FORMAT:
        raise CheckpointMismatch(f"{path} is not a checkpoint of a minitorch run")
    if values.get("version") != VERSION:
        raise CheckpointMismatch(f"{path} has version {values.get('version')!r}; this minitorch "
                                 f"reads version {VERSION}")
    missing = [name for name in _FIELDS if name not in values]
    if missing:
        raise CheckpointMismatch(f"{path} lacks {', '.join(missing)}")
    return values


def restore_checkpoint(values, *, model, optimizer, state, batches, data_digest=None,
                       schedule=None, average=None):
    """Put a loaded checkpoint into the objects of a run.

    Parameters
    ----------
    values : dict
        From `load_checkpoint`.
    model, optimizer, state, batches, schedule, average
        As in `save_checkpoint`; made as they were made for the run that was saved.
    data_digest : str, optional
        If given it must equal the saved one.

    Raises
    ------
    CheckpointMismatch
        The data or the order is another; nothing has been changed.
    """
    if data_digest is not None and data_digest != values["data_digest"]:
        raise CheckpointMismatch("the images have changed since the run was saved (files were "
                                 "added, removed or renamed); start a new run")
    saved = values["sampler"]
    for name in ("seed", "length", "batch_size", "lone"):
        if getattr(batches, name) != saved[name]:
            raise CheckpointMismatch(f"the run was saved with {name} {saved[name]}, not "
                                     f"{getattr(batches, name)}")
    model.load_state_dict(values["model"])
    optimizer.load_state_dict(values["optimizer"])
    if schedule is not None and values.get("schedule"):
        schedule.load_state_dict(values["schedule"])
    if average is not None and values.get("average"):
        average.load_state_dict(values["average"])
    state.load_state_dict(values["training"])
    minitorch.default_generator.set_state(values["rng"])
