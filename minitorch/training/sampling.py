"""The order in which a run sees its images: a function of (seed, epoch), with a cursor.

A run that stops in the middle of an epoch continues at the next batch of the same order,
because the order is never the state of a stream: it is drawn afresh for each epoch.
"""

import hashlib

import minitorch

__all__ = ["EpochBatches", "derived_seed"]


def derived_seed(seed, *labels):
    """A 31-bit seed that depends on `seed` and `labels` and on nothing else."""
    text = "/".join(str(part) for part in (seed, *labels))
    return int.from_bytes(hashlib.sha256(text.encode()).digest()[:4], "little") >> 1


def shuffled(length, seed):
    """A permutation of ``range(length)`` as a list, the same for the same seed."""
    generator = minitorch.Generator().manual_seed(seed)
    return minitorch.randperm(length, generator=generator).tolist()


class EpochBatches:
    """A batch sampler for `minitorch.utils.data.DataLoader` that can start anywhere.

    Parameters
    ----------
    length : int
        Number of samples in the dataset.
    batch_size : int
    seed : int
        With the epoch's number it decides the order; nothing else does.
    shuffle : bool
    lone : {"merge", "drop", "keep"}
        What becomes of a trailing batch of one sample, on which BatchNorm cannot train:
        merged into the batch before it, dropped, or kept.

    Attributes
    ----------
    epoch, cursor : int
        Where the next iteration starts; see `set_position`.
    """

    def __init__(self, length, batch_size, *, seed=0, shuffle=True, lone="merge"):
        if length < 1 or batch_size < 1:
            raise ValueError(f"length and batch_size must be positive, got {length} and "
                             f"{batch_size}")
        if lone not in ("merge", "drop", "keep"):
            raise ValueError(f"lone must be 'merge', 'drop' or 'keep', got {lone!r}")
        self.length, self.batch_size = length, batch_size
        self.seed, self.shuffle = seed, shuffle
        self.lone = lone if batch_size > 1 and length > batch_size else "keep"
        self.epoch = self.cursor = 0

    def set_position(self, epoch, cursor=0):
        """Continue with batch `cursor` (counted from 0) of epoch `epoch`."""
        self.epoch, self.cursor = epoch, cursor

    @property
    def has_lone(self):
        """Whether the last batch would hold one sample, and is merged or dropped."""
        return self.lone != "keep" and self.length % self.batch_size == 1

    def starts(self):
        """First position of each batch, and the end of the last one."""
        bounds = list(range(0, self.length, self.batch_size))
        if self.has_lone:
            end = bounds.pop()
            return bounds + [end if self.lone == "drop" else self.length]
        return bounds + [self.length]

    @property
    def batches(self):
        """Number of batches in a whole epoch."""
        return len(self.starts()) - 1

    def order(self):
        """The order of this epoch's samples."""
        if not self.shuffle:
            return list(range(self.length))
        return shuffled(self.length, derived_seed(self.seed, "order", self.epoch))

    def __iter__(self):
        order, bounds = self.order(), self.starts()
        for first, last in zip(bounds[self.cursor:-1], bounds[self.cursor + 1:], strict=True):
            yield order[first:last]

    def __len__(self):
        """Number of batches from the cursor on."""
        return self.batches - self.cursor
