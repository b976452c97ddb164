"""Whether the import statement that runs now stands in a ``try`` that expects it to fail."""

import ast
import linecache
import sys

_EXPECTED = {"ImportError", "ModuleNotFoundError", "Exception", "BaseException"}


def import_is_guarded():
    """True if the program's own import statement stands within ``try: ... except ImportError``."""
    frame = sys._getframe(1)
    while frame is not None and (
            "importlib" in frame.f_code.co_filename or frame.f_globals.get("__name__", "")
            .startswith("minitorch.compat.")):
        frame = frame.f_back
    if frame is None:
        return False
    lines = linecache.getlines(frame.f_code.co_filename, frame.f_globals)
    try:
        tree = ast.parse("".join(lines))
    except (SyntaxError, ValueError):
        return False
    return in_guard(tree, frame.f_lineno)


def in_guard(tree, line):
    """True if `line` lies in the body of a ``try`` whose handlers catch a failed import."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Try) and any(map(_catches, node.handlers)):
            if node.body[0].lineno <= line <= node.body[-1].end_lineno:
                return True
        elif isinstance(node, ast.With) and any(map(_suppresses, node.items)):
            if node.lineno <= line <= node.end_lineno:
                return True
    return False


def _catches(handler):
    if handler.type is None:
        return True
    caught = handler.type.elts if isinstance(handler.type, ast.Tuple) else [handler.type]
    return any(_last_name(kind) in _EXPECTED for kind in caught)


def _suppresses(item):
    """``with contextlib.suppress(ImportError)``."""
    call = item.context_expr
    return (isinstance(call, ast.Call) and _last_name(call.func) == "suppress"
            and any(_last_name(kind) in _EXPECTED for kind in call.args))


def _last_name(node):
    return node.attr if isinstance(node, ast.Attribute) else getattr(node, "id", None)
