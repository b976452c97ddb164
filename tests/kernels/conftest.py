"""Fixtures of the kernel tests."""

import pytest

from minitorch._kernels import dispatch


@pytest.fixture(params=dispatch.available_isas())
def isa(request):
    """Run the test on every instruction set of this machine."""
    before = dispatch.isa()
    dispatch._select(request.param)
    yield request.param
    dispatch._select(before)
