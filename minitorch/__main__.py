"""``python -m minitorch``: the command line."""

import sys

from minitorch.cli import main

if __name__ == "__main__":
    sys.exit(main())
