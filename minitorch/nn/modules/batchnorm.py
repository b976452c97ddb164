"""BatchNorm1d, BatchNorm2d and BatchNorm3d."""

from minitorch._core.dtype import int64
from minitorch._ops.creation import empty, ones, zeros
from minitorch.nn import functional as F
from minitorch.nn import init
from minitorch.nn.modules.module import Module
from minitorch.nn.parameter import Parameter

__all__ = ["BatchNorm1d", "BatchNorm2d", "BatchNorm3d", "SyncBatchNorm"]


class _NormBase(Module):
    """Weight, bias and running statistics of each channel: what batch and instance norm share."""

    # 2 added num_batches_tracked to the state_dict.
    _version = 2
    __constants__ = ["track_running_stats", "momentum", "eps", "num_features", "affine"]

    def __init__(
        self,
        num_features,
        eps=1e-5,
        momentum=0.1,
        affine=True,
        track_running_stats=True,
        device=None,
        dtype=None,
        *,
        bias=True,
    ):
        super().__init__()
        self.num_features = num_features
        self.eps = eps
        self.momentum = momentum
        self.affine = affine
        self.track_running_stats = track_running_stats
        options = {"device": device, "dtype": dtype}
        if affine:
            self.weight = Parameter(empty(num_features, **options))
        else:
            self.register_parameter("weight", None)
        if affine and bias:
            self.bias = Parameter(empty(num_features, **options))
        else:
            self.register_parameter("bias", None)
        self._register_statistics(options)
        self.reset_parameters()

    def _register_statistics(self, options):
        mean = var = count = None
        if self.track_running_stats:
            mean = zeros(self.num_features, **options)
            var = ones(self.num_features, **options)
            count = zeros((), dtype=int64, device=options["device"])
        self.register_buffer("running_mean", mean)
        self.register_buffer("running_var", var)
        self.register_buffer("num_batches_tracked", count)

    def reset_running_stats(self):
        """Set the running mean to 0, the running variance to 1 and the count to 0."""
        if self.track_running_stats:
            self.running_mean.zero_()
            self.running_var.fill_(1)
            self.num_batches_tracked.zero_()

    def reset_parameters(self):
        """Set the weight to 1, the bias to 0, and the statistics to their start."""
        self.reset_running_stats()
        if self.affine:
            init.ones_(self.weight)
            if self.bias is not None:
                init.zeros_(self.bias)

    def _check_input_dim(self, input):
        raise NotImplementedError

    def extra_repr(self):
        return (
            f"{self.num_features}, eps={self.eps}, momentum={self.momentum}, "
            f"affine={self.affine}, bias={self.bias is not None}, "
            f"track_running_stats={self.track_running_stats}"
        )

    def _load_from_state_dict(
        self, state_dict, prefix, local_metadata, strict, missing_keys, unexpected_keys, error_msgs
    ):
        version = local_metadata.get("version", None)
        key = prefix + "num_batches_tracked"
        if (version is None or version < 2) and self.track_running_stats and key not in state_dict:
            count = self.num_batches_tracked
            state_dict[key] = zeros((), dtype=int64) if count is None else count
        super()._load_from_state_dict(
            state_dict, prefix, local_metadata, strict, missing_keys, unexpected_keys, error_msgs
        )


class _BatchNorm(_NormBase):
    """Normalisation per channel over the batch; subclasses say which dimensions they take."""

    def _count_batch(self):
        """Count a training batch and return its share in the running statistics."""
        if not (self.training and self.track_running_stats):
            return 0.0 if self.momentum is None else self.momentum
        if self.num_batches_tracked is not None:
            self.num_batches_tracked.add_(1)
            if self.momentum is None:
                return 1.0 / float(self.num_batches_tracked)  # plain average of all batches
        return 0.0 if self.momentum is None else self.momentum

    def forward(self, input):
        self._check_input_dim(input)
        share = self._count_batch()
        mean, var = self.running_mean, self.running_var
        use_batch = self.training or (mean is None and var is None)
        if self.training and not self.track_running_stats:
            mean = var = None  # they must not move
        return F.batch_norm(
            input, mean, var, self.weight, self.bias, use_batch, share, self.eps
        )


class BatchNorm1d(_BatchNorm):
    """Batch normalisation of (N, C) or (N, C, L) inputs; see :class:`BatchNorm2d`."""

    def _check_input_dim(self, input):
        if input.dim() not in (2, 3):
            raise ValueError(f"expected 2D or 3D input (got {input.dim()}D input)")


class BatchNorm2d(_BatchNorm):
    """Batch normalisation of images, arXiv:1502.03167.

    ``y = (x - mean) / sqrt(var + eps) * weight + bias`` with mean and biased variance over N, H, W
    of each channel in training, and the running ones in evaluation.

    Parameters
    ----------
    num_features : int
        Number of channels C.
    eps : float
        Added to the variance (default 1e-5).
    momentum : float or None
        Share of each training batch in the running statistics (default 0.1), which take the
        unbiased variance. None averages over all batches.
    affine : bool
        Learn weight and bias (default True).
    track_running_stats : bool
        Keep running statistics (default True); without them evaluation uses the batch's own.
    device, dtype : optional
        Of parameters and statistics.
    bias : bool
        Learn the bias (default True; keyword only).

    Raises
    ------
    ValueError
        In the forward, for an input without four dimensions, or, in training, with one value per
        channel.

    Notes
    -----
    Shape: input and output (N, C, H, W). Freezing the parameters does not stop the statistics:
    only evaluation mode does.

    Examples
    --------
    >>> nn.BatchNorm2d(64).num_batches_tracked
    tensor(0)
    """

    def _check_input_dim(self, input):
        if input.dim() != 4:
            raise ValueError(f"expected 4D input (got {input.dim()}D input)")


class BatchNorm3d(_BatchNorm):
    """Batch normalisation of (N, C, D, H, W) volumes; see :class:`BatchNorm2d`."""

    def _check_input_dim(self, input):
        if input.dim() != 5:
            raise ValueError(f"expected 5D input (got {input.dim()}D input)")


_ONE_PROCESS = (
    "SyncBatchNorm shares statistics between processes, of which minitorch trains with one: "
    "use BatchNorm1d, BatchNorm2d or BatchNorm3d, which compute the same there"
)


class SyncBatchNorm(_BatchNorm):
    """Refused: statistics over several processes, where minitorch has one.

    Raises
    ------
    NotImplementedError
        Always, here and in :meth:`convert_sync_batchnorm`.
    """

    def __init__(self, *args, **kwargs):
        raise NotImplementedError(_ONE_PROCESS)

    @classmethod
    def convert_sync_batchnorm(cls, module, process_group=None):
        """Refused likewise."""
        raise NotImplementedError(_ONE_PROCESS)
