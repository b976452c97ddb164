"""Prove that imports and cimports flow downwards only.

    python tools/check_layers.py

Each module of minitorch stands on a floor, told by its path. A module may import from its
own package, from floors below, and from the siblings on its own floor that SIDEWAYS lists.
Reads the import lines of .py, .pyx and .pxd files, those inside functions too.
"""

import pathlib
import re
import sys

ROOT = pathlib.Path(__file__).parents[1] / "minitorch"

# Longest prefix wins.
FLOORS = {
    "_kernels": 0,
    "_core": 1,
    "_ops": 2,
    "_hooks": 0,
    "_command": 0,
    "_tensor_str": 3,
    "tensor": 3,
    "autograd": 3,
    "random": 3,
    "testing": 3,
    "backends": 3,
    "linalg": 3,
    "special": 3,
    "_legacy": 3,
    "nn": 4,
    "func": 4,
    "optim": 4,
    "serialization": 4,
    "utils": 4,
    "models": 5,
    "transforms": 5,
    "datasets": 5,
    "profiler": 5,
    "distributions": 5,
    "training": 6,
    "compat": 6,
    "cli": 7,
    # the package's own face and its start-up
    "_public": 8,
    "_locate": 0,
    "__init__": 9,
    "__main__": 9,
}

# Allowed arrows on one floor, with the reason.
SIDEWAYS = {
    ("tensor", "_tensor_str"): "repr of a tensor",
    ("_legacy", "tensor"): "FloatTensor makes a Tensor",
    ("tensor", "autograd"): "Tensor.backward is autograd.backward",
    ("autograd", "tensor"): "gradcheck and graph speak of tensors",
    ("autograd", "testing"): "gradcheck compares",
    ("autograd", "random"): "gradcheck draws directions",
    ("testing", "random"): "make_tensor draws",
    ("testing", "tensor"): "assert_close compares tensors",
    ("func", "nn"): "functional_call calls a module",
    ("optim", "nn"): "an averaged model is a module",
    ("utils", "nn"): "checkpoint_sequential takes a Sequential",
    ("serialization", "nn"): "a checkpoint holds Parameters",
    ("models", "transforms"): "weights know their preprocessing",
    ("datasets", "transforms"): "images become tensors",
}

IMPORT = re.compile(
    r"^\s*(?:from\s+(minitorch[\w.]*)\s+c?import\s+(.+)|c?import\s+(minitorch[\w.]*))")


def floor_of(module):
    """The top package of a dotted name below minitorch, and its floor."""
    top = module.split(".")[0]
    return top, FLOORS.get(top)


def imported(line):
    """The modules below minitorch that an import line names."""
    match = IMPORT.match(line)
    if not match:
        return []
    source = match.group(1) or match.group(3)
    below = source.removeprefix("minitorch").lstrip(".")
    if below:
        return [below]
    names = re.split(r"[\s,()]+", (match.group(2) or "").split("#")[0])
    return [name for name in names if name in FLOORS]


def check(path):
    """Complaints about one file."""
    relative = path.relative_to(ROOT).with_suffix("")
    here, floor = floor_of(".".join(relative.parts))
    if floor is None:
        yield f"{path}: no floor is known for {here!r}; add it to FLOORS"
        return
    for number, line in enumerate(path.read_text(encoding="utf-8").splitlines(), 1):
        for module in imported(line):
            there, other = floor_of(module)
            if other is None:
                yield f"{path}:{number}: no floor is known for {there!r}; add it to FLOORS"
            elif other > floor:
                yield f"{path}:{number}: floor {floor} ({here}) imports floor {other} ({there})"
            elif other == floor and there != here and (here, there) not in SIDEWAYS:
                yield f"{path}:{number}: {here} imports its sibling {there}; see SIDEWAYS"


def main():
    files = [p for suffix in ("py", "pyx", "pxd") for p in sorted(ROOT.rglob(f"*.{suffix}"))]
    complaints = [complaint for path in files for complaint in check(path)]
    print("\n".join(complaints) or f"layers: {len(files)} files, all arrows point down")
    return bool(complaints)


if __name__ == "__main__":
    sys.exit(main())
