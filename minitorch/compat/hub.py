"""``torch.hub`` and ``torch.utils.model_zoo``: downloads of checkpoints."""

import os

import minitorch
from minitorch.models import _download

__all__ = ["download_url_to_file", "get_dir", "load_state_dict_from_url", "load_url"]


def get_dir():
    """PyTorch's own cache folder for hub, in which files that are there already are found."""
    return os.path.join(_download._home("TORCH_HOME", "torch"), "hub")


def download_url_to_file(url, dst, hash_prefix=None, progress=True):
    """Download a file; see `minitorch.models`."""
    _download.download(url, dst, hash_prefix, progress=progress)


def load_state_dict_from_url(url, model_dir=None, map_location=None, progress=True,
                             check_hash=False, file_name=None, weights_only=True):
    """Load a checkpoint from a URL, or from the file that is in a cache folder already.

    Parameters
    ----------
    url : str
    model_dir : str, optional
        Where the file is kept; default: where `minitorch.models` keeps it.
    map_location : optional
        As in `minitorch.load`.
    progress, check_hash : bool
    file_name : str, optional
        Name of the kept file; default: the last part of the URL.
    weights_only : bool
        Must be True: minitorch never executes a checkpoint.
    """
    if not weights_only:
        raise NotImplementedError("load_state_dict_from_url(): argument 'weights_only' must be "
                                  "True: minitorch never executes a checkpoint")
    path = _download.locate(url, check_hash=check_hash, progress=progress, model_dir=model_dir,
                            file_name=file_name)
    return minitorch.load(path, map_location=map_location)


load_url = load_state_dict_from_url
