"""Write the list of Tensor methods that PyTorch has and minitorch lacks, for ``minitorch lint``.

    python tools/missing_methods.py        # needs torch

Names that objects of other kinds have too are left out: the linter cannot tell whose they are.
"""

import pathlib
import textwrap

import numpy
import torch

import minitorch

TARGET = pathlib.Path(__file__).parents[1] / "minitorch/compat/_tensor_methods.py"
HEAD = '''"""Methods of torch.Tensor that minitorch.Tensor lacks, by tools/missing_methods.py."""

ONLY_IN_TORCH = frozenset("""
'''
COMMON = {"imag", "index", "indices", "map_", "mode", "name", "new", "put", "real", "reinforce",
          "set_", "storage", "values"}


def main():
    elsewhere = {name for kind in (list, dict, str, set, int, float, bytes, tuple, numpy.ndarray)
                 for name in dir(kind)}
    names = [name for name in dir(torch.Tensor)
             if not name.startswith("_") and not hasattr(minitorch.Tensor, name)
             and name not in elsewhere | COMMON]
    lines = textwrap.fill(" ".join(names), 94)
    TARGET.write_text(HEAD + textwrap.indent(lines, "    ") + '\n    """.split())\n')


if __name__ == "__main__":
    main()
