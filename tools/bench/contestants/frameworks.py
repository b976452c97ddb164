"""The jobs of the two libraries that train, written once with PyTorch's names.

`lib` is either of the modules minitorch and torch; the model arrives loaded.
"""

from bench.contestants import Prepared
from bench.inputs import images_of, labels_of
from bench.statements import STATEMENTS

LEARNING_RATE, MOMENTUM = 1e-3, 0.9
IMAGES_COMPARED = 4


def inference(lib, model, x):
    """``model(x)`` in eval mode under no_grad."""
    model.eval()

    def call():
        with lib.no_grad():
            return model(x)

    return Prepared(call, call()[:IMAGES_COMPARED].flatten().tolist())


def step(lib, model, params, x, y, **sgd_options):
    """A training step over `params`: the numbers are the losses before and after an update."""
    optimizer = lib.optim.SGD(params, lr=LEARNING_RATE, momentum=MOMENTUM, **sgd_options)
    cross_entropy = lib.nn.functional.cross_entropy

    def call():
        optimizer.zero_grad()
        loss = cross_entropy(model(x), y)
        loss.backward()
        optimizer.step()
        return loss

    return Prepared(call, [call().item(), call().item()])


def training(lib, model, x, y, **sgd_options):
    """A step of the whole network, in training mode."""
    model.train()
    return step(lib, model, model.parameters(), x, y, **sgd_options)


def head(lib, model, x, y, **sgd_options):
    """A step of the last layer only: the trunk is frozen, its BatchNorm in eval mode."""
    model.eval()
    model.requires_grad_(False)
    model.fc.requires_grad_(True)
    return step(lib, model, model.fc.parameters(), x, y, **sgd_options)


def statement(lib, name):
    """One of the small statements, with the library under the name `torch`."""
    setup, source = STATEMENTS[name]
    names = {"torch": lib}
    exec(setup, names)
    exec(source, names)  # once ahead: PyTorch's first backward takes 0.2 s, and would set the pace
    return Prepared(source, [], names)


def resnet_job(lib, job, model, x, **sgd_options):
    """Any of the jobs on ResNet-18 but "folded"."""
    if job.work == "inference":
        return inference(lib, model, x)
    y = lib.from_numpy(labels_of(job.images))
    return {"training": training, "head": head}[job.work](lib, model, x, y, **sgd_options)


def input_of(lib, job):
    """The images of a job as a tensor."""
    return lib.from_numpy(images_of(job.images, job.pixels))
