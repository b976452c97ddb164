"""How much is tried: a sample of the cases, or with MINITORCH_TEST_ALL=1 in the environment all."""

import os

ALL = os.environ.get("MINITORCH_TEST_ALL", "0") not in ("", "0")


def sample(cases, *, every):
    """All cases, or every so many of them, the first among them."""
    return list(cases) if ALL else list(cases)[::every]
