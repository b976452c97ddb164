"""Build of the compiled floors of minitorch.

Every ``minitorch/**/*.pyx`` is one extension module.  The numerical kernels that gain
from wide vector registers are plain C in ``minitorch/_kernels/isa``: one file per
instruction set, each compiled with its own flags, all linked into
``minitorch._kernels.dispatch``, which picks one table of functions at run time.  So a
wheel runs on any machine of its architecture.

Environment (for developers):

``MINITORCH_EXT=a.b,a.c``  build only these modules
``MINITORCH_DEBUG=1``      no optimisation, debug symbols
``MINITORCH_SYMBOLS=1``    optimised, with symbols: for profilers
``MINITORCH_SANITIZE=1``   AddressSanitizer and UBSan; or a list for the compiler's -fsanitize
``MINITORCH_CHECKED=1``    every check of Cython and of CPython's headers, patterned stack memory
``MINITORCH_ANNOTATE=1``   write Cython's annotated HTML beside each source
"""

import os
import platform
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from setuptools import Extension, setup
from setuptools.command.build_ext import build_ext

ROOT = Path(__file__).parent
ISA_DIR = "minitorch/_kernels/isa"
# No -ffast-math: NaN, infinities and signed zeros are part of the contract.
COMMON_FLAGS = ["-std=c11", "-fno-math-errno", "-fno-trapping-math", "-Wno-unused-function",
                "-Wno-unused-but-set-variable", "-Wno-unreachable-code"]
ISA_FLAGS = {
    "isa_portable.c": [],
    "isa_avx2.c": ["-mavx2", "-mfma", "-mf16c"],
    "isa_avx512.c": ["-mavx512f", "-mavx512vl", "-mavx512dq", "-mavx512bw", "-mavx2", "-mfma",
                     "-mf16c", "-mprefer-vector-width=512"],
}
# C sources that belong to a Cython module besides its own.
EXTRA_SOURCES = {"minitorch._kernels.parallel": ["minitorch/_kernels/pool.c"]}
# Families of operations short enough for the way to their kernel to count, by their flag; the
# others, and the tests' doors to the kernels, are built for size.
OPS_FLAGS = {
    "-O3": ("_base", "binary", "operators", "scalars"),
    "-O2": ("activation", "arithmetic", "conv", "expand", "history", "norm", "power", "reduce",
            "sgd", "strided", "unary", "view", "writing"),
}
OPS_FLAG = {"minitorch._ops." + family: flag for flag, families in OPS_FLAGS.items()
            for family in families}
FAST_CORE = {"minitorch._core." + module for module in ("engine", "leaves", "record", "tensor")}
# What Cython would put into each of the modules anew: its function type and the like.  It is C
# that Cython writes, and a seventh of the wheel.
SHARED = "minitorch._cython"

DEBUG = bool(os.environ.get("MINITORCH_DEBUG"))
SYMBOLS = bool(os.environ.get("MINITORCH_SYMBOLS"))
SANITIZE = os.environ.get("MINITORCH_SANITIZE", "").replace("1", "address,undefined")
CHECKED = bool(os.environ.get("MINITORCH_CHECKED"))
# Asserts of Python.h, no unchecked access to tuples and lists, a pattern in what is not
# initialised, and glibc's checked string functions.
CHECKED_FLAGS = ["-O1", "-g", "-UNDEBUG", "-DCYTHON_ASSUME_SAFE_MACROS=0",
                 "-DCYTHON_ASSUME_SAFE_SIZE=0", "-ftrivial-auto-var-init=pattern",
                 "-D_FORTIFY_SOURCE=2"]


def is_x86():
    return platform.machine().lower() in ("x86_64", "amd64", "i686")


def optimisation_flags(name):
    """Kernels and the core for speed; what only leads from Python to them, for size."""
    if SANITIZE:
        return ["-O1", "-g", "-fno-omit-frame-pointer", f"-fsanitize={SANITIZE}",
                "-fno-sanitize-recover=all"]
    if CHECKED:
        return CHECKED_FLAGS
    if DEBUG:
        return ["-Og", "-g"]
    flag = OPS_FLAG.get(name, "-Os")
    if name.startswith(("minitorch._kernels.", "minitorch._core.")) and "_testing" not in name:
        flag = "-O3" if name in FAST_CORE or "_kernels" in name else "-O2"
    # no exception passes through C: the tables to unwind it are a fourteenth of the size
    unwind = [] if SYMBOLS else ["-fno-asynchronous-unwind-tables", "-fno-unwind-tables"]
    return [flag, "-g0", *unwind]


def link_flags():
    flags = [f"-fsanitize={SANITIZE}"] if SANITIZE else []
    if not (DEBUG or SYMBOLS or SANITIZE or CHECKED) and sys.platform.startswith("linux"):
        flags.append("-Wl,-s")
    return flags


def c_depends(name):
    """Hand-written C whose change must rebuild a module: types for all, bodies for dispatch."""
    if name == "minitorch._core.storage":
        return ["minitorch/_kernels/memory.h"]
    if not name.startswith("minitorch._kernels."):
        return []
    found = [*(ROOT / "minitorch/_kernels").glob("*.h"), *(ROOT / ISA_DIR).glob("*.[ch]")]
    return [path.relative_to(ROOT).as_posix() for path in found
            if ".inc." not in path.name or name == "minitorch._kernels.dispatch"]


def extensions():
    wanted = [name for name in os.environ.get("MINITORCH_EXT", "").split(",") if name]
    found = []
    for source in sorted((ROOT / "minitorch").rglob("*.pyx")):
        relative = source.relative_to(ROOT)
        name = ".".join(relative.with_suffix("").parts)
        if wanted and name not in wanted:
            continue
        found.append(Extension(
            name, [relative.as_posix(), *EXTRA_SOURCES.get(name, [])],
            depends=c_depends(name),
            include_dirs=["minitorch/_kernels", ISA_DIR],
            extra_compile_args=COMMON_FLAGS + optimisation_flags(name),
            extra_link_args=link_flags()))
    if not wanted or SHARED in wanted:
        found.append(Extension(
            SHARED, [SHARED.replace(".", "/") + ".c"],
            extra_compile_args=COMMON_FLAGS + optimisation_flags(SHARED),
            extra_link_args=link_flags()))
    return found


def cythonized():
    from Cython.Build import cythonize
    return cythonize(
        extensions(),
        annotate=bool(os.environ.get("MINITORCH_ANNOTATE")),
        include_path=["."],
        shared_utility_qualified_name=SHARED,
        nthreads=os.cpu_count() or 1,
        compiler_directives={
            "language_level": 3,
            "boundscheck": True,   # of lists and tuples; kernels use pointers
            "wraparound": True,
            "cdivision": True,
            "initializedcheck": CHECKED,
            "nonecheck": CHECKED,
            "binding": True,
            "embedsignature": False,
            "freethreading_compatible": False,
        })


COMPILER_HELP = """
minitorch could not be compiled: {error}

A C compiler and the headers of this Python are needed:
  Debian, Ubuntu   apt install gcc python3-dev
  Fedora           dnf install gcc python3-devel
  macOS            xcode-select --install
Set CC to use another compiler (CC=clang pip install .).
"""


class BuildExt(build_ext):
    """build_ext that compiles each file of ``_kernels/isa`` with its own flags."""

    def build_extensions(self):
        from setuptools.errors import CompileError, ExecError, LinkError, PlatformError
        self.parallel = self.parallel or os.cpu_count()
        try:
            for ext in self.extensions:
                if ext.name == "minitorch._kernels.dispatch":
                    ext.extra_objects = self.isa_objects(ext)
            super().build_extensions()
        except (CompileError, ExecError, LinkError, PlatformError, FileNotFoundError) as error:
            raise SystemExit(COMPILER_HELP.format(error=error)) from error

    def isa_objects(self, ext):
        names = list(ISA_FLAGS) if is_x86() else ["isa_portable.c"]
        newest = max(p.stat().st_mtime for p in (ROOT / ISA_DIR).iterdir())

        def compile_one(name):
            flags = ext.extra_compile_args + ISA_FLAGS[name]
            source = f"{ISA_DIR}/{name}"
            made = Path(self.compiler.object_filenames([source], output_dir=self.build_temp)[0])
            if made.exists() and made.stat().st_mtime > newest and not self.force:
                return [str(made)]
            return self.compiler.compile([source], output_dir=self.build_temp,
                                         include_dirs=ext.include_dirs, extra_postargs=flags)

        with ThreadPoolExecutor(2) as pool:
            return [obj for objects in pool.map(compile_one, names) for obj in objects]


if __name__ == "__main__":  # Cython's worker processes import this file
    setup(ext_modules=cythonized(), cmdclass={"build_ext": BuildExt})
