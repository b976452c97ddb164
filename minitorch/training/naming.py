"""Names in messages: the nearest to a mistyped one, and lists of them."""

import difflib

__all__ = ["did_you_mean", "listed", "nearest"]


def nearest(name, names):
    """The entry of `names` that `name` may have meant, or None."""
    lower = {str(each).lower(): str(each) for each in names}
    begun = [each for each in lower if each.startswith(str(name).lower())]
    if len(begun) == 1 and len(str(name)) > 2:
        return lower[begun[0]]
    found = difflib.get_close_matches(str(name).lower(), lower, n=1, cutoff=0.6)
    return lower[found[0]] if found else None


def did_you_mean(name, names):
    """``" (did you mean 'x'?)"``, or nothing if no name is near."""
    found = nearest(name, names)
    return f" (did you mean {found!r}?)" if found else ""


def listed(names, limit=10):
    """The first `limit` of the strings in one, and how many there are besides."""
    rest = len(names) - limit
    return ", ".join(names[:limit]) + (f" and {rest} more" if rest > 0 else "")
