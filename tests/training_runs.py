"""Small runs of the head alone, for the tests of training."""

from minitorch.training import FinetuneRun, FinetuneSettings, load_data

# The same as flags of ``minitorch finetune``.  33 pixels are the least that leave layer4 more than
# one value per channel.
SMALL = ["--weights", "none", "--image-size", "33", "--batch-size", "8", "--workers", "1"]
FAST = [*SMALL, "--epochs", "1", "--train", "head"]


def run_of(root, output, checkpoint=None, **settings):
    """A FinetuneRun of the head of a random ResNet-18, as small as it can be."""
    settings = {"weights": "none", "train": "head", "epochs": 3, "batch_size": 4,
                "image_size": 33, "workers": 1} | settings
    settings = FinetuneSettings(data=str(root), **settings)
    return FinetuneRun(settings, load_data(settings), None, output, checkpoint)


def outcome(run):
    """What must not depend on how a run was computed."""
    history = [{name: value for name, value in row.items()
                if name not in ("images_per_second", "seconds")} for row in run.state.history]
    momentum = [state["momentum_buffer"].numpy().tobytes()
                for state in run.optimizer.state.values()]
    return (run.path("best.safetensors").read_bytes(), history, momentum, dict(run.info.metrics),
            run.state.step, sorted(run.problems.reasons))
