"""What a set of pretrained weights is: an enum member that holds a :class:`Weights` record."""

from dataclasses import dataclass
from enum import Enum
from functools import partial
from typing import Any

__all__ = ["Weights", "WeightsEnum"]


def _same_callable(a, b):
    """Equality that sees through ``functools.partial``, whose own compares identity."""
    if isinstance(a, partial) and isinstance(b, partial):
        return (a.func, a.args, a.keywords) == (b.func, b.args, b.keywords)
    return a == b


@dataclass(eq=False)
class Weights:
    """One set of weights.

    Attributes
    ----------
    url : str
        Where they are. The file's name holds the first hex digits of its sha256, which are what
        a cached or downloaded file is verified against; they are read from here at each call.
    transforms : callable
        Makes the preprocessing that the weights were evaluated with.
    meta : dict
        Facts: ``categories``, ``num_params``, ``_metrics``, ...
    """

    url: str
    transforms: Any
    meta: dict

    # Equality by content, so that an enum alias such as DEFAULT is found.
    def __eq__(self, other):
        if not isinstance(other, Weights):
            return NotImplemented
        return (
            self.url == other.url
            and self.meta == other.meta
            and _same_callable(self.transforms, other.transforms)
        )

    __hash__ = None


class WeightsEnum(Enum):
    """Base of the enums of pretrained weights; each member's value is a :class:`Weights`."""

    @classmethod
    def verify(cls, obj):
        """The member that ``obj`` means: a member, its name as a string, or None.

        Raises
        ------
        KeyError
            No member has this name.
        TypeError
            Another type, or a member of another enum.
        """
        if obj is None or isinstance(obj, cls):
            return obj
        if type(obj) is not str:
            raise TypeError(
                f"Invalid Weight class provided; expected {cls.__name__} "
                f"but received {obj.__class__.__name__}."
            )
        name = obj.replace(cls.__name__ + ".", "")
        if name not in cls.__members__:
            raise KeyError(f"{name}: {cls.__name__} has {', '.join(cls.__members__)}")
        return cls[name]

    def get_state_dict(
        self,
        model_dir=None,
        map_location=None,
        progress=True,
        check_hash=True,
        file_name=None,
        weights_only=True,
    ):
        """The weights as a state dict, from a cache or downloaded.

        Looked for in ``${MINITORCH_HOME:-${XDG_CACHE_HOME:-~/.cache}/minitorch}/checkpoints``,
        ``./weights`` and ``${TORCH_HOME:-${XDG_CACHE_HOME:-~/.cache}/torch}/hub/checkpoints``,
        then downloaded into the first.

        Parameters
        ----------
        model_dir : str, optional
            Look in, and download to, this folder only.
        map_location : optional
            As in :func:`minitorch.load`.
        progress : bool
            Show a bar on stderr while downloading.
        check_hash : bool
            Verify the sha256 prefix in the file's name, also of a cached file. On by default,
            unlike in torchvision.
        file_name : str, optional
            Name of the file, where it is not the URL's.
        weights_only : bool
            As in :func:`minitorch.load`.

        Raises
        ------
        DownloadError
            Not cached and not to be had; nothing half-written is left behind.
        ValueError
            The file's name holds fewer than 8 hex digits, so that it cannot be verified.
        """
        from minitorch.models._download import locate
        from minitorch.serialization import load

        path = locate(
            self.url,
            check_hash=check_hash,
            progress=progress,
            model_dir=model_dir,
            file_name=file_name,
        )
        return load(path, map_location=map_location, weights_only=weights_only)

    def __repr__(self):
        return f"{self.__class__.__name__}.{self._name_}"

    @property
    def url(self):
        """Where the weights are."""
        return self.value.url

    @property
    def transforms(self):
        """Callable that makes the preprocessing."""
        return self.value.transforms

    @property
    def meta(self):
        """Facts about the weights."""
        return self.value.meta
