"""Weights divided by their largest singular value, the old way: by a hook before forward."""

from minitorch._ops.linear import dot, mv
from minitorch.autograd.grad_mode import no_grad
from minitorch.nn.parameter import Parameter

__all__ = ["SpectralNorm", "remove_spectral_norm", "spectral_norm"]


class SpectralNorm:
    """The hook that computes ``weight = weight_orig / sigma`` before each forward."""

    _version = 1

    def __init__(self, name="weight", n_power_iterations=1, dim=0, eps=1e-12):
        self.name = name
        self.dim = dim
        if n_power_iterations <= 0:
            raise ValueError(
                "Expected n_power_iterations to be positive, but "
                f"got n_power_iterations={n_power_iterations}"
            )
        self.n_power_iterations = n_power_iterations
        self.eps = eps

    def reshape_weight_to_matrix(self, weight):
        """Return the weight as a matrix with a row for each index of `dim`."""
        return weight.movedim(self.dim, 0).reshape(weight.size(self.dim), -1)

    def _unit(self, vector):
        return vector / vector.norm().clamp_min(self.eps)

    def compute_weight(self, module, do_power_iteration):
        """Return the weight of now; an iteration brings the two vectors nearer to the singular."""
        weight = getattr(module, self.name + "_orig")
        u, v = getattr(module, self.name + "_u"), getattr(module, self.name + "_v")
        matrix = self.reshape_weight_to_matrix(weight)
        if do_power_iteration:
            with no_grad():
                for _ in range(self.n_power_iterations):
                    v.copy_(self._unit(mv(matrix.t(), u)))
                    u.copy_(self._unit(mv(matrix, v)))
                # Copies: the next forward changes the buffers in place, before this backward
                # perhaps.
                u, v = u.clone(), v.clone()
        return weight / dot(u, mv(matrix, v))

    @staticmethod
    def apply(module, name, n_power_iterations, dim, eps):
        """Take over the parameter `name` of a module, and hook up its computation."""
        for hook in module._forward_pre_hooks.values():
            if isinstance(hook, SpectralNorm) and hook.name == name:
                raise RuntimeError(
                    f"Cannot register two spectral_norm hooks on the same parameter {name}"
                )
        fn = SpectralNorm(name, n_power_iterations, dim, eps)
        weight = module._parameters[name]
        if weight is None:
            raise ValueError(f"`SpectralNorm` cannot be applied as parameter `{name}` is None")
        with no_grad():
            rows, columns = fn.reshape_weight_to_matrix(weight).shape
            u = fn._unit(weight.new_empty(rows).normal_(0, 1))
            v = fn._unit(weight.new_empty(columns).normal_(0, 1))
        delattr(module, name)
        module.register_parameter(name + "_orig", weight)
        # A plain attribute: the first forward replaces it.
        setattr(module, name, weight.data)
        module.register_buffer(name + "_u", u)
        module.register_buffer(name + "_v", v)
        module.register_forward_pre_hook(fn)
        module._register_state_dict_hook(_VersionHook(fn))
        return fn

    def remove(self, module):
        """Make the weight of now a parameter again."""
        with no_grad():
            weight = self.compute_weight(module, do_power_iteration=False)
        for suffix in ("", "_u", "_v", "_orig"):
            delattr(module, self.name + suffix)
        module.register_parameter(self.name, Parameter(weight.detach()))

    def __call__(self, module, inputs):
        weight = self.compute_weight(module, do_power_iteration=module.training)
        setattr(module, self.name, weight)


class _VersionHook:
    """Writes into a checkpoint that it has both vectors, as PyTorch expects to read there."""

    def __init__(self, fn):
        self.fn = fn

    def __call__(self, module, state_dict, prefix, local_metadata):
        versions = local_metadata.setdefault("spectral_norm", {})
        versions[self.fn.name + ".version"] = self.fn._version


def spectral_norm(module, name="weight", n_power_iterations=1, eps=1e-12, dim=None):
    """Divide a weight by its largest singular value, estimated as training goes; arXiv:1802.05957.

    The parameter becomes ``name_orig``, with buffers ``name_u`` and ``name_v``: the singular
    vectors, brought nearer by power iteration in each forward of training.

    Parameters
    ----------
    module : Module
        Changed in place.
    name : str
        Of the parameter (default ``"weight"``).
    n_power_iterations : int
        In each forward (default 1).
    eps : float
        Least length that a vector is divided by (default 1e-12).
    dim : int, optional
        The dimension of the outputs: 1 of transposed convolutions, else 0.

    Returns
    -------
    Module
        The same one.

    Raises
    ------
    RuntimeError
        If it is done already.
    ValueError
        If the parameter is None or there is no iteration.
    """
    if dim is None:
        dim = 1 if type(module).__name__.startswith("ConvTranspose") else 0
    SpectralNorm.apply(module, name, n_power_iterations, dim, eps)
    return module


def remove_spectral_norm(module, name="weight"):
    """Undo :func:`spectral_norm`, with the weight of now.

    Raises
    ------
    ValueError
        If there is nothing to undo.
    """
    for key, hook in module._forward_pre_hooks.items():
        if isinstance(hook, SpectralNorm) and hook.name == name:
            hook.remove(module)
            del module._forward_pre_hooks[key]
            break
    else:
        raise ValueError(f"spectral_norm of '{name}' not found in {module}")
    for key, hook in list(module._state_dict_hooks.items()):
        if isinstance(hook, _VersionHook) and hook.fn.name == name:
            del module._state_dict_hooks[key]
    return module
