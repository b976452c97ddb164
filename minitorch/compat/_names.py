"""Which module of minitorch answers to which name of PyTorch, and what is nearest to a name."""

import difflib
import importlib
import types

from minitorch.compat import _extras

ROOTS = ("torch", "torchvision")

# Where the rule "torch.x is minitorch.x" does not hold. The modules of `minitorch.compat` say what
# a CPU-only PyTorch says about devices, compilers and processes that it has not.
MODULES = {
    "torch": "minitorch",
    "torch.accelerator": "minitorch.compat.accelerator",
    "torch.amp": "minitorch.compat.amp",
    "torch.compiler": "minitorch.compat.compiler",
    "torch.cuda": "minitorch.compat.cuda",
    "torch.cuda.amp": "minitorch.compat.cuda_amp",
    "torch.distributed": "minitorch.compat.distributed",
    **{f"torch.distributions.{name}": f"minitorch.distributions.{where}" for where, names in (
        ("continuous", "exponential laplace log_normal multivariate_normal normal uniform"),
        ("discrete", "bernoulli categorical one_hot_categorical")) for name in names.split()},
    "torch.fx": "minitorch.compat.fx",
    "torch.hub": "minitorch.compat.hub",
    "torch.jit": "minitorch.compat.jit",
    "torch.mps": "minitorch.compat.mps",
    "torch.xpu": "minitorch.compat.mps",
    "torch.utils.model_zoo": "minitorch.compat.hub",
    "torch.version": "minitorch.compat.version",
    "torchvision": "minitorch.compat.torchvision",
    "torchvision.datasets": "minitorch.datasets",
    "torchvision.datasets.folder": "minitorch.datasets.folder",
    "torchvision.models": "minitorch.compat.torchvision.models",
    "torchvision._internally_replaced_utils": "minitorch.compat.hub",
    "torchvision.models._api": "minitorch.compat.torchvision._api",
    "torchvision.models._meta": "minitorch.models._meta",
    "torchvision.models._utils": "minitorch.compat.torchvision._utils",
    "torchvision.ops": "minitorch.compat.torchvision.ops",
    "torchvision.ops.misc": "minitorch.compat.torchvision.ops",
    "torchvision.ops.stochastic_depth": "minitorch.compat.torchvision.ops",
    "torchvision.utils": "minitorch.compat.torchvision.utils",
    "torchvision.models.resnet": "minitorch.compat.torchvision.resnet",
    "torchvision.transforms": "minitorch.transforms",
    "torchvision.transforms._presets": "minitorch.transforms.presets",
    "torchvision.transforms.functional": "minitorch.transforms.functional",
    "torchvision.transforms.autoaugment": "minitorch.transforms.autoaugment",
    "torchvision.transforms.transforms": "minitorch.transforms.transforms",
    "torchvision.transforms.v2": "minitorch.compat.torchvision.transforms_v2",
}

# Parts of minitorch that are not parts of torch.
FOREIGN = {"minitorch." + name for name in (
    "cli", "compat", "datasets", "models", "training", "transforms")}
# Packages of ours that are single modules in torch: their files have no name there.
ONE_MODULE = ("minitorch.nn.functional.", "minitorch.optim.lr_scheduler.")

# For names that nothing of ours resembles: what to do instead.
ADVICE = {
    "torch.jit.trace": "call the module itself; minitorch has no compiler",
    "torch.jit.load": "save the state_dict and load that",
    "torch.onnx": "minitorch.save writes a .pth file from which PyTorch can export",
    "torch.utils.tensorboard": "write the numbers yourself, or use the tensorboardX package",
    "torch.complex64": "minitorch has no complex dtypes",
    "torch.complex128": "minitorch has no complex dtypes",
    "torch.func.vmap": "write the axis into the function, or call it in a loop",
    "torch.vmap": "write the axis into the function, or call it in a loop",
    "torch.func.grad": "torch.autograd.grad, or torch.autograd.functional",
    "torch.func.jacrev": "torch.autograd.functional.jacobian",
    "torch.func.jacfwd": "torch.autograd.functional.jacobian",
    "torch.func.hessian": "torch.autograd.functional.hessian",
    "torch.func.jvp": "torch.autograd.functional.jvp",
    "torch.func.vjp": "torch.autograd.functional.vjp",
    "torch.optim.SparseAdam": "gradients are dense, and torch.optim.Adam takes those",
    "torch.nn.utils.parametrizations": "torch.nn.utils has weight_norm and spectral_norm",
    "torch.nn.utils.parametrize": "compute the parameter in forward",
    "torch.fft": "minitorch has no complex dtypes; numpy.fft takes tensor.numpy()",
    "torch.sparse": "minitorch has dense tensors only",
    "torch.multiprocessing": "minitorch computes in threads of one process",
    "torch.distributions": "minitorch.distributions has Normal, Categorical and a few more",
    "torch.nn.CrossMapLRN2d": "torch.nn.LocalResponseNorm, whose sums are of the window alone",
    "torch.nn.parallel.DistributedDataParallel": "minitorch computes in one process",
    "torchvision.transforms.v2.functional": "torchvision.transforms.functional has the classic "
                                            "functions",
    "torchvision.tv_tensors": "torchvision.transforms.v2 takes plain tensors",
}


def source_of(name):
    """The module of minitorch that stands for `name` ("torch.nn.functional"), or None."""
    target = MODULES.get(name)
    if target is None:
        root, _, rest = name.partition(".")
        target = f"{MODULES[root]}.{rest}"
        if target in FOREIGN or target.startswith(ONE_MODULE):
            return None
    try:
        return importlib.import_module(target)
    except ModuleNotFoundError as error:
        if error.name is not None and (target == error.name
                                       or target.startswith(error.name + ".")):
            return None
        raise


def lookup(face_name, source, name):
    """What `name` means in the module `face_name`; AttributeError if it means nothing."""
    below = f"{face_name}.{name}"
    if below in MODULES:
        return source_of(below)
    if face_name == "torch" and hasattr(_extras, name):
        return getattr(_extras, name)
    value = getattr(source, name)
    if isinstance(value, types.ModuleType):
        if not stands_for_torch(value):
            raise AttributeError(name)
    return value


def stands_for_torch(module):
    """Whether a module found as an attribute is part of what PyTorch has."""
    name = module.__name__
    return (name.startswith("minitorch") and name not in FOREIGN
            and not name.startswith(ONE_MODULE))


def public_names(face_name, source):
    """What a module offers, for the search of the nearest name."""
    names = {name.rpartition(".")[2] for name in MODULES if name.rpartition(".")[0] == face_name}
    if face_name == "torch":
        names |= set(_extras.__all__)
    for name in dir(source):
        value = None if name.startswith("_") else getattr(source, name)
        if value is not None and (not isinstance(value, types.ModuleType)
                                  or stands_for_torch(value)):
            names.add(name)
    return sorted(names)


def explain_missing(full_name):
    """The text for a name that minitorch has not, with the nearest that it has."""
    text = f"minitorch has no {full_name}"
    parts = full_name.split(".")
    for end in range(len(parts), 1, -1):
        advice = ADVICE.get(".".join(parts[:end]))
        if advice:
            return f"{text}; {advice}"
    near = nearest(full_name)
    return f"{text}; the nearest is {near}" if near else text


def nearest(full_name):
    """The most similar name that minitorch has, in the same module or in its neighbours."""
    where, _, name = full_name.rpartition(".")
    homes = [where, "torch", "torch.nn", "torch.nn.functional", "torch.Tensor"]
    if where not in homes[1:]:
        homes = [where]
    best, best_ratio = None, 0.6
    for home in dict.fromkeys(homes):
        for candidate in names_in(home):
            ratio = difflib.SequenceMatcher(None, name.lower(), candidate.lower()).ratio()
            if ratio > best_ratio:
                best, best_ratio = f"{home}.{candidate}", ratio
    return best


def names_in(home):
    """Public names of a module or class of torch that minitorch has."""
    if home == "torch.Tensor":
        import minitorch
        return [name for name in dir(minitorch.Tensor) if not name.startswith("_")]
    source = source_of(home)
    return [] if source is None else public_names(home, source)
