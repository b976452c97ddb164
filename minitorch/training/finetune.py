"""A finetuning run put together from its parts: data, weights, model, optimizer, files."""

from pathlib import Path

import minitorch
from minitorch.training.checkpoint import restore_checkpoint, save_checkpoint
from minitorch.training.curves import draw_curves
from minitorch.training.data import (
    ImageList,
    ReadProblems,
    digits_data,
    folder_data,
    make_loader,
)
from minitorch.training.files import write_bytes, write_json
from minitorch.training.fit import TrainingState, fit
from minitorch.training.freezing import train_only
from minitorch.training.history import history_csv
from minitorch.training.model_io import ModelInfo, build_model, save_model
from minitorch.training.naming import did_you_mean
from minitorch.training.preprocessing import Preprocessing
from minitorch.training.sampling import EpochBatches, derived_seed
from minitorch.training.weights import HEAD, adopt_weights

__all__ = ["FinetuneRun", "load_data", "trained_parts", "RUN_FILES"]

CONFIG, CHECKPOINT, BEST = "config.json", "last.ckpt", "best.safetensors"
METRICS, CURVES = "metrics.csv", "curves.png"
RUN_FILES = (CONFIG, CHECKPOINT, BEST, METRICS, CURVES)


def load_data(settings):
    """The `DataSplit` that `settings` ask for."""
    if settings.data == "digits":
        return digits_data(settings.val_fraction, settings.seed)
    return folder_data(settings.data, settings.val_fraction, settings.seed)


def check_trained_parts(settings):
    """Raise ValueError if ``settings.train`` names parts that the network does not have."""
    if settings.train not in ("all", "head"):
        trained_parts(build_model(settings.arch, 2), settings.train)


def trained_parts(model, text):
    """The submodule names that ``--train`` means: "all", "head", or names; the head always.

    Raises
    ------
    ValueError
        A name that the model does not have, or of a part without weights; no name.
    """
    if text == "all":
        return [""]
    if text == "head":
        return [HEAD]
    known = [name for name, _ in model.named_modules() if name]
    names = [name.strip() for name in text.split(",") if name.strip()]
    if not names:
        raise ValueError(f"{text!r} names no part; 'head' is the least")
    names = [HEAD if name == "head" else name for name in names]
    for name in names:
        if name not in known:
            top = [name for name, _ in model.named_children()]
            raise ValueError(f"the model has no part called {name!r}{did_you_mean(name, known)}; "
                             f"its parts are {', '.join(top)}")
        if next(model.get_submodule(name).parameters(), None) is None:
            raise ValueError(f"{name!r} has no weights that could be trained")
    return list(dict.fromkeys([*names, HEAD]))


class FinetuneRun:
    """Everything of one run; nothing is written before `open_folder`.

    Parameters
    ----------
    settings : FinetuneSettings
    data : DataSplit
    pretrained : Pretrained or None
    output : str or os.PathLike
        The run's folder.
    checkpoint : dict, optional
        From `load_checkpoint`: the run goes on from there, and `pretrained` is not needed.

    Attributes
    ----------
    model, optimizer, state, info
    batches : EpochBatches
    problems : ReadProblems
        Files that could not be read so far.
    notes : list of str
        Remarks for the user.
    """

    def __init__(self, settings, data, pretrained, output, checkpoint=None):
        self.settings, self.data, self.pretrained = settings, data, pretrained
        self.output = Path(output)
        self.notes = list(data.notes)
        minitorch.manual_seed(derived_seed(settings.seed, "model"))
        self.model = build_model(settings.arch, len(data.classes))
        if pretrained is not None:
            self.notes += pretrained.notes
            self.notes += adopt_weights(self.model, pretrained, data.classes)
        train_only(self.model, trained_parts(self.model, settings.train),
                   bn=not settings.bn_train)
        self.optimizer = minitorch.optim.SGD(
            [p for p in self.model.parameters() if p.requires_grad], lr=settings.lr,
            momentum=settings.momentum, weight_decay=settings.weight_decay)
        self.loss_fn = minitorch.nn.CrossEntropyLoss()
        self.state = TrainingState()
        if checkpoint is None:
            self.info = ModelInfo(settings.arch, list(data.classes), self._preprocessing(),
                                  provenance=self._provenance())
        else:
            self.info = ModelInfo.from_metadata(checkpoint["info"])
        self._make_loaders()
        if checkpoint is not None:
            restore_checkpoint(checkpoint, model=self.model, optimizer=self.optimizer,
                               state=self.state, batches=self.batches,
                               data_digest=self._digest())

    def _preprocessing(self):
        like = None if self.pretrained is None else self.pretrained.preprocessing
        # A bundled digit fills its 8 by 8 pixels: cropping would cut strokes.
        return Preprocessing.for_size(self.settings.image_size, like,
                                      whole=self.settings.data == "digits",
                                      exif=self.settings.exif)

    def _provenance(self):
        # Threads and workers do not belong to what a model is: its file is the same for any.
        settings = {name: value for name, value in self.settings.to_dict().items()
                    if name not in ("workers", "threads")}
        weights = {"name": self.settings.weights}
        if self.pretrained is not None:
            weights |= {"source": self.pretrained.source, "sha256": self.pretrained.sha256}
        return {"program": f"minitorch {minitorch.__version__}", "weights": weights,
                "data": {"name": self.data.name, "train": len(self.data.train),
                         "val": len(self.data.val), "sha256": self._digest()},
                "settings": settings}

    def _make_loaders(self):
        settings, self.problems = self.settings, ReadProblems()
        transform = self.info.preprocessing.transform()
        train = ImageList(self.data.train, transform, settings.exif, self.problems)
        val = ImageList(self.data.val, transform, settings.exif, self.problems)
        self.batches = EpochBatches(len(train), settings.batch_size, seed=settings.seed)
        if self.batches.has_lone:
            self.notes.append("the last batch would hold one image, on which BatchNorm cannot "
                              "train: it is merged into the batch before it")
        self.train_loader = make_loader(train, self.batches, settings.workers,
                                        minimum=min(2, settings.batch_size))
        order = EpochBatches(len(val), settings.batch_size, shuffle=False, lone="keep")
        self.val_loader = make_loader(val, order, settings.workers)

    def _digest(self):
        root = None if self.settings.data == "digits" else self.settings.data
        return self.data.digest(root)

    def path(self, name):
        return self.output / name

    def open_folder(self):
        """Make the run's folder and write ``config.json``."""
        self.output.mkdir(parents=True, exist_ok=True)
        config = self.settings.to_dict() | {"run": {
            "minitorch": minitorch.__version__, "classes": self.data.classes,
            "train_images": len(self.data.train), "val_images": len(self.data.val),
            "ignored_files": self.data.ignored,
            "preprocessing": self.info.preprocessing.to_dict(),
            "provenance": self.info.provenance}}
        write_json(self.path(CONFIG), config)

    def train(self, on_step=None, on_epoch=None, stop=None):
        """Train to the end, or until `stop`; save after each epoch and when stopped.

        Parameters are those of `minitorch.training.fit`.  Returns whether the run is complete.
        """
        def after_epoch(state, improved):
            self.save(improved)
            if on_epoch is not None:
                on_epoch(state, improved)

        finished = fit(self.model, self.optimizer, self.loss_fn, self.train_loader,
                       self.val_loader, epochs=self.settings.epochs, state=self.state,
                       on_step=on_step, on_epoch=after_epoch, stop=stop)
        if not finished:
            self.save_checkpoint()
        return finished

    def save(self, improved):
        """Write the files of a completed epoch; the checkpoint last, as it vouches for them."""
        if improved:
            self.info.metrics = {"val_" + name: value for name, value in self.state.best.items()}
            save_model(self.path(BEST), self.model, self.info)
        write_bytes(self.path(METRICS), history_csv(self.state.history).encode())
        best = self.state.best
        title = (f"{self.settings.arch} on {Path(self.data.name).name}: best validation accuracy "
                 f"{100 * best['accuracy']:.1f} % (epoch {best['epoch']})")
        draw_curves(self.state.history, title, self.path(CURVES))
        self.save_checkpoint()

    def save_checkpoint(self):
        """Write ``last.ckpt``."""
        save_checkpoint(self.path(CHECKPOINT), model=self.model, optimizer=self.optimizer,
                        state=self.state, batches=self.batches, info=self.info,
                        config=self.settings.to_dict(), data_digest=self._digest())
