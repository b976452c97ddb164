"""Optimizers of PyTorch's that are not here."""

import pytest

import minitorch as mt


@pytest.mark.parametrize(("name", "instead"), [
    ("Adafactor", "Adam and RMSprop"), ("Muon", "SGD"), ("SparseAdam", "use Adam"), ("Muo", None)])
def test_the_error_names_what_serves_instead(name, instead):
    with pytest.raises(AttributeError, match=f"no attribute '{name}'") as caught:
        getattr(mt.optim, name)
    assert instead is None or instead in str(caught.value)
