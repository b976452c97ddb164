"""What to run and how long: the choices of the command line, and the processes they need."""

import contextlib
import sys
from dataclasses import dataclass, field

from bench.contestants import Job
from bench.measure import compete
from bench.results import Row
from bench.targets import SIZES
from bench.team import ContestantError, Team, check_agreement


@dataclass
class Plan:
    """The choices; `names` are the contestants, minitorch first."""

    names: list[str]
    weights: str
    threads: int = 2
    quick: bool = False
    works: tuple[str, ...] = ("inference", "folded", "training", "head")
    sizes: tuple[tuple[int, int], ...] = SIZES
    stack: contextlib.ExitStack = field(default_factory=contextlib.ExitStack)
    teams: dict[int, Team] = field(default_factory=dict)

    @property
    def budget(self):
        """Seconds for one row."""
        return 1.0 if self.quick else 20.0

    def say(self, text):
        """Tell how far we are, beside the results."""
        print(text, file=sys.stderr, flush=True)

    def team(self, threads):
        """The contestants' processes at a thread count; they end with the plan's stack."""
        if threads not in self.teams:
            self.teams[threads] = self.stack.enter_context(
                Team(self.names, threads, self.weights))
        return self.teams[threads]

    def race(self, row, ours, rivals, threads=None):
        """Prepare the jobs, check that they compute the same, time them into `row`.

        Parameters
        ----------
        row : Row
        ours : Job
        rivals : dict
            label -> (contestant, Job); those not installed are left out.
        threads : int, optional
            Default: the plan's.
        """
        self.say(f"{row.work} {row.size}")
        jobs = {"minitorch": ("minitorch", ours),
                **{label: entry for label, entry in rivals.items() if entry[0] in self.names}}
        team = self.team(threads or self.threads)
        entries, numbers = {}, {}
        try:
            for label, (name, job) in jobs.items():
                member = team.member(name)
                numbers[label] = member.order("prepare", key=label, job=job)
                entries[label] = (member, label)
            check_agreement(numbers)
            found = compete(entries, self.budget)
            row.ours = found.pop("minitorch")
            row.rivals = found
        except ContestantError as error:
            self.say(str(error))
            row.problem = str(error).strip().splitlines()[-1]
        finally:
            for member, key in entries.values():
                with contextlib.suppress(ContestantError):  # its process may have ended
                    member.order("drop", key=key)
        return row


def size_text(images, pixels):
    """``16x3x224x224``."""
    return f"{images}x3x{pixels}x{pixels}"


def torch_layouts(work, images, pixels):
    """PyTorch in both layouts, for `Plan.race`."""
    return {f"torch {layout}": ("torch", Job(work, images, pixels, layout))
            for layout in ("contiguous", "channels_last")}


def empty_row(work, images, pixels, target=None, units=0):
    """A row before its race."""
    return Row(work, size_text(images, pixels), target=target, units=units)
