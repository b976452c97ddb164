"""``torch.amp`` where nothing computes in half precision by itself."""

from minitorch.compat._disabled import GradScaler, autocast, is_autocast_available

__all__ = ["GradScaler", "autocast", "is_autocast_available"]
