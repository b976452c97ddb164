"""InstanceNorm1d, InstanceNorm2d and InstanceNorm3d."""

import warnings

from minitorch.nn import functional as F
from minitorch.nn.modules.batchnorm import _NormBase

__all__ = ["InstanceNorm1d", "InstanceNorm2d", "InstanceNorm3d"]


class _InstanceNorm(_NormBase):
    """Normalisation per channel and example; subclasses say which dimensions they take."""

    # Dimensions of one example.
    _example_dim = 0

    def __init__(
        self,
        num_features,
        eps=1e-5,
        momentum=0.1,
        affine=False,
        track_running_stats=False,
        device=None,
        dtype=None,
        *,
        bias=True,
    ):
        super().__init__(
            num_features, eps, momentum, affine, track_running_stats, device, dtype, bias=bias
        )

    def _check_input_dim(self, input):
        low = self._example_dim
        if input.dim() not in (low, low + 1):
            raise ValueError(
                f"expected {low}D or {low + 1}D input (got {input.dim()}D input)"
            )

    def _check_features(self, input, dim):
        size = input.size(dim)
        if size == self.num_features:
            return
        if self.affine:
            raise ValueError(
                f"expected input's size at dim={dim} to match num_features "
                f"({self.num_features}), but got: {size}."
            )
        warnings.warn(
            f"input's size at dim={dim} does not match num_features. You can silence this warning "
            "by not passing in num_features, which is not used because affine=False",
            stacklevel=3,
        )

    def forward(self, input):
        self._check_input_dim(input)
        single = input.dim() == self._example_dim
        self._check_features(input, 0 if single else 1)
        result = F.instance_norm(
            input.unsqueeze(0) if single else input,
            self.running_mean,
            self.running_var,
            self.weight,
            self.bias,
            self.training or not self.track_running_stats,
            self.momentum if self.momentum is not None else 0.0,
            self.eps,
        )
        return result.squeeze(0) if single else result

    def _load_from_state_dict(
        self, state_dict, prefix, local_metadata, strict, missing_keys, unexpected_keys, error_msgs
    ):
        # before version 1 running statistics were kept by default
        if local_metadata.get("version", None) is None and not self.track_running_stats:
            found = [n for n in ("running_mean", "running_var") if prefix + n in state_dict]
            if found:
                names = " and ".join(f'"{prefix + name}"' for name in found)
                kind = type(self).__name__
                error_msgs.append(
                    f"Unexpected running stats buffer(s) {names} for {kind} with "
                    "track_running_stats=False. If state_dict is a checkpoint saved before 0.4.0, "
                    f"this may be expected because {kind} does not track running stats by default "
                    "since 0.4.0. Please remove these keys from state_dict. If the running stats "
                    f"are actually needed, instead set track_running_stats=True in {kind} to "
                    f"enable them. See the documentation of {kind} for details."
                )
                for name in found:
                    state_dict.pop(prefix + name)
        super()._load_from_state_dict(
            state_dict, prefix, local_metadata, strict, missing_keys, unexpected_keys, error_msgs
        )


class InstanceNorm1d(_InstanceNorm):
    """Instance normalisation of (N, C, L) or (C, L) inputs; see :class:`InstanceNorm2d`."""

    _example_dim = 2


class InstanceNorm2d(_InstanceNorm):
    """Normalise each channel of each image by itself, arXiv:1607.08022.

    Parameters
    ----------
    num_features : int
        Number of channels C.
    eps : float
        Added to the variance (default 1e-5).
    momentum : float
        Share of each training batch in the running statistics (default 0.1).
    affine : bool
        Learn weight and bias (default False).
    track_running_stats : bool
        Keep running statistics for evaluation (default False).
    device, dtype : optional
        Of parameters and statistics.
    bias : bool
        Learn the bias (default True; keyword only), where `affine`.

    Raises
    ------
    ValueError
        In the forward, for an input of other dimensions, another number of channels (with
        `affine`), or one value per channel.

    Notes
    -----
    Shape: input and output (N, C, H, W) or (C, H, W).
    """

    _example_dim = 3


class InstanceNorm3d(_InstanceNorm):
    """Instance normalisation of (N, C, D, H, W) or (C, D, H, W); see :class:`InstanceNorm2d`."""

    _example_dim = 4
