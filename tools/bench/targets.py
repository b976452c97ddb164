"""How fast minitorch has to be: ratios of its time to the fastest rival's."""

from typing import NamedTuple


class Target(NamedTuple):
    """Limits of a ratio: `must` is the promise, `aim` (None: the same) the wish."""

    must: float
    aim: float | None = None

    def verdict(self, ratio):
        """Say whether a ratio keeps the limits."""
        if ratio > self.must:
            return "NOT met"
        return "met" if self.aim is None or ratio > self.aim else "aim met"


SIZES = ((1, 64), (32, 64), (16, 224))  # (images, pixels of a side)

RESNET = {
    "inference": (Target(0.45, 0.30), Target(0.65, 0.50), Target(0.65, 0.48)),
    "folded": (Target(0.85, 0.60), Target(0.85, 0.65), Target(0.70, 0.55)),
    "training": (Target(0.60, 0.40), Target(0.75, 0.60), Target(0.75, 0.58)),
    "head": (Target(0.50, 0.35), Target(0.65, 0.50), Target(0.65, 0.48)),
}
CONTIGUOUS = Target(0.80)
PEAK_MEMORY = Target(1.0)
STATEMENTS = {
    "a + b": Target(0.25),
    "a + b, with grad": Target(0.25),
    "tutorial's Q, forward + backward": Target(0.12),
    "MLP 10-32-1, training step": Target(0.25),
}
IMPORT = Target(0.12)
FIRST_CALL = Target(3.0)
