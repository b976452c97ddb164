"""The handle that every ``register_*hook`` of tensors, modules and optimizers returns."""

from minitorch._core.node import RemovableHandle

__all__ = ["RemovableHandle"]

RemovableHandle.__module__ = "minitorch.utils.hooks"
