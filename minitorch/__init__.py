"""minitorch: a small deep-learning framework for the CPU, with PyTorch's names and semantics.

    import minitorch as torch
"""

import os as _os

from minitorch import _command, _locate

_command.guard()
_copy = _locate.redirect(__name__)
if _copy is not None:
    # run the installed package's own file in place of this one
    __file__ = _os.path.join(_copy, "__init__.py")
    with open(__file__, encoding="utf-8") as _source:
        exec(compile(_source.read(), __file__, "exec"))
else:
    # before the rest: imported from within a compiled module, numpy takes a sixth longer
    import numpy as _numpy  # noqa: F401

    from minitorch._public import *  # noqa: F403
    from minitorch._public import (  # noqa: F401
        _LAZY_MODULES,
        _LAZY_NAMES,
        _STAND_INS,
        __all__,
        __getattr__,
        __version__,
    )

    __all__ = [*__all__, *_LAZY_MODULES, *_STAND_INS, *_LAZY_NAMES, "return_types"]  # noqa: PLE0604, F405

    def __dir__():
        return sorted({*globals(), *__all__})
