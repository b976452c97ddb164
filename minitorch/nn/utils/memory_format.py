"""Convolutions whose weights lie in another order of memory."""

from minitorch.nn.modules import conv

__all__ = ["convert_conv2d_weight_memory_format", "convert_conv3d_weight_memory_format"]


def _convert(module, names, memory_format):
    kinds = tuple(getattr(conv, name) for name in names if hasattr(conv, name))
    for child in module.modules():
        if isinstance(child, kinds):
            child.weight.data = child.weight.detach().clone(memory_format=memory_format)
    return module


def convert_conv2d_weight_memory_format(module, memory_format):
    """Put the weights of all two-dimensional convolutions of a module into a memory format.

    Parameters
    ----------
    module : Module
        Changed in place.
    memory_format : memory_format
        ``channels_last``, mostly: the output of such a layer is in it as well.

    Returns
    -------
    Module
        The same one.
    """
    return _convert(module, ("Conv2d", "ConvTranspose2d"), memory_format)


def convert_conv3d_weight_memory_format(module, memory_format):
    """Put the weights of all three-dimensional convolutions of a module into a memory format.

    Parameters
    ----------
    module : Module
        Changed in place.
    memory_format : memory_format
        ``channels_last_3d``, mostly.

    Returns
    -------
    Module
        The same one.
    """
    return _convert(module, ("Conv3d", "ConvTranspose3d"), memory_format)
