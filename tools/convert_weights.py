#!/usr/bin/env python
"""Convert model weights between file formats: ``python tools/convert_weights.py SRC DST``.

The same as ``minitorch convert``; PyTorch is not needed.
"""

import argparse
import os
import sys

try:
    from minitorch.cli import convert
except ModuleNotFoundError:
    # Run from a clone that is built in place but not installed.
    sys.path.insert(0, os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
    from minitorch.cli import convert


def main():
    parser = argparse.ArgumentParser(
        description=__doc__.splitlines()[0],
        epilog=convert.EPILOG.replace("minitorch convert", "python tools/convert_weights.py"),
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    convert.add_arguments(parser)
    args = parser.parse_args()
    try:
        return convert.run(args)
    except BrokenPipeError:
        sys.stdout = None  # its reader has gone, as in `| head`
        return 1
    except KeyboardInterrupt:
        return 130


if __name__ == "__main__":
    sys.exit(main())
