"""The contestants' processes, seen from the one that measures."""

import json
import os
import pathlib
import subprocess
import sys

TOOLS = pathlib.Path(__file__).parents[1]
TOLERANCE = 1e-3


class ContestantError(RuntimeError):
    """A contestant failed or computed something else than the others."""


def environment(threads):
    """Variables for a contestant's process."""
    path = os.pathsep.join(filter(None, [str(TOOLS), os.environ.get("PYTHONPATH")]))
    count = str(threads)
    return {**os.environ, "PYTHONPATH": path, "OMP_NUM_THREADS": count,
            "MKL_NUM_THREADS": count, "MINITORCH_NUM_THREADS": count}


def run_module(module, *arguments, threads=1):
    """Run one of bench's modules in a fresh process; return the JSON it prints."""
    command = [sys.executable, "-m", f"bench.{module}", *map(str, arguments)]
    done = subprocess.run(command, env=environment(threads), capture_output=True, text=True)
    if done.returncode:
        raise ContestantError(f"{' '.join(command)} failed:\n{done.stderr}")
    return json.loads(done.stdout)


class Member:
    """A contestant that waits in its process for orders."""

    def __init__(self, name, threads, weights):
        self.name = name
        self.process = subprocess.Popen(
            [sys.executable, "-m", "bench.worker", name, str(threads), str(weights)],
            env=environment(threads), stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)

    def order(self, do, **fields):
        """Give an order and wait for its result."""
        try:
            self.process.stdin.write(json.dumps({"do": do, **fields}) + "\n")
            self.process.stdin.flush()
            line = self.process.stdout.readline()
        except BrokenPipeError:
            line = ""
        if not line:
            raise ContestantError(f"{self.name}: its process ended with {self.process.wait()}")
        answer = json.loads(line)
        if "error" in answer:
            raise ContestantError(f"{self.name} failed at {do!r}:\n{answer['error']}")
        return answer["result"]

    def close(self):
        """Let the process end."""
        self.process.stdin.close()
        self.process.stdout.close()
        self.process.wait()


class Team:
    """All contestants at one thread count, started at first use, closed together."""

    def __init__(self, names, threads, weights):
        self.names = names
        self.threads = threads
        self.weights = weights
        self.members = {}

    def member(self, name):
        """The process of a contestant."""
        if name not in self.members:
            member = self.members[name] = Member(name, self.threads, self.weights)
            threads = member.order("info")["threads"]
            if threads != self.threads:
                raise ContestantError(
                    f"{name} works with {threads} threads where {self.threads} were wanted")
        return self.members[name]

    def __enter__(self):
        return self

    def __exit__(self, *exc_info):
        for member in self.members.values():
            member.close()


def check_agreement(numbers):
    """Raise unless all contestants computed the same: label -> list of numbers."""
    (first, wanted), *others = numbers.items()
    scale = max(map(abs, wanted), default=0.0)
    for label, found in others:
        error = max((abs(a - b) for a, b in zip(wanted, found, strict=True)), default=0.0)
        if not error <= TOLERANCE * scale:
            raise ContestantError(
                f"{label} and {first} do not compute the same: they differ by {error:.3g} "
                f"where the largest number is {scale:.3g}")
