"""Samplers: the order in which a DataLoader asks for samples.

Every sampler draws from the generator in PyTorch's order, so the same seed gives the same shuffle.
"""

import itertools

import numpy as np

import minitorch

__all__ = [
    "BatchSampler",
    "RandomSampler",
    "Sampler",
    "SequentialSampler",
    "SubsetRandomSampler",
    "WeightedRandomSampler",
]

# PyTorch draws samples with replacement 32 at a time; a partial draw would take other numbers.
_REPLACEMENT_BLOCK = 32


def draw_seed(generator=None):
    """One integer in [0, 2**63), drawn as ``torch.empty((), dtype=torch.int64).random_()``."""
    drawn = minitorch.empty((), dtype=minitorch.int64).random_(generator=generator)
    return int(drawn.item())


class Sampler:
    """Base of all samplers: subclasses write ``__iter__``, and ``__len__`` where it is known."""

    def __class_getitem__(cls, item):
        return cls

    def __iter__(self):
        raise NotImplementedError


class SequentialSampler(Sampler):
    """Indices 0, 1, ... in order.

    Parameters
    ----------
    data_source : object with a length
    """

    def __init__(self, data_source):
        self.data_source = data_source

    def __iter__(self):
        return iter(range(len(self.data_source)))

    def __len__(self):
        return len(self.data_source)


class RandomSampler(Sampler):
    """Indices at random, shuffled or drawn with replacement.

    Parameters
    ----------
    data_source : object with a length
    replacement : bool
        Draw each index anew instead of permuting.
    num_samples : int, optional
        How many to draw; default: the length of ``data_source``.
    generator : minitorch.Generator, optional
        Without one, a fresh generator is seeded from the default generator at each pass.

    Raises
    ------
    TypeError
        ``replacement`` is not a bool.
    ValueError
        ``num_samples`` is not a positive integer (an empty dataset counts here too).
    """

    def __init__(self, data_source, replacement=False, num_samples=None, generator=None):
        self.data_source = data_source
        self.replacement = replacement
        self._num_samples = num_samples
        self.generator = generator
        if not isinstance(replacement, bool):
            raise TypeError(
                f"replacement should be a boolean value, but got replacement={replacement}"
            )
        if not isinstance(self.num_samples, int) or self.num_samples <= 0:
            raise ValueError(
                "num_samples should be a positive integer value, "
                f"but got num_samples={self.num_samples}"
            )

    @property
    def num_samples(self):
        """How many indices one pass yields."""
        return len(self.data_source) if self._num_samples is None else self._num_samples

    def __iter__(self):
        generator = self.generator
        if generator is None:
            generator = minitorch.Generator()
            generator.manual_seed(draw_seed())
        if self.replacement:
            yield from self._drawn(len(self.data_source), generator)
        else:
            yield from self._permuted(len(self.data_source), generator)

    def _drawn(self, n, generator):
        whole, rest = divmod(self.num_samples, _REPLACEMENT_BLOCK)
        for size in [_REPLACEMENT_BLOCK] * whole + [rest]:
            yield from minitorch.randint(
                high=n, size=(size,), dtype=minitorch.int64, generator=generator
            ).tolist()

    def _permuted(self, n, generator):
        whole, rest = divmod(self.num_samples, n)
        for _ in range(whole):
            yield from minitorch.randperm(n, generator=generator).tolist()
        # Drawn even when nothing is left over, as PyTorch does: the generator moves on.
        yield from minitorch.randperm(n, generator=generator).tolist()[:rest]

    def __len__(self):
        return self.num_samples


class SubsetRandomSampler(Sampler):
    """A given list of indices, shuffled at each pass.

    Parameters
    ----------
    indices : sequence
    generator : minitorch.Generator, optional
    """

    def __init__(self, indices, generator=None):
        self.indices = indices
        self.generator = generator

    def __iter__(self):
        for i in minitorch.randperm(len(self.indices), generator=self.generator).tolist():
            yield self.indices[i]

    def __len__(self):
        return len(self.indices)


class WeightedRandomSampler(Sampler):
    """Indices drawn with probabilities in proportion to weights.

    Parameters
    ----------
    weights : sequence of float
        Need not sum to 1.
    num_samples : int
    replacement : bool
    generator : minitorch.Generator, optional

    Raises
    ------
    ValueError
        ``num_samples`` is not a positive integer, ``replacement`` not a bool, or ``weights`` not
        one-dimensional.
    """

    def __init__(self, weights, num_samples, replacement=True, generator=None):
        _check_positive_int("num_samples", num_samples)
        _check_bool("replacement", replacement)
        weights = minitorch.as_tensor(weights, dtype=minitorch.float64)
        if len(weights.shape) != 1:
            raise ValueError(
                "weights should be a 1d sequence but given "
                f"weights have shape {tuple(weights.shape)}"
            )
        self.weights = weights
        self.num_samples = num_samples
        self.replacement = replacement
        self.generator = generator

    def __iter__(self):
        weights = self.weights.numpy()
        _check_weights(weights, self.num_samples, self.replacement)
        if self.replacement and self.num_samples > 1:
            yield from self._drawn(weights)
        else:
            yield from self._drawn_once(weights)

    def _uniform(self, count):
        return minitorch.rand(count, dtype=minitorch.float64, generator=self.generator).numpy()

    def _drawn(self, weights):
        """Invert the cumulative distribution, as ``torch.multinomial`` does."""
        cumulative = np.cumsum(weights)
        cumulative /= cumulative[-1]
        cumulative[-1] = 1.0
        return np.searchsorted(cumulative, self._uniform(self.num_samples)).tolist()

    def _drawn_once(self, weights):
        """Race exponential clocks: the order of ``exponential / weight`` is a draw without
        replacement (Efraimidis, Spirakis, doi:10.1016/j.ipl.2005.11.003); torch does so too."""
        clocks = -np.log1p(-self._uniform(len(weights)))
        order = np.argsort(-weights / clocks, kind="stable")
        return order[: self.num_samples].tolist()

    def __len__(self):
        return self.num_samples


class BatchSampler(Sampler):
    """Groups another sampler's indices into lists.

    Parameters
    ----------
    sampler : Sampler or iterable
    batch_size : int
    drop_last : bool
        Leave out a last list that is shorter than ``batch_size``.

    Raises
    ------
    ValueError
        ``batch_size`` is not a positive integer or ``drop_last`` not a bool.
    """

    def __init__(self, sampler, batch_size, drop_last):
        _check_positive_int("batch_size", batch_size)
        _check_bool("drop_last", drop_last)
        self.sampler = sampler
        self.batch_size = batch_size
        self.drop_last = drop_last

    def __iter__(self):
        indices = iter(self.sampler)
        while batch := list(itertools.islice(indices, self.batch_size)):
            if len(batch) < self.batch_size and self.drop_last:
                return
            yield batch

    def __len__(self):
        if self.drop_last:
            return len(self.sampler) // self.batch_size
        return (len(self.sampler) + self.batch_size - 1) // self.batch_size


def _check_weights(weights, count, replacement):
    """The errors of ``torch.multinomial``."""
    if not np.isfinite(weights).all() or (weights < 0).any():
        raise RuntimeError("probability tensor contains either `inf`, `nan` or element < 0")
    if weights.sum() <= 0:
        raise RuntimeError("invalid multinomial distribution (sum of probabilities <= 0)")
    if not replacement and count > len(weights):
        raise RuntimeError(
            "cannot sample n_sample > prob_dist.size(-1) samples without replacement"
        )


def _check_positive_int(name, value):
    if not isinstance(value, int) or isinstance(value, bool) or value <= 0:
        raise ValueError(f"{name} should be a positive integer value, but got {name}={value}")


def _check_bool(name, value):
    if not isinstance(value, bool):
        raise ValueError(f"{name} should be a boolean value, but got {name}={value}")
