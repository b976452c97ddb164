"""The sampler for training in several processes, each with a part of the data."""

import math

import minitorch
from minitorch.utils.data.sampler import Sampler

__all__ = ["DistributedSampler"]


class DistributedSampler(Sampler):
    """Every `num_replicas`-th index from `rank` on, of a permutation that all ranks share.

    Parameters
    ----------
    dataset : Dataset
        With a length.
    num_replicas : int
        How many processes take part. PyTorch asks its process group by default; there is none
        here, so it must be given.
    rank : int
        Which one this is, from 0; must be given, too.
    shuffle : bool
        Permute, anew after each :meth:`set_epoch` (default True); else in order.
    seed : int
        Of the permutation, the same in all processes (default 0).
    drop_last : bool
        Leave out what does not divide evenly; False (default) repeats indices from the front.

    Raises
    ------
    RuntimeError
        If `num_replicas` or `rank` is not given.
    ValueError
        If `rank` is not below `num_replicas`.
    """

    def __init__(
        self, dataset, num_replicas=None, rank=None, shuffle=True, seed=0, drop_last=False
    ):
        if num_replicas is None or rank is None:
            raise RuntimeError(
                "Requires distributed package to be available; minitorch has none, so give "
                "DistributedSampler num_replicas and rank"
            )
        if rank >= num_replicas or rank < 0:
            raise ValueError(
                f"Invalid rank {rank}, rank should be in the interval [0, {num_replicas - 1}]"
            )
        self.dataset = dataset
        self.num_replicas = num_replicas
        self.rank = rank
        self.epoch = 0
        self.drop_last = drop_last
        size = len(dataset)
        rounded = math.floor if drop_last else math.ceil
        self.num_samples = rounded(size / num_replicas)
        self.total_size = self.num_samples * num_replicas
        self.shuffle = shuffle
        self.seed = seed

    def __iter__(self):
        size = len(self.dataset)
        if self.shuffle:
            generator = minitorch.Generator()
            generator.manual_seed(self.seed + self.epoch)
            indices = minitorch.randperm(size, generator=generator).tolist()
        else:
            indices = list(range(size))
        if indices:
            indices *= math.ceil(self.total_size / size)
        return iter(indices[self.rank : self.total_size : self.num_replicas])

    def __len__(self):
        return self.num_samples

    def set_epoch(self, epoch):
        """Choose the permutation of this epoch; without it all epochs have the same."""
        self.epoch = epoch
