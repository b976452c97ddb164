"""ResNet-18 against PyTorch: logits, gradients, running statistics, SGD steps."""

import numpy as np
import pytest

torch = pytest.importorskip("torch")

from torch_resnet import resnet18 as torch_resnet18  # noqa: E402

import minitorch  # noqa: E402
from minitorch.models import resnet18  # noqa: E402

STEPS = 3


def make_state(seed=0):
    """Random values for every entry of ResNet-18's state_dict, as numpy arrays."""
    torch.manual_seed(seed)
    model = torch_resnet18()
    return {name: value.numpy() for name, value in model.state_dict().items()}


def make_pair(dtype):
    state = make_state()
    reference = torch_resnet18()
    reference.load_state_dict({k: torch.from_numpy(v.copy()) for k, v in state.items()})
    ours = resnet18()
    ours.load_state_dict({k: minitorch.tensor(v) for k, v in state.items()})
    return reference.to(getattr(torch, dtype)), ours.to(getattr(minitorch, dtype))


def make_batch(dtype):
    rng = np.random.default_rng(1)
    return rng.random((2, 3, 64, 64)).astype(dtype), rng.random((2, 1000)).astype(dtype)


def to_numpy(tensor):
    return tensor.detach().numpy().astype(np.float64)


def distance(ours, reference):
    """The largest difference, relative to the reference's largest value."""
    scale = np.abs(reference).max()
    return np.abs(ours - reference).max() / (scale or 1)


def run_step(module, model, images, labels, optimizer):
    optimizer.zero_grad()
    logits = model(images)
    (logits - labels).pow(2).sum().backward()
    gradients = {name: to_numpy(p.grad) for name, p in model.named_parameters()}
    optimizer.step()
    return to_numpy(logits), gradients


def test_float64_training_agrees_through_three_steps():
    reference, ours = make_pair("float64")
    images, labels = make_batch("float64")
    sgd = {"lr": 1e-3, "momentum": 0.9}
    theirs_optimizer = torch.optim.SGD(reference.parameters(), **sgd)
    our_optimizer = minitorch.optim.SGD(ours.parameters(), **sgd)
    for _ in range(STEPS):
        theirs = run_step(torch, reference, torch.from_numpy(images), torch.from_numpy(labels),
                          theirs_optimizer)
        found = run_step(minitorch, ours, minitorch.from_numpy(images),
                         minitorch.from_numpy(labels), our_optimizer)
        assert distance(found[0], theirs[0]) < 1e-9
        assert len(found[1]) == 62
        for name, gradient in theirs[1].items():
            assert distance(found[1][name], gradient) < 1e-9, name
        state = ours.state_dict()
        for name, value in reference.state_dict().items():
            assert distance(to_numpy(state[name]), to_numpy(value)) < 1e-9, name


def test_float32_logits_and_gradients_lie_as_near_as_pytorchs():
    exact_model, _ = make_pair("float64")
    reference, ours = make_pair("float32")
    images, labels = make_batch("float32")

    def gradients(module, model, dtype):
        optimizer = module.optim.SGD(model.parameters(), lr=0.0)
        return run_step(module, model, module.from_numpy(images.astype(dtype)),
                        module.from_numpy(labels.astype(dtype)), optimizer)

    exact = gradients(torch, exact_model, "float64")
    theirs = gradients(torch, reference, "float32")
    found = gradients(minitorch, ours, "float32")
    assert distance(found[0], theirs[0]) < 1e-4
    for name, gradient in exact[1].items():
        norm = np.linalg.norm(gradient)
        ours_off = np.linalg.norm(found[1][name] - gradient)
        theirs_off = np.linalg.norm(theirs[1][name] - gradient)
        assert ours_off < 10 * theirs_off or ours_off < 0.1 * norm, name
