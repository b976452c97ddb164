"""minitorch."""

import minitorch
from bench.contestants import frameworks
from bench.inputs import CLASSES, read_weights

FORMATS = {
    "channels_last": minitorch.channels_last,
    "contiguous": minitorch.contiguous_format,
}


class Contestant:
    """minitorch, with its own layout of the weights unless a job asks for the plain one.

    The input is always contiguous, as a user has it: converting it is part of the time.
    """

    name = "minitorch"

    def __init__(self, threads, weights):
        minitorch.set_num_threads(threads)
        self.weights = weights

    def info(self):
        """What it is set to."""
        return {"threads": minitorch.get_num_threads()}

    def model(self, layout):
        """The network with the weights that all contestants share."""
        from minitorch.models import resnet18

        model = resnet18(num_classes=CLASSES, memory_format=FORMATS[layout])
        arrays = read_weights(self.weights)
        model.load_state_dict({key: minitorch.tensor(a) for key, a in arrays.items()})
        return model

    def prepare(self, job):
        """Make a job ready."""
        if job.work == "statement":
            return frameworks.statement(minitorch, job.name)
        model, x = self.model(job.layout), frameworks.input_of(minitorch, job)
        if job.work == "folded":
            folded = minitorch.nn.utils.fuse_conv_bn(model.eval())
            return frameworks.inference(minitorch, folded, x)
        return frameworks.resnet_job(minitorch, job, model, x)


def make_weights(path):
    """Write random weights whose BatchNorm statistics fit them, as after training."""
    import numpy

    from minitorch import nn
    from minitorch.models import resnet18

    minitorch.manual_seed(0)
    model = resnet18(num_classes=CLASSES)
    norms = [module for module in model.modules() if isinstance(module, nn.BatchNorm2d)]
    with minitorch.no_grad():
        for norm in norms:
            norm.weight.uniform_(0.8, 1.2)
            norm.bias.uniform_(-0.1, 0.1)
            norm.momentum = 1.0
        model(minitorch.randn(8, 3, 64, 64))
    numpy.savez(path, **{key: value.numpy() for key, value in model.state_dict().items()})
