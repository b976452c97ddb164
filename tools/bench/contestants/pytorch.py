"""PyTorch, eager, in the layout that the job asks for."""

import pathlib
import sys

import torch

from bench.contestants import frameworks
from bench.inputs import CLASSES, read_weights

TESTS = pathlib.Path(__file__).parents[3] / "tests"
FORMATS = {"channels_last": torch.channels_last, "contiguous": torch.contiguous_format}


class Contestant:
    """PyTorch; input and weights are converted to the layout before the clock starts."""

    name = "torch"

    def __init__(self, threads, weights):
        torch.set_num_threads(threads)
        self.weights = weights

    def info(self):
        """What it is set to."""
        return {"threads": torch.get_num_threads()}

    def model(self, layout):
        """ResNet-18 of the parity tests with the shared weights."""
        sys.path.append(str(TESTS))
        from torch_resnet import resnet18

        model = resnet18(CLASSES)
        arrays = read_weights(self.weights)
        model.load_state_dict({key: torch.from_numpy(a) for key, a in arrays.items()})
        return model.to(memory_format=FORMATS[layout])

    def prepare(self, job):
        """Make a job ready."""
        if job.work == "statement":
            return frameworks.statement(torch, job.name)
        x = frameworks.input_of(torch, job).to(memory_format=FORMATS[job.layout])
        return frameworks.resnet_job(torch, job, self.model(job.layout), x, fused=True)
