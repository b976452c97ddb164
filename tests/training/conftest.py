"""Fixtures of the tests of training."""

import pytest


@pytest.fixture(autouse=True)
def home(tmp_path, monkeypatch):
    """A cache of its own for each test."""
    monkeypatch.setenv("MINITORCH_HOME", str(tmp_path / "home"))
    return tmp_path / "home"
