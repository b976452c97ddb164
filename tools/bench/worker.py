"""One contestant in a process of its own: reads orders, answers each with a line of JSON.

    python -m bench.worker NAME THREADS WEIGHTS

Thread pools of several libraries in one process disturb each other, and an idle process costs
nothing: so each library has a process and works only while it is its turn.
"""

import json
import os
import sys
import timeit
import traceback

from bench.contestants import Job, load


class Worker:
    """Carries out the orders; each method is one, its arguments the order's fields."""

    def __init__(self, name, threads, weights):
        self.contestant = load(name)(threads, weights)
        self.timers = {}

    def info(self):
        """The thread count."""
        return self.contestant.info()

    def prepare(self, key, job):
        """Make a job ready under a key; answer the numbers to compare."""
        prepared = self.contestant.prepare(Job(*job))
        self.timers[key] = timeit.Timer(prepared.statement, globals=prepared.names)
        return prepared.numbers

    def time(self, key, calls, samples, warm):
        """Seconds per call, `samples` times, after `warm` calls that do not count."""
        timer = self.timers[key]
        timer.timeit(warm)
        return [timer.timeit(calls) / calls for _ in range(samples)]

    def drop(self, key):
        """Forget a job and its memory."""
        del self.timers[key]


def serve(worker, orders, answers):
    """Answer orders until there are no more."""
    for line in orders:
        order = json.loads(line)
        try:
            answer = {"result": getattr(worker, order.pop("do"))(**order)}
        except Exception:
            answer = {"error": traceback.format_exc()}
        answers.write(json.dumps(answer) + "\n")
        answers.flush()


def main():
    # What a library prints must not come between the answers.
    answers = os.fdopen(os.dup(1), "w", encoding="utf-8")
    os.dup2(2, 1)
    name, threads, weights = sys.argv[1:]
    serve(Worker(name, int(threads), weights), sys.stdin, answers)


if __name__ == "__main__":
    main()
