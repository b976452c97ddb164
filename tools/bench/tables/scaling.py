"""Inference of more images and of larger ones: the cost of each must not grow."""

from bench.contestants import Job
from bench.plan import empty_row
from bench.results import Table

BATCHES, BATCH_PIXELS = (1, 2, 4, 8, 16, 32, 64), 64
SIDES, SIDE_IMAGES = (64, 96, 128, 160, 192, 224, 256, 288, 320), 4
QUICK_BATCHES, QUICK_SIDES = (1, 8, 64), (64, 192, 320)


def _rows(plan, shapes, units):
    return [
        plan.race(empty_row("inference, model(x)", images, pixels, units=units(images, pixels)),
                  Job("inference", images, pixels),
                  {"torch channels_last": ("torch", Job("inference", images, pixels))})
        for images, pixels in shapes
    ]


def growth(rows):
    """A sentence on the cost of a unit at the largest size against the other sizes."""
    costs = [row.ours.median / row.units for row in rows if row.ours]
    if len(costs) < 2:
        return ""
    return (f"A unit costs {costs[-1] / costs[0]:.2f} times as much at the largest size as at the "
            f"smallest, {costs[-1] / min(costs):.2f} times as much as where it costs least.")


def images(plan):
    """From 1 to 64 images."""
    batches = QUICK_BATCHES if plan.quick else BATCHES
    rows = _rows(plan, [(n, BATCH_PIXELS) for n in batches], lambda n, pixels: n)
    return Table("scaling-images", "ResNet-18, more images", rows, per="image", note=growth(rows))


def pixels(plan):
    """From 64 to 320 pixels."""
    sides = QUICK_SIDES if plan.quick else SIDES
    rows = _rows(plan, [(SIDE_IMAGES, side) for side in sides],
                 lambda n, side: n * side * side // 1000)
    return Table("scaling-pixels", "ResNet-18, larger images", rows, per="1000 pixels",
                 note=growth(rows))
