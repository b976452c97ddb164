#!/usr/bin/env python
"""Run the tests on a build that checks itself.

``python tools/checked_build.py KIND [PYTEST ARGUMENTS]`` with one of these kinds:

``address``    AddressSanitizer and UBSan in every compiled module: reads and writes outside of
               memory (numpy's too), use after free, undefined arithmetic
``checked``    Cython's checks of bounds and of None, CPython's asserts, patterned stack memory
``thread``     ThreadSanitizer: data races of the pool

The build lives in a copy of the source under ``build/checked/KIND`` (or ``--folder``), made anew
where a file has changed, so the tree itself is left as it is.  Without pytest arguments the
selection below runs; ``--all-isas`` repeats it for every instruction set of this processor.
Only GCC and Linux.
"""

import argparse
import os
import shutil
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
COPIED = ("minitorch", "tests", "tools", "setup.py", "pyproject.toml", "README.md")
BUILDS = {
    "address": {"MINITORCH_SANITIZE": "address,undefined"},
    "checked": {"MINITORCH_CHECKED": "1"},
    "thread": {"MINITORCH_SANITIZE": "thread"},
}
# What touches memory; the command line and the training loop above it do not.
SELECTION = {
    "address": ["tests/kernels", "tests/core", "tests/ops", "tests/autograd", "tests/nn",
                "tests/serialization", "tests/optim"],
    "checked": ["tests/kernels", "tests/core", "tests/ops", "tests/autograd", "tests/nn",
                "tests/serialization", "tests/optim", "tests/data", "tests/profiler"],
    "thread": ["tests/kernels/test_parallel.py", "tests/autograd/test_threads.py"],
}
# No leaks: the interpreter itself keeps memory to its end.  Huge requests fail as they would
# without the sanitizer, for the tests of exactly that.
OPTIONS = {
    "ASAN_OPTIONS": "detect_leaks=0:halt_on_error=1:allocator_may_return_null=1:"
                    "detect_stack_use_after_return=0",
    "UBSAN_OPTIONS": "print_stacktrace=1:halt_on_error=1",
    "TSAN_OPTIONS": "halt_on_error=0:exitcode=66:report_signal_unsafe=0:die_after_fork=0",
}


def left(folder, names):
    """Name what is made from the source: the copy makes its own."""
    made = {name for name in names if name.endswith((".so", ".o", ".c")) and
            (name[-1] != "c" or name[:-1] + "pyx" in names)}
    return made | {"__pycache__", "build"}


def copy_tree(source, target):
    """Copy what has changed, so that a second build compiles only that."""
    def copy(a, b):
        a, b = Path(a), Path(b)
        if not b.exists() or a.stat().st_mtime > b.stat().st_mtime:
            shutil.copy2(a, b)
        return str(b)

    if source.is_dir():
        shutil.copytree(source, target, copy_function=copy, ignore=left, dirs_exist_ok=True)
    elif source.exists():
        copy(source, target)


def build(kind, folder):
    """Bring the copy up to date and compile it in place."""
    folder.mkdir(parents=True, exist_ok=True)
    for name in COPIED:
        copy_tree(ROOT / name, folder / name)
    subprocess.run([sys.executable, "setup.py", "-q", "build_ext", "--inplace"], cwd=folder,
                   env={**os.environ, **BUILDS[kind]}, check=True)


def environment(kind, folder):
    """Return the variables under which such a build runs."""
    made = {**os.environ, **OPTIONS, "PYTHONPATH": str(folder)}
    if kind == "address":
        # Python itself is not instrumented: the library must come first, and Python's own pools
        # of small objects must not hide what lies beside an object.
        made["LD_PRELOAD"] = gcc_library("libasan.so") + " " + gcc_library("libubsan.so")
        made["PYTHONMALLOC"] = "malloc"
    elif kind == "thread":
        made["LD_PRELOAD"] = gcc_library("libtsan.so")
    return made


def gcc_library(name):
    return subprocess.run(["gcc", "-print-file-name=" + name], check=True, capture_output=True,
                          text=True).stdout.strip()


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n\n")[0])
    parser.add_argument("kind", choices=BUILDS)
    parser.add_argument("--folder", type=Path, help="where the build lives")
    parser.add_argument("--all-isas", action="store_true",
                        help="once for every instruction set of this processor")
    parser.add_argument("--build-only", action="store_true", help="compile, run nothing")
    options, arguments = parser.parse_known_args()
    folder = (options.folder or ROOT / "build" / "checked" / options.kind).resolve()
    build(options.kind, folder)
    if options.build_only:
        return 0
    env = environment(options.kind, folder)
    isas = [os.environ.get("MINITORCH_ISA")]
    if options.all_isas:
        ask = "import minitorch; print(*minitorch.backends.available_isas())"
        isas = subprocess.run([sys.executable, "-c", ask], cwd=folder, env=env, check=True,
                              capture_output=True, text=True).stdout.split()
    for isa in isas:
        env.update({"MINITORCH_ISA": isa} if isa else {})
        print(f"-- {options.kind}, {isa or 'the best instruction set'}", flush=True)
        run = subprocess.run([sys.executable, "-m", "pytest", "-p", "no:cacheprovider",
                              *(arguments or SELECTION[options.kind])], cwd=folder, env=env)
        if run.returncode:
            return run.returncode
    return 0


if __name__ == "__main__":
    sys.exit(main())
