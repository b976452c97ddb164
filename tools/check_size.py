"""Check the weight of minitorch: the wheel's size and the time that its import takes.

    python tools/check_size.py dist/minitorch_cpu-*.whl
"""

import pathlib
import subprocess
import sys
import tempfile

WHEEL_LIMIT_MB = 5.0
IMPORT_LIMIT = 1.5  # times the import of numpy alone


def import_seconds(*modules, runs=30):
    """Wall times of importing each: the least of several turns, since noise only adds."""
    code = "import time; t = time.perf_counter(); import {}; print(time.perf_counter() - t)"
    times = [[float(subprocess.run([sys.executable, "-c", code.format(module)], check=True,
                                   capture_output=True, text=True, cwd=tempfile.gettempdir(),
                                   ).stdout) for module in modules] for _ in range(runs)]
    return [min(each) for each in zip(*times, strict=True)]


def main():
    megabytes = pathlib.Path(sys.argv[1]).stat().st_size / 1e6
    ours, numpys = import_seconds("minitorch", "numpy")
    ratio = ours / numpys
    print(f"wheel {megabytes:.1f} MB (limit {WHEEL_LIMIT_MB}), "
          f"import {ratio:.2f} x numpy's (limit {IMPORT_LIMIT})")
    return megabytes > WHEEL_LIMIT_MB or ratio > IMPORT_LIMIT


if __name__ == "__main__":
    sys.exit(main())
