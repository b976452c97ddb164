"""torchvision's classification networks, from its own files, on minitorch and on PyTorch."""

import importlib.metadata
import pathlib
import subprocess
import sys

import numpy as np
import pytest

pytest.importorskip("torch")

from torchvision_nets import NETS  # noqa: E402 - it imports torch

SCRIPT = pathlib.Path(__file__).parents[1] / "torchvision_nets.py"


def folder():
    try:
        files = importlib.metadata.files("torchvision") or []
    except importlib.metadata.PackageNotFoundError:
        pytest.skip("torchvision is not installed")
    return next(f for f in files if str(f) == "torchvision/models/resnet.py").locate().parents[1]


@pytest.fixture(scope="module")
def results(tmp_path_factory):
    """(ours, PyTorch's): what the script measured under each."""
    source, work, loaded = folder(), tmp_path_factory.mktemp("nets"), []
    for name, command in ("ours", ["-m", "minitorch", "run"]), ("theirs", []):
        target = work / f"{name}.npz"
        done = subprocess.run([sys.executable, "-W", "ignore", *command, SCRIPT, source, target],
                              capture_output=True, text=True, timeout=600)
        assert done.returncode == 0, done.stderr
        loaded.append(np.load(target))
    return loaded


@pytest.mark.parametrize("net", [function for _, function, _, _ in NETS])
def test_same_seed_gives_the_same_network(results, net):
    ours, theirs = results
    assert ours[f"{net}/names"].tolist() == theirs[f"{net}/names"].tolist()
    assert str(ours[f"{net}/text"]) == str(theirs[f"{net}/text"])
    np.testing.assert_allclose(ours[f"{net}/state"], theirs[f"{net}/state"], rtol=0, atol=1e-6)


@pytest.mark.parametrize("part", ["eval", "train", "grad"])
@pytest.mark.parametrize("net", [function for _, function, _, _ in NETS])
def test_outputs_and_gradients_are_equal(results, net, part):
    ours, theirs = (found[f"{net}/{part}"] for found in results)
    np.testing.assert_allclose(ours, theirs, rtol=0, atol=1e-9 * max(np.abs(theirs).max(), 1e-3))
