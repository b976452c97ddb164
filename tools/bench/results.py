"""What a table holds, before it becomes text or JSON."""

from dataclasses import dataclass, field

from bench.measure import Spread
from bench.targets import Target


@dataclass
class Row:
    """One comparison: our spread and each rival's, in seconds or bytes."""

    work: str
    size: str
    ours: Spread | None = None
    rivals: dict[str, Spread] = field(default_factory=dict)
    target: Target | None = None
    units: int = 0       # how many images or pixels the time was for, where that is shown
    problem: str = ""    # why there are no times

    @property
    def fastest(self):
        """Label of the rival with the least median, or None."""
        return min(self.rivals, key=lambda label: self.rivals[label].median, default=None)

    @property
    def ratio(self):
        """Our median over the fastest rival's, or None."""
        if self.ours is None or not self.rivals:
            return None
        return self.ours.median / self.rivals[self.fastest].median

    @property
    def ratio_spread(self):
        """Quartiles of the rounds' own ratios, or None where rounds do not pair up."""
        if self.ratio is None:
            return None
        pairs = zip(self.ours.values, self.rivals[self.fastest].values, strict=False)
        return Spread.of([ours / theirs for ours, theirs in pairs])

    @property
    def verdict(self):
        """"met", "NOT met", "aim met", or "" where nothing was promised or compared."""
        if self.target is None or self.ratio is None:
            return ""
        return self.target.verdict(self.ratio)


@dataclass
class Table:
    """Rows under a title."""

    name: str
    title: str
    rows: list[Row]
    scale: float = 1e3      # from seconds or bytes to what is printed
    unit: str = "ms"
    per: str = ""           # what `Row.units` counts
    note: str = ""
