"""Seconds of the first calls of a model in this fresh process, import and loading apart.

    python -m bench.first_call THREADS WEIGHTS IMAGES PIXELS
"""

import json
import sys
import time

from bench.contestants import Job, frameworks
from bench.contestants.ours import Contestant, minitorch

CALLS = 10


def main():
    threads, weights, images, pixels = sys.argv[1:]
    model = Contestant(int(threads), weights).model("channels_last").eval()
    x = frameworks.input_of(minitorch, Job("inference", int(images), int(pixels)))
    seconds = []
    with minitorch.no_grad():
        for _ in range(CALLS):
            start = time.perf_counter()
            model(x)
            seconds.append(time.perf_counter() - start)
    print(json.dumps(seconds))


if __name__ == "__main__":
    main()
