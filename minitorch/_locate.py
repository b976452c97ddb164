"""Lets a source folder without compiled modules step aside for the installed package.

Python puts the current folder first on its path, so in a clone `import minitorch` finds the
sources, which hold no compiled modules after ``pip install .``.  Then the package's path is
turned to the installed copy; without one, the error says what to do.
"""

import importlib.machinery
import os
import sys

_SUFFIXES = tuple(importlib.machinery.EXTENSION_SUFFIXES)


def _is_compiled(folder):
    core = os.path.join(folder, "_core")
    return os.path.isdir(core) and any(
        name.startswith("engine.") and name.endswith(_SUFFIXES) for name in os.listdir(core))


def _installed(source):
    for entry in sys.path:
        folder = os.path.join(entry or os.getcwd(), "minitorch")
        if os.path.realpath(folder) != os.path.realpath(source) and _is_compiled(folder):
            return folder
    return None


def redirect(package):
    """Point `package` at its compiled copy, if the one imported holds only sources.

    Returns
    -------
    str or None
        The folder of the copy; None when nothing was to be done.

    Raises
    ------
    ImportError
        If no compiled copy is installed.
    """
    path = sys.modules[package].__path__
    source = os.path.abspath(path[0])
    if _is_compiled(source):
        return None
    found = _installed(source)
    if found is None:
        raise ImportError(
            f"the minitorch in {source} holds sources only, without compiled modules, and no "
            "minitorch is installed in this Python; run 'pip install .' in its folder (or "
            "'pip install -e . --no-build-isolation' to work on it)")
    path[:] = [found]
    return found
