"""ResNet-18: inference, folded inference, training, training of the head."""

from bench.contestants import Job
from bench.plan import empty_row, torch_layouts
from bench.results import Table
from bench.targets import CONTIGUOUS, RESNET, SIZES

TITLES = {
    "inference": "inference, model(x)",
    "folded": "inference, folded BatchNorm",
    "training": "training step",
    "head": "training step of the head",
}


def rivals_of(work, images, pixels):
    """Who is compared with at a work."""
    if work != "folded":
        return torch_layouts(work, images, pixels)
    return {name: (name, Job(work, images, pixels)) for name in ("onnxruntime", "openvino")}


def rows(plan, threads=None):
    """The chosen works at the chosen sizes."""
    return [
        plan.race(
            empty_row(TITLES[work], images, pixels, RESNET[work][SIZES.index((images, pixels))]),
            Job(work, images, pixels), rivals_of(work, images, pixels), threads)
        for work in plan.works for images, pixels in plan.sizes
    ]


def main(plan):
    """The promises."""
    return Table("resnet18", f"ResNet-18, float32, {plan.threads} threads", rows(plan))


def one_thread(plan):
    """The same with a thread each."""
    return Table("one-thread", "ResNet-18, float32, one thread", rows(plan, threads=1))


def contiguous(plan):
    """Weights in PyTorch's plain layout, on both sides."""
    found = []
    for work in ("inference", "training"):
        if work in plan.works:
            for images, pixels in plan.sizes:
                job = Job(work, images, pixels, "contiguous")
                found.append(plan.race(
                    empty_row(TITLES[work], images, pixels, CONTIGUOUS), job,
                    {"torch contiguous": ("torch", job)}))
    return Table("contiguous", f"ResNet-18 with contiguous (NCHW) weights, {plan.threads} threads",
                 found)
