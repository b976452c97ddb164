"""Fuzz the readers of checkpoints: ``python tools/fuzz --seconds 20``.

Inputs are changed again and again, those that reach new lines of the readers are kept to be
changed further.  Each reader works in a process of its own with bounded memory, so a crash is
found too.  Faults are made small and saved under ``--save``; the exit code is 1 if there was
one.  The same ``--seed`` and ``--runs`` give the same inputs.
"""

import argparse
import hashlib
import mmap
import os
import random
import sys
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))
import corpus  # noqa: E402
import mutate  # noqa: E402
from harness import Harness  # noqa: E402

_SHARED = 1 << 20
_MINIMISING = 20  # seconds


class Shared:
    """Memory that a crashed process leaves behind: the input that it was reading."""

    def __init__(self):
        self._memory = mmap.mmap(-1, _SHARED)

    def put(self, data):
        self._memory.seek(0)
        self._memory.write(len(data).to_bytes(8, "little") + data[: _SHARED - 8])

    def get(self):
        length = int.from_bytes(self._memory[:8], "little")
        return bytes(self._memory[8 : 8 + length])


def fuzz(reader, options, shared):
    """Fuzz one reader until the time or the runs are over; return the number of faults."""
    rng = random.Random(f"{options.seed} {reader}")
    harness = Harness()
    pool = list(corpus.SEEDS[reader]())
    for data in pool:
        harness.run(reader, data)  # imports what is imported at the first use
    harness.start()
    for data in pool:
        fault, _ = harness.run(reader, data)
        if fault:
            raise SystemExit(f"{reader}: a valid file of the corpus gives {fault}")
    seen, runs, begun = {}, 0, time.monotonic()
    while runs < options.runs and time.monotonic() - begun < options.seconds:
        runs += 1
        data = mutate.mutate(rng, reader, rng.choice(pool), pool)
        shared.put(data)
        fault, new = harness.explore(reader, data, runs % 16 == 0)
        if new:
            pool.append(data)
        if fault and fault not in seen:
            seen[fault] = save(reader, minimise(harness, reader, data, fault), options.save)
            print(f"{reader}: {fault}: {seen[fault]}", flush=True)
    rate = runs / max(time.monotonic() - begun, 1e-9)
    print(f"{reader:<12} {runs:>8} inputs, {rate:>6.0f}/s, {len(harness.lines)} lines, "
          f"{len(pool)} kept, {len(seen)} faults", flush=True)
    return len(seen)


def minimise(harness, reader, data, fault, tries=400):
    """Return a shorter input with the same fault."""
    size, last = max(1, len(data) // 2), time.monotonic() + _MINIMISING
    while size and tries > 0:
        at = 0
        while at < len(data) and tries > 0 and time.monotonic() < last:
            shorter = data[:at] + data[at + size :]
            tries -= 1
            if harness.run(reader, shorter, trace=False)[0] == fault:
                data = shorter
            else:
                at += size
        size = size // 2 if time.monotonic() < last else 0
    return data


def save(reader, data, folder):
    """Keep an input; return its path."""
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / f"{reader}-{hashlib.sha256(data).hexdigest()[:12]}"
    path.write_bytes(data)
    return path


def in_process(reader, options):
    """Run :func:`fuzz` in a child; a child that dies is a fault as well."""
    shared = Shared()
    child = os.fork()
    if child == 0:
        code = 3
        try:
            code = min(fuzz(reader, options, shared), 1)
        except SystemExit as error:
            print(error, flush=True)
        except BaseException:
            import traceback

            traceback.print_exc()
        finally:
            os._exit(code)
    code = os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])
    if code < 0:
        print(f"{reader}: killed by signal {-code}: {save(reader, shared.get(), options.save)}")
    return code


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n\n")[0])
    parser.add_argument("--reader", action="append", choices=corpus.SEEDS,
                        help="only this one; may be given again (default: all)")
    parser.add_argument("--seconds", type=float, help="for all readers together")
    parser.add_argument("--minutes", type=float, help="the same, in minutes")
    parser.add_argument("--runs", type=float, default=float("inf"), help="inputs for each reader")
    parser.add_argument("--seed", type=int, help="default: another one each time")
    parser.add_argument("--save", type=Path, default=Path("build/fuzz"), metavar="FOLDER",
                        help="where faults are kept (default: %(default)s)")
    parser.add_argument("--replay", type=Path, metavar="FILE",
                        help="read one saved input with --reader, and show what happens")
    options = parser.parse_args()
    if options.replay:
        from harness import read

        return print(read(options.reader[0], options.replay.read_bytes()))
    readers = options.reader or [name for name in corpus.SEEDS if list(corpus.SEEDS[name]())]
    total = options.seconds or 60 * (options.minutes or 1)
    options.seconds = total / len(readers) if options.runs == float("inf") else total
    options.seed = random.randrange(2**32) if options.seed is None else options.seed
    print(f"seed {options.seed}", flush=True)
    return max(map(abs, [in_process(reader, options) for reader in readers]))


if __name__ == "__main__":
    sys.exit(min(main() or 0, 1))
