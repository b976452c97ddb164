"""What a frozen trunk makes of the images, computed once: the head then trains on a matrix.

When only the head trains, everything before it, the trunk, is a fixed function of an image: its
weights are frozen, its BatchNorm is in evaluation mode, and each epoch shows it the same pixels.
So the trunk runs once over the images, and an epoch of the head is a few small products.

The shortcut must not change the outcome by a single bit.  Kernels choose their way of adding by
the shape of the whole batch, and another way rounds differently.  Hence `trunk_features`, the
one place that runs a frozen trunk, shows it batches of one size only, the last one filled up:
then an image's features depend on its pixels, and not on the images beside it.

    trunk = without_head(model, "fc")
    table = FeatureTable(len(images), model.fc.in_features)
    table.fill(trunk, loader, batch_size=32)
    train_one_epoch(model.fc, FeatureBatches(table, targets, batches), loss_fn, optimizer)
"""

import copy

import numpy as np

import minitorch
from minitorch import nn

__all__ = ["FeatureBatches", "FeatureTable", "FrozenTrunk", "trunk_features", "without_head"]


def without_head(model, head):
    """`model` up to its child `head`, in evaluation mode.

    Parameters
    ----------
    model : minitorch.nn.Module
        Passes the features through `head` as its last step, as a ResNet does through ``fc``.
    head : str

    Returns
    -------
    minitorch.nn.Module
        A module of the same class that returns the features; all other children are shared.

    Raises
    ------
    AttributeError
        There is no such child.
    """
    children = dict(model.named_children())
    if head not in children:
        raise AttributeError(f"the model has no child {head!r}; it has {', '.join(children)}")
    trunk = copy.copy(model)
    trunk.__dict__["_modules"] = children | {head: nn.Identity()}
    return trunk.eval()


def trunk_features(trunk, images, batch_size):
    """The features of `images`; the trunk sees batches of exactly `batch_size`.

    Parameters
    ----------
    trunk : minitorch.nn.Module
        In evaluation mode.
    images : Tensor of shape (N, ...)
        N need not be a multiple of `batch_size`: zeros fill up the last batch.
    batch_size : int

    Returns
    -------
    Tensor of shape (N, C)
        Without gradient.  A row is the same, bit for bit, whatever the other images are.
    """
    rows = []
    with minitorch.no_grad():
        for part in images.split(batch_size):
            missing = batch_size - len(part)
            if missing:
                padding = minitorch.zeros(missing, *images.shape[1:], dtype=images.dtype)
                rows.append(trunk(minitorch.cat([part, padding]))[:len(part)])
            else:
                rows.append(trunk(part))
        return minitorch.cat(rows)


class FrozenTrunk(nn.Module):
    """`model` with its trunk run by `trunk_features`: the long way that the table shortens.

    Parameters
    ----------
    model : minitorch.nn.Module
    head : str
        As in `without_head`.
    batch_size : int
        Of the trunk.

    Shape
    -----
    (N, ...) -> (N, classes)
    """

    def __init__(self, model, head, batch_size):
        super().__init__()
        self.trunk, self.head = without_head(model, head), model.get_submodule(head)
        self.batch_size = batch_size

    def train(self, mode=True):
        """Only the head ever trains."""
        super().train(mode)
        self.trunk.eval()
        return self

    def forward(self, images):
        return self.head(trunk_features(self.trunk, images, self.batch_size))


class FeatureTable:
    """The features of a list of images, as far as they are known.

    It takes ``4 * length * width`` bytes: 2 MB for a thousand images and a ResNet-18.

    Parameters
    ----------
    length : int
        Number of images.
    width : int
        Features of each.

    Attributes
    ----------
    rows : Tensor of shape (length, width)
    known : numpy.ndarray of bool, shape (length,)
        Which rows hold features; those of an unreadable image never do.
    """

    def __init__(self, length, width):
        self.rows = minitorch.zeros(length, width)
        self.known = np.zeros(length, bool)

    def __len__(self):
        return len(self.known)

    def fill(self, trunk, loader, batch_size, on_batch=None, stop=None):
        """Compute rows.

        Parameters
        ----------
        trunk, batch_size
            As in `trunk_features`.
        loader : iterable of (Tensor, Tensor) or None
            Images (N, ...) and their places in the table (N,).
        on_batch : callable, optional
            ``on_batch()`` after each batch.
        stop : callable, optional
            Asked after each batch; if true, the rest is not computed.

        Returns
        -------
        bool
            False if it was stopped.
        """
        for batch in loader:
            if batch is not None:
                images, places = batch
                self.rows[places] = trunk_features(trunk, images, batch_size)
                self.known[places.numpy()] = True
            if on_batch is not None:
                on_batch()
            if stop is not None and stop():
                return False
        return True

    def part(self, first, last):
        """The table of images `first` to `last` - 1; it shares its memory with this one."""
        part = FeatureTable(0, 0)
        part.rows, part.known = self.rows[first:last], self.known[first:last]
        return part


class FeatureBatches:
    """A loader of (features, targets) with the batches that `make_loader` would make of images.

    Parameters
    ----------
    table : FeatureTable
        What is not known in it counts as unreadable and is left out of its batch.
    targets : sequence of int
        Class of each image.
    batch_sampler : iterable of list of int
        For example `EpochBatches`.
    minimum : int
        A batch with fewer known rows comes as None.
    """

    def __init__(self, table, targets, batch_sampler, minimum=1):
        self.table, self.batch_sampler, self.minimum = table, batch_sampler, minimum
        self.targets = minitorch.tensor(targets, dtype=minitorch.int64)

    def __len__(self):
        return len(self.batch_sampler)

    def __iter__(self):
        for indices in self.batch_sampler:
            indices = np.asarray(indices, np.int64)
            indices = indices[self.table.known[indices]]
            if len(indices) < self.minimum:
                yield None
            else:
                chosen = minitorch.from_numpy(indices)
                yield self.table.rows[chosen], self.targets[chosen]
