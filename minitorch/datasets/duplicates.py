"""Images that are the same, or look the same: found without comparing every pair.

Equal images are found by their hash.  Similar ones have perceptual hashes that differ in few of
64 bits.  Cut into four bands of 16 bits, two hashes that differ in at most 7 bits agree in some
band up to one bit, so that only images of the same band (or of a band one bit away) are compared.
What the hash lets pass is compared by thumbnail.
"""

import numpy as np

__all__ = ["DISTANCE", "Groups", "equal_groups", "near_pairs"]

DISTANCE = 7                # bits; the bands below find all pairs up to 2 * _BANDS - 1
_BANDS, _BAND = 4, 16
_CHUNK = 1 << 21            # pairs looked at together
# Thumbnails of one picture, resized and recompressed, agree better than these; two pictures of
# one scene seldom do.
_CORRELATION, _COLOUR = 0.985, 12.0
_ASPECT = 1.1
_LEAST_CONTRAST = 4.0       # grey levels; the hash of a flatter picture is its noise


class Groups:
    """Disjoint sets: which of `count` things belong together."""

    def __init__(self, count):
        self._above = list(range(count))

    def join(self, a, b):
        self._above[self.root(a)] = self.root(b)

    def root(self, item):
        above = self._above
        while above[item] != item:
            above[item] = above[above[item]]
            item = above[item]
        return item

    def sets(self):
        """The sets of more than one, as sorted lists in the order of their first member."""
        found = {}
        for item in range(len(self._above)):
            found.setdefault(self.root(item), []).append(item)
        return [members for members in found.values() if len(members) > 1]


def equal_groups(keys):
    """Lists of the indices of equal keys, where there is more than one; None equals nothing."""
    found = {}
    for index, key in enumerate(keys):
        if key is not None:
            found.setdefault(key, []).append(index)
    return [members for members in found.values() if len(members) > 1]


def near_pairs(hashes, thumbs, aspects):
    """Pairs of images that look the same.

    Parameters
    ----------
    hashes : array of uint64, shape (N,)
        See `minitorch.datasets.examine.perceptual_hash`.
    thumbs : array of uint8, shape (N, S, S, 3)
    aspects : array of float, shape (N,)
        Width over height.

    Returns
    -------
    array of int64, shape (P, 2)
        Each pair once, the smaller index first, in ascending order.
    """
    hashes = np.asarray(hashes, np.uint64)
    found = [np.empty((0, 2), np.int64)]
    if len(hashes) > 1:
        look = _Look(thumbs, aspects)
        for first, second in _candidates(hashes):
            keep = look.same(first, second)
            found.append(np.stack([first[keep], second[keep]], axis=1))
    return np.unique(np.concatenate(found), axis=0)


def _candidates(hashes):
    """Arrays (first, second), first < second: all pairs of hashes that differ in few bits."""
    bands = [(hashes >> np.uint64(_BAND * band)).astype(np.uint16) for band in range(_BANDS)]
    for band, keys in enumerate(bands):
        order = np.argsort(keys, kind="stable")
        ordered = keys[order]
        for flip in (0, *(1 << bit for bit in range(_BAND))):
            wanted = ordered ^ np.uint16(flip)
            start = np.searchsorted(ordered, wanted, "left")
            count = np.searchsorted(ordered, wanted, "right") - start
            for first, second in _spread(order, start, count):
                keep = _distance(hashes[first], hashes[second]) <= DISTANCE
                for earlier in bands[:band]:    # where the pair was met before
                    keep &= _distance(earlier[first], earlier[second]) > 1
                yield first[keep], second[keep]


def _spread(order, start, count):
    """The pairs of each image with the run of `count` images from `start`, chunk by chunk."""
    busy = np.flatnonzero(count)
    ends = np.cumsum(count[busy])
    done = 0
    while done < len(busy):
        before = ends[done - 1] if done else 0
        upto = max(done + 1, int(np.searchsorted(ends, before + _CHUNK, "right")))
        rows = busy[done:upto]
        sizes = count[rows]
        offsets = np.arange(sizes.sum()) - np.repeat(np.cumsum(sizes) - sizes, sizes)
        first = order[np.repeat(rows, sizes)]
        second = order[np.repeat(start[rows], sizes) + offsets]
        keep = first < second       # each pair is met from both of its ends
        yield first[keep], second[keep]
        done = upto


def _distance(a, b):
    """The number of bits in which two arrays of unsigned integers differ."""
    x = a ^ b
    if hasattr(np, "bitwise_count"):
        return np.bitwise_count(x)
    # The sum of neighbouring bits, of pairs, of groups of four, and all bytes (Warren, "Hacker's
    # Delight", 5-1).
    x = x.astype(np.uint64)
    one, two, four = np.uint64(1), np.uint64(2), np.uint64(4)
    x = x - ((x >> one) & np.uint64(0x5555555555555555))
    x = (x & np.uint64(0x3333333333333333)) + ((x >> two) & np.uint64(0x3333333333333333))
    x = (x + (x >> four)) & np.uint64(0x0F0F0F0F0F0F0F0F)
    return (x * np.uint64(0x0101010101010101)) >> np.uint64(56)


class _Look:
    """Compares thumbnails: the pattern of light whatever its contrast, and the mean colour."""

    def __init__(self, thumbs, aspects):
        thumbs = np.asarray(thumbs)
        colour = thumbs.reshape(len(thumbs), -1, 3).astype(np.float32)
        grey = colour @ np.array([0.299, 0.587, 0.114], np.float32)
        grey -= grey.mean(axis=1, keepdims=True)
        contrast = np.sqrt((grey * grey).mean(axis=1))
        self.is_flat = contrast < _LEAST_CONTRAST
        norm = np.maximum(contrast * np.sqrt(grey.shape[1]), 1e-6)
        self.pattern = grey / norm[:, None]
        # In these 16 dimensions a distance is at most what it is in all.
        blocks = self.pattern.reshape(-1, 4, thumbs.shape[1] // 4, 4, thumbs.shape[2] // 4)
        self.coarse = blocks.sum(axis=(2, 4)).reshape(len(thumbs), 16)
        self.coarse /= np.sqrt(self.pattern.shape[1] / 16)
        self.colour = colour.mean(axis=1)
        self.aspect = np.log(np.asarray(aspects, np.float64))

    def same(self, first, second):
        """For each pair whether it looks the same."""
        keep = ~(self.is_flat[first] | self.is_flat[second])
        keep &= np.abs(self.aspect[first] - self.aspect[second]) <= np.log(_ASPECT)
        keep &= np.abs(self.colour[first] - self.colour[second]).max(axis=1) <= _COLOUR
        left = np.flatnonzero(keep)
        apart = self.coarse[first[left]] - self.coarse[second[left]]
        possible = np.einsum("ij,ij->i", apart, apart) <= 2 - 2 * _CORRELATION + 1e-4
        keep[left] = possible
        left = left[possible]
        agreement = np.einsum("ij,ij->i", self.pattern[first[left]], self.pattern[second[left]])
        keep[left] = agreement >= _CORRELATION
        return keep
