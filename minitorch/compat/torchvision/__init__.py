"""``torchvision`` on minitorch: models, transforms, datasets of images, and layers of models."""

from minitorch.compat.torchvision import models, ops, utils

__all__ = ["disable_beta_transforms_warning", "get_image_backend", "models", "ops", "utils"]


def get_image_backend():
    """ "PIL"."""
    return "PIL"


def disable_beta_transforms_warning():
    """Nothing: there is no such warning."""
