"""``torch.compiler``: nothing is compiled, everything runs as it is written."""

__all__ = ["disable", "is_compiling", "is_dynamo_compiling", "is_exporting"]


def is_compiling():
    """False."""
    return False


is_dynamo_compiling = is_exporting = is_compiling


def disable(fn=None, recursive=True, *, reason=None):
    """`fn` itself: it is not compiled anyway."""
    return fn if fn is not None else lambda function: function
