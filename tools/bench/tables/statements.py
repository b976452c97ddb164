"""Statements on a few numbers."""

from bench.contestants import Job
from bench.results import Row, Table
from bench.targets import STATEMENTS


def small(plan):
    """What an operation, a backward and a step cost when there is nothing to compute."""
    rows = []
    for name, target in STATEMENTS.items():
        job = Job("statement", name=name)
        rows.append(plan.race(Row(name, "", target=target), job, {"torch": ("torch", job)}))
    return Table("small", "Small operations", rows, scale=1e6, unit="us")
