"""Build networks from the text of torchvision's model files, on whatever ``import torch`` gives.

    python torchvision_nets.py FOLDER OUT.npz       # FOLDER: site-packages/torchvision

Run by the parity tests twice, with PyTorch and by ``minitorch run``. With PyTorch, torchvision
itself is not imported (its compiled half has no build for the CPU-only torch of the tests): the
packages are empty ones over its folders, and only the files that a model asks for are read.
"""

import importlib
import pathlib
import sys
import types

import numpy as np
import torch

# file, function, arguments, size of the images
NETS = [
    ("alexnet", "alexnet", {}, 64),
    ("densenet", "densenet121", {}, 64),
    ("squeezenet", "squeezenet1_1", {}, 64),
    ("mobilenetv2", "mobilenet_v2", {}, 64),
    ("mobilenetv3", "mobilenet_v3_small", {}, 64),
    ("shufflenetv2", "shufflenet_v2_x0_5", {}, 64),
    ("googlenet", "googlenet", {"init_weights": False}, 64),
    ("mnasnet", "mnasnet0_5", {}, 64),
    ("regnet", "regnet_y_400mf", {}, 64),
    ("efficientnet", "efficientnet_b0", {}, 64),
    ("convnext", "convnext_tiny", {}, 32),
    ("swin_transformer", "swin_t", {}, 64),
    ("vision_transformer", "VisionTransformer", {
        "image_size": 32, "patch_size": 8, "num_layers": 2, "num_heads": 4, "hidden_dim": 32,
        "mlp_dim": 64, "dropout": 0.1}, 32),
]


def empty_packages(folder):
    """torchvision as packages without their __init__, and the few names that files take of it."""
    for name in ("", ".models", ".ops", ".transforms"):
        package = types.ModuleType("torchvision" + name)
        package.__path__ = [str(folder.joinpath(*name.split(".")))]
        sys.modules[package.__name__] = package
    presets = types.ModuleType("torchvision.transforms._presets")
    presets.ImageClassification = type("ImageClassification", (), {})
    presets.InterpolationMode = types.SimpleNamespace(BILINEAR="bilinear", BICUBIC="bicubic")
    sys.modules[presets.__name__] = presets
    depth = importlib.import_module("torchvision.ops.stochastic_depth")
    sys.modules["torchvision.ops"].StochasticDepth = depth.StochasticDepth


def load(folder, name):
    """The module of one model file, under a name of its own."""
    path = folder / "models" / f"{name}.py"
    module = types.ModuleType(f"torchvision.models._text_of_{name}")
    module.__package__, module.__file__ = "torchvision.models", str(path)
    sys.modules[module.__name__] = module
    exec(compile(path.read_text(encoding="utf-8"), str(path), "exec"), module.__dict__)
    return module


def measure(net, size):
    """Names, parameters, text, and in float64 what the net computes, with gradients."""
    state = net.state_dict()
    found = {"names": np.array(list(state)), "text": np.array(repr(net)),
             "state": np.array([value.double().sum().item() for value in state.values()])}
    net = net.double()
    torch.manual_seed(1)
    images = torch.rand(4, 3, size, size, dtype=torch.float64)
    with torch.no_grad():
        found["eval"] = net.eval()(images).numpy()
    torch.manual_seed(2)
    out = net.train()(images)
    out = out if isinstance(out, torch.Tensor) else out[0]
    out.square().mean().backward()
    found["train"] = out.detach().numpy()
    found["grad"] = np.array([p.grad.norm().item() for p in net.parameters()
                              if p.grad is not None])
    return found


def main(folder, target):
    folder, found = pathlib.Path(folder), {}
    if "minitorch" not in torch.__version__:
        empty_packages(folder)
    for file, function, options, size in NETS:
        module = load(folder, file)
        torch.manual_seed(0)
        net = getattr(module, function)(num_classes=10, **options)
        found |= {f"{function}/{key}": value for key, value in measure(net, size).items()}
    np.savez(target, **found)


if __name__ == "__main__":
    main(*sys.argv[1:])
