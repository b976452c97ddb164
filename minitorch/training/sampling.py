"""The order in which a run sees its images: a function of (seed, epoch), with a cursor.

A run that stops in the middle of an epoch continues at the next batch of the same order,
because the order is never the state of a stream: it is drawn afresh for each epoch.
"""

import hashlib

import minitorch

__all__ = ["EpochBatches", "balanced_order", "derived_seed"]


def derived_seed(seed, *labels):
    """A 31-bit seed that depends on `seed` and `labels` and on nothing else."""
    text = "/".join(str(part) for part in (seed, *labels))
    return int.from_bytes(hashlib.sha256(text.encode()).digest()[:4], "little") >> 1


def shuffled(length, seed):
    """A permutation of ``range(length)`` as a list, the same for the same seed."""
    generator = minitorch.Generator().manual_seed(seed)
    return minitorch.randperm(length, generator=generator).tolist()


def balanced_order(targets, seed):
    """An order of as many places as there are samples, in which all classes come equally often.

    A rare class's samples are repeated, but none a second time before each came once; of a
    frequent class some samples are left out.

    Parameters
    ----------
    targets : sequence of int
        Class of each sample.
    seed : int

    Returns
    -------
    list of int
        Indices into `targets`, ``len(targets)`` of them.
    """
    members = {}
    for index, target in enumerate(targets):
        members.setdefault(target, []).append(index)
    names = sorted(members)
    each, more = divmod(len(targets), len(names))
    # Classes that come once more than the others, where it does not divide: others each time.
    favoured = {names[place] for place in shuffled(len(names), derived_seed(seed, "more"))[:more]}
    chosen = []
    for name in names:
        own, wanted, round_ = members[name], each + (name in favoured), 0
        while wanted > 0:
            order = shuffled(len(own), derived_seed(seed, "class", name, round_))[:wanted]
            chosen += [own[place] for place in order]
            wanted, round_ = wanted - len(order), round_ + 1
    return [chosen[place] for place in shuffled(len(chosen), derived_seed(seed, "mix"))]


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
    drop_last : bool
        Leave out a trailing batch that is not full, whatever its size.
    balance : sequence of int, optional
        The class of each sample: `balanced_order` takes the place of the plain shuffle.
    limit : int, optional
        An epoch ends after so many batches.  Without `shuffle` their samples are spread evenly
        over the dataset: its beginning may be all of one class.

    Attributes
    ----------
    epoch, cursor : int
        Where the next iteration starts; see `set_position`.
    """

    def __init__(self, length, batch_size, *, seed=0, shuffle=True, lone="merge",
                 drop_last=False, balance=None, limit=None):
        if length < 1 or batch_size < 1:
            raise ValueError(f"length and batch_size must be positive, got {length} and "
                             f"{batch_size}")
        if lone not in ("merge", "drop", "keep"):
            raise ValueError(f"lone must be 'merge', 'drop' or 'keep', got {lone!r}")
        self.length, self.batch_size = length, batch_size
        self.seed, self.shuffle = seed, shuffle
        self.lone = lone if batch_size > 1 and length > batch_size else "keep"
        if drop_last and length < batch_size:
            raise ValueError(f"{length} samples do not fill a batch of {batch_size}, and the "
                             "last one is dropped")
        self.drop_last, self.balance, self.limit = drop_last, balance, limit
        self.epoch = self.cursor = 0

    def set_position(self, epoch, cursor=0):
        """Continue with batch `cursor` (counted from 0) of epoch `epoch`."""
        self.epoch, self.cursor = epoch, cursor

    @property
    def has_lone(self):
        """Whether the last batch would hold one sample, and is merged or dropped."""
        return (self.lone != "keep" and not self.drop_last
                and self.length % self.batch_size == 1)

    def starts(self):
        """First position of each batch, and the end of the last one."""
        bounds = list(range(0, self.length, self.batch_size))
        end = self.length
        if self.has_lone:
            lone = bounds.pop()
            end = lone if self.lone == "drop" else end
        elif self.drop_last:
            end = self.length // self.batch_size * self.batch_size
            bounds = [first for first in bounds if first < end]
        bounds.append(end)
        return bounds if self.limit is None else bounds[:self.limit + 1]

    @property
    def batches(self):
        """Number of batches in a whole epoch."""
        return len(self.starts()) - 1

    def order(self):
        """The order of this epoch's samples."""
        if not self.shuffle:
            taken = self.starts()[-1]
            return [place * self.length // taken for place in range(taken)]
        seed = derived_seed(self.seed, "order", self.epoch)
        if self.balance is not None:
            return balanced_order(self.balance, seed)
        return shuffled(self.length, seed)

    def __iter__(self):
        order, bounds = self.order(), self.starts()
        for first, last in zip(bounds[self.cursor:-1], bounds[self.cursor + 1:], strict=True):
            yield order[first:last]

    def __len__(self):
        """Number of batches from the cursor on."""
        return self.batches - self.cursor
