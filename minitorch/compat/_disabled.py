"""Mixed precision that is switched off: what PyTorch does without a GPU."""

import functools
import warnings

__all__ = ["GradScaler", "autocast", "is_autocast_available"]


class autocast:
    """A context and decorator in which operations keep the dtypes of their inputs.

    Parameters
    ----------
    device_type : str
        "cuda": without a GPU PyTorch warns and does nothing, and so does this.
    dtype, cache_enabled
        Of no consequence while autocasting is off.
    enabled : bool
        True is refused for "cpu": minitorch does not change dtypes behind a program's back.
    """

    def __init__(self, device_type, dtype=None, enabled=True, cache_enabled=None):
        if not isinstance(device_type, str):
            raise ValueError(
                f"Expected `device_type` of type `str`, got: `{type(device_type)}`")
        if enabled and device_type == "cpu":
            raise NotImplementedError(
                "autocast(): argument 'enabled' must be False on the CPU: minitorch has no "
                "automatic mixed precision")
        if enabled:
            warnings.warn("User provided device_type of 'cuda', but CUDA is not available. "
                          "Disabling", stacklevel=2)

    def __enter__(self):
        return self

    def __exit__(self, *exc_info):
        return False

    def __call__(self, function):
        @functools.wraps(function)
        def called(*args, **kwargs):
            return function(*args, **kwargs)

        return called


class GradScaler:
    """A gradient scaler that is disabled: every method passes its argument on.

    Parameters
    ----------
    device : str
    init_scale, growth_factor, backoff_factor, growth_interval
        Of no consequence while scaling is off.
    enabled : bool
        Without a GPU PyTorch disables it with a warning, and so does this.
    """

    def __init__(self, device="cuda", init_scale=65536.0, growth_factor=2.0, backoff_factor=0.5,
                 growth_interval=2000, enabled=True):
        if enabled and device == "cpu":
            raise NotImplementedError(
                "GradScaler(): argument 'enabled' must be False on the CPU: minitorch has no "
                "automatic mixed precision")
        if enabled:
            warnings.warn("torch.cuda.amp.GradScaler is enabled, but CUDA is not available.  "
                          "Disabling.", stacklevel=2)

    def scale(self, outputs):
        """The outputs."""
        return outputs

    def unscale_(self, optimizer):
        """Nothing: the gradients have no scale."""

    def step(self, optimizer, *args, **kwargs):
        """``optimizer.step``."""
        return optimizer.step(*args, **kwargs)

    def update(self, new_scale=None):
        """Nothing: there is no scale."""

    def get_scale(self):
        """1.0."""
        return 1.0

    def is_enabled(self):
        """False."""
        return False

    def state_dict(self):
        """An empty dictionary, as of every disabled scaler."""
        return {}

    def load_state_dict(self, state_dict):
        """Nothing, as with every disabled scaler."""


def is_autocast_available(device_type):
    """False for every device."""
    return False
