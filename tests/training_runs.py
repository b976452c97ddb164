"""Small runs of the head alone, for the tests of training."""

from minitorch.training import FinetuneRun, FinetuneSettings, load_data


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
