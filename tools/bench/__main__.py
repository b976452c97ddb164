"""Time minitorch against PyTorch, ONNX Runtime and OpenVINO.

    python tools/bench [--quick] [--threads N] [--tables ...] [--json FILE]
"""

import pathlib
import sys

# Started as a folder, Python puts this folder on the path; its modules are imported as `bench.x`,
# so that none of them hides a library of the same name.
sys.path[0] = str(pathlib.Path(__file__).parents[1])

from bench.cli import main  # noqa: E402

if __name__ == "__main__":
    sys.exit(main())
