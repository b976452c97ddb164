"""Let the contestants take turns, and reduce the times."""

import statistics
import time
from dataclasses import dataclass

SAMPLE_SECONDS = 0.002   # shorter calls are timed several at once
TURN_SECONDS = 0.15      # how long a contestant works in each round, if its calls are short
MOST_SAMPLES = 20
WARM_LIMIT = 0.2         # longer calls need no warm-up: they fill the caches by themselves
FEWEST_ROUNDS, MOST_ROUNDS = 3, 40
REST_SECONDS = 0.01      # for the last one's threads to fall asleep


@dataclass(frozen=True)
class Spread:
    """Median and quartiles of the rounds."""

    median: float
    low: float
    high: float
    values: tuple = ()

    @classmethod
    def of(cls, values):
        """Reduce some values, at least one."""
        values = tuple(values)
        median = statistics.median(values)
        if len(values) < 2:
            return cls(median, median, median, values)
        low, _, high = statistics.quantiles(values, n=4, method="inclusive")
        return cls(median, low, high, values)


@dataclass(frozen=True)
class Turn:
    """What one contestant does in a round: `samples` times `calls`, after `warm` calls."""

    calls: int
    samples: int
    warm: int

    @classmethod
    def for_call(cls, seconds):
        """Plan a turn for calls that take so long."""
        calls = max(1, int(SAMPLE_SECONDS / seconds))
        samples = int(TURN_SECONDS / (calls * seconds))
        return cls(calls, min(max(samples, 1), MOST_SAMPLES),
                   calls if calls * seconds < WARM_LIMIT else 0)

    def seconds(self, call_seconds):
        """How long a turn takes."""
        return (self.calls * self.samples + self.warm) * call_seconds


def rounds_within(budget, round_seconds):
    """How many rounds to make in `budget` seconds."""
    return min(max(int(budget / round_seconds), FEWEST_ROUNDS), MOST_ROUNDS)


def in_turn(runners, rounds):
    """Call the runners round after round, another one first each time.

    Parameters
    ----------
    runners : dict
        label -> function without arguments that returns the seconds of one round.
    rounds : int

    Returns
    -------
    dict
        label -> list of seconds, one for each round.
    """
    labels = list(runners)
    seconds = {label: [] for label in labels}
    for number in range(rounds):
        start = number % len(labels)
        for label in labels[start:] + labels[:start]:
            time.sleep(REST_SECONDS)
            seconds[label].append(runners[label]())
    return seconds


def compete(entries, budget):
    """Time prepared jobs in turn.

    Parameters
    ----------
    entries : dict
        label -> (member, key) of a job that the member has prepared.
    budget : float
        Seconds to spend, more or less.

    Returns
    -------
    dict
        label -> `Spread` of the seconds per call.
    """
    runners, round_seconds = {}, 0.0
    for label, (member, key) in entries.items():
        for calls in (1, 5, 1000):
            (call,) = member.order("time", key=key, calls=calls, samples=1, warm=0)
            if call * calls > 0.1 * SAMPLE_SECONDS:
                break
        turn = Turn.for_call(call)
        round_seconds += turn.seconds(call) + REST_SECONDS
        runners[label] = _runner(member, key, turn)
    times = in_turn(runners, rounds_within(budget, round_seconds))
    return {label: Spread.of(values) for label, values in times.items()}


def _runner(member, key, turn):
    def run():
        return statistics.median(member.order("time", key=key, calls=turn.calls,
                                              samples=turn.samples, warm=turn.warm))
    return run
