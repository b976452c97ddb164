"""DataParallel: on a machine without GPUs, the module itself."""

from minitorch.nn.modules.module import Module

__all__ = ["DataParallel", "data_parallel"]


class DataParallel(Module):
    """A module around another, whose call is the other's, as PyTorch's is without a GPU.

    PyTorch's divides each batch among GPUs. The names in its state_dict begin with ``module.``
    there and here.

    Parameters
    ----------
    module : Module
    device_ids, output_device
        GPUs; without any they say nothing, in PyTorch neither.
    dim : int
        Along which PyTorch would divide the batch.
    """

    def __init__(self, module, device_ids=None, output_device=None, dim=0):
        super().__init__()
        self.module = module
        self.device_ids = []

    def forward(self, *inputs, **kwargs):
        return self.module(*inputs, **kwargs)


def data_parallel(module, inputs, device_ids=None, output_device=None, dim=0, module_kwargs=None):
    """Call a module with a tuple of arguments, or the one argument; see `DataParallel`."""
    if not isinstance(inputs, tuple):
        inputs = (inputs,) if inputs is not None else ()
    return module(*inputs, **(module_kwargs or {}))
