#!/usr/bin/env python
"""Convert model weights between file formats: ``python tools/convert_weights.py SRC DST``.

The same as ``minitorch convert``; PyTorch is not needed.
"""

import os
import sys

try:
    from minitorch.cli import main
except ModuleNotFoundError:
    # Run from a clone that is built in place but not installed.
    sys.path.insert(0, os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
    from minitorch.cli import main

if __name__ == "__main__":
    sys.exit(main(["convert", *sys.argv[1:]]))
