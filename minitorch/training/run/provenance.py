"""Where a model comes from: what a run writes of itself into its files."""

from pathlib import Path

import minitorch

__all__ = ["config_of", "provenance_of"]


def provenance_of(settings, data, data_digest, pretrained=None, class_weights=None):
    """What ``best.safetensors`` tells of the run that made it.

    Parameters
    ----------
    settings : FinetuneSettings
    data : DataSplit
    data_digest : str
        `DataSplit.digest`.
    pretrained : Pretrained, optional
    class_weights : list of float, optional

    Returns
    -------
    dict
        As JSON can hold it. The same wherever the files lay, and however fast it went.
    """
    settings = settings.portable()
    weights = {"name": settings["weights"]}
    if pretrained is not None:
        weights |= {"source": _portable(pretrained.source), "sha256": pretrained.sha256}
    return {"program": f"minitorch {minitorch.__version__}", "weights": weights,
            "data": {"name": settings["data"], "train": len(data.train), "val": len(data.val),
                     "sha256": data_digest},
            "settings": settings} | (
        {} if class_weights is None else {"class_weights": class_weights})


def config_of(settings, data, info, augmentation):
    """What stands in ``config.json``: the settings, and under ``run`` what came of them."""
    return settings.to_dict() | {"run": {
        "minitorch": minitorch.__version__, "classes": data.classes,
        "train_images": len(data.train), "val_images": len(data.val),
        "ignored_files": data.ignored, "preprocessing": info.preprocessing.to_dict(),
        "augmentation": augmentation.to_dict(), "provenance": info.provenance}}


def _portable(source):
    """A file's name without its folder; an address as it is."""
    return source if "://" in source else Path(source).name
