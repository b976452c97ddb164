"""Peak memory of a contestant's training step, in this fresh process.

    python -m bench.peak NAME THREADS WEIGHTS IMAGES PIXELS LAYOUT
"""

import json
import pathlib
import resource
import sys

from bench.contestants import Job, load

STEPS = 3


def peak_bytes():
    """The most memory that this process has held."""
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return peak if sys.platform == "darwin" else peak * 1024


def held_bytes():
    """What it holds now; the peak where the system does not tell."""
    try:
        status = pathlib.Path("/proc/self/status").read_text(encoding="utf-8")
    except OSError:
        return peak_bytes()
    line = next(line for line in status.splitlines() if line.startswith("VmRSS:"))
    return int(line.split()[1]) * 1024


def main():
    name, threads, weights, images, pixels, layout = sys.argv[1:]
    contestant = load(name)(int(threads), weights)
    imported = held_bytes()
    job = Job("training", int(images), int(pixels), layout)
    step = contestant.prepare(job).statement
    for _ in range(STEPS):
        step()
    print(json.dumps({"imported": imported, "peak": peak_bytes()}))


if __name__ == "__main__":
    main()
