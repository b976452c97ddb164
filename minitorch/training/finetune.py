"""A finetuning run put together from its parts: data, weights, model, optimizer, files."""

import math
import time
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
from minitorch.training.feature_cache import FeatureCache, feature_folder
from minitorch.training.features import (
    FeatureBatches,
    FeatureTable,
    FrozenTrunk,
    without_head,
)
from minitorch.training.files import file_digest, write_bytes, write_json
from minitorch.training.fit import TrainingState, fit
from minitorch.training.freezing import train_only
from minitorch.training.history import history_csv, with_times
from minitorch.training.manifest import pack, split_as_recorded, unpack
from minitorch.training.model_io import ModelInfo, build_model, save_model
from minitorch.training.naming import did_you_mean
from minitorch.training.preprocessing import Preprocessing
from minitorch.training.run_folder import (
    BEST,
    CHECKPOINT,
    CONFIG,
    CURVES,
    METRICS,
    PREVIOUS,
    RUN_FILES,
    RunFolder,
)
from minitorch.training.sampling import EpochBatches, derived_seed
from minitorch.training.weights import HEAD, adopt_weights

__all__ = ["FinetuneRun", "load_data", "trained_parts", "RUN_FILES"]

# On known features an epoch takes milliseconds, its files a tenth of a second: they wait for this
# many seconds, and for this many times the seconds that writing them took.
_SAVE_INTERVAL, _SAVE_SHARE = 2.0, 20
# Images that a frozen trunk sees at once, if --batch-size does not ask for less memory.
_TRUNK_BATCH = 32


def load_data(settings, checkpoint=None):
    """The `DataSplit` that `settings` ask for; with a checkpoint, the one that it was saved with.

    Raises
    ------
    DataError
        The folder cannot be trained on.
    CheckpointMismatch
        Images were added, renamed or rewritten since.
    """
    if settings.data == "digits":
        return digits_data(settings.val_fraction, settings.seed)

    def scan():
        return folder_data(settings.data, settings.val_fraction, settings.seed)

    if checkpoint is None:
        return scan()
    return split_as_recorded(unpack(checkpoint["manifest"]), scan, settings.data, settings.data)


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
    output : str, os.PathLike or RunFolder
        The run's folder.
    checkpoint : dict, optional
        From `load_checkpoint`: the run goes on from there, and `pretrained` is not needed.

    Attributes
    ----------
    model, optimizer, state, info
    batches : EpochBatches
    problems : ReadProblems
        Files that could not be read so far.
    features : FeatureTable or None
        Of the training images and then the validation images, if only the head trains: filled
        from an earlier run where possible, and the rest by `train`.
    notes : list of str
        Remarks for the user.
    """

    def __init__(self, settings, data, pretrained, output, checkpoint=None):
        self.settings, self.data, self.pretrained = settings, data, pretrained
        self.folder = output if isinstance(output, RunFolder) else RunFolder(output)
        self.output = self.folder.path
        self.notes = list(data.notes)
        minitorch.manual_seed(derived_seed(settings.seed, "model"))
        self.model = build_model(settings.arch, len(data.classes))
        if pretrained is not None:
            self.notes += pretrained.notes
            self.notes += adopt_weights(self.model, pretrained, data.classes)
        root = None if settings.data == "digits" else settings.data
        self._manifest, self._digest = pack(data.manifest(root)), data.digest(root)
        parts = trained_parts(self.model, settings.train)
        train_only(self.model, parts, bn=not settings.bn_train)
        self.trunk_is_frozen = parts == [HEAD] and not settings.bn_train
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
                               data_digest=self._digest)
            self._recall_times()
        self._best_sha256 = "" if checkpoint is None else checkpoint["best_sha256"]
        self._unsaved, self._best = False, None
        self.features = None
        if self.trunk_is_frozen and settings.feature_cache:
            self._open_features()

    def _preprocessing(self):
        like = None if self.pretrained is None else self.pretrained.preprocessing
        # A bundled digit fills its 8 by 8 pixels: cropping would cut strokes.
        return Preprocessing.for_size(self.settings.image_size, like,
                                      whole=self.settings.data == "digits",
                                      exif=self.settings.exif)

    def _provenance(self):
        # Neither what only changes the speed nor where the files lay belongs to what a model is.
        settings = self.settings.portable()
        weights = {"name": settings["weights"]}
        if self.pretrained is not None:
            weights |= {"source": _portable(self.pretrained.source), "sha256": self.pretrained.sha256}
        return {"program": f"minitorch {minitorch.__version__}", "weights": weights,
                "data": {"name": settings["data"], "train": len(self.data.train),
                         "val": len(self.data.val), "sha256": self._digest},
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
        self._minimum = min(2, settings.batch_size)
        self.train_loader = make_loader(train, self.batches, settings.workers, self._minimum)
        order = EpochBatches(len(val), settings.batch_size, shuffle=False, lone="keep")
        self.val_loader = make_loader(val, order, settings.workers)

    def _recall_times(self):
        """The times of the epochs behind us, which the checkpoint does not hold."""
        try:
            text = self.path(METRICS).read_text()
        except (OSError, ValueError):
            text = ""
        self.state.history = with_times(self.state.history, text)

    def path(self, name):
        return self.output / name

    def open_folder(self, checkpoint=None):
        """Make the run's folder ready: ``config.json`` is there, and no half-written file.

        Parameters
        ----------
        checkpoint : dict, optional
            That the run goes on from.
        """
        self.output.mkdir(parents=True, exist_ok=True)
        if not self.folder.settle(checkpoint):
            self.state.best = None
            self._best_sha256 = ""
        if self.path(CONFIG).exists():
            return
        config = self.settings.to_dict() | {"run": {
            "minitorch": minitorch.__version__, "classes": self.data.classes,
            "train_images": len(self.data.train), "val_images": len(self.data.val),
            "ignored_files": self.data.ignored,
            "preprocessing": self.info.preprocessing.to_dict(),
            "provenance": self.info.provenance}}
        write_json(self.path(CONFIG), config)

    # -- a frozen trunk --------------------------------------------------------------------
    @property
    def _trunk_batch(self):
        return min(self.settings.batch_size, _TRUNK_BATCH)

    def _open_features(self):
        """Make the table of features, and fill in what is known from an earlier run."""
        sources = [source for source, _ in self.data.train + self.data.val]
        self.features = FeatureTable(len(sources), self.model.get_submodule(HEAD).in_features)
        self.cache = FeatureCache(
            feature_folder(), self.data.name, sources, without_head(self.model, HEAD),
            self.info.preprocessing.to_dict() | {"exif": self.settings.exif}, self._trunk_batch)
        self.cache.load(self.features)
        if self.cache.note:
            self.notes.append(self.cache.note)
        known = int(self.features.known.sum())
        self.notes.append(f"the trunk is frozen: the features of {len(sources)} images are "
                          "computed once" + (f", {known} are known from before" if known else ""))

    def compute_features(self, on_images=None, stop=None):
        """Fill in the features that are not known yet; return False if stopped.

        Parameters
        ----------
        on_images : callable, optional
            ``on_images(count)`` after each batch: images read so far, the known ones included.
        stop : callable, optional
            Asked after each batch.
        """
        table, samples = self.features, self.data.train + self.data.val
        missing = [place for place in range(len(table)) if not table.known[place]]
        if not missing:
            return True
        # The place in the table stands where the class would.
        images = ImageList([(samples[place][0], place) for place in missing],
                           self.info.preprocessing.transform(), self.settings.exif, self.problems)
        order = EpochBatches(len(images), self._trunk_batch, shuffle=False, lone="keep")
        done, saved_at = len(table) - len(missing), time.monotonic()

        def on_batch():
            nonlocal done, saved_at
            done = min(done + self._trunk_batch, len(table))
            if time.monotonic() - saved_at >= 60 * self.settings.checkpoint_every:
                self.cache.save(table)
                saved_at = time.monotonic()
            if on_images is not None:
                on_images(done)

        finished = table.fill(without_head(self.model, HEAD),
                              make_loader(images, order, self.settings.workers),
                              self._trunk_batch, on_batch, stop)
        self.cache.save(table)
        return finished

    def _network_and_loaders(self):
        """What `fit` trains, and on what."""
        if self.features is not None:
            train, val = self.data.train, self.data.val
            return (self.model.get_submodule(HEAD),
                    FeatureBatches(self.features.part(0, len(train)), [t for _, t in train],
                                   self.batches, self._minimum),
                    FeatureBatches(self.features.part(len(train), len(self.features)),
                                   [t for _, t in val], self.val_loader.batch_sampler))
        network = self.model
        if self.trunk_is_frozen:
            network = FrozenTrunk(self.model, HEAD, self._trunk_batch)
        return network, self.train_loader, self.val_loader

    # -- the run -----------------------------------------------------------------------------
    def train(self, on_step=None, on_epoch=None, stop=None, on_images=None):
        """Train to the end, or until `stop`; save after epochs, at the end and when stopped.

        Parameters are those of `minitorch.training.fit` and `compute_features`.  Returns
        whether the run is complete.
        """
        if self.features is not None and not self.compute_features(on_images, stop):
            self.save_checkpoint()
            return False
        self._saved_at, self._saving_took = time.monotonic(), 0.0

        def after_epoch(state, improved):
            self._remember_epoch(improved)
            if self._save_is_due(max(_SAVE_INTERVAL, _SAVE_SHARE * self._saving_took)):
                self.save()
            if on_epoch is not None:
                on_epoch(state, improved)

        def after_step(split, metrics):
            if on_step is not None:
                on_step(split, metrics)
            if self._save_is_due():
                self.save()

        network, train_loader, val_loader = self._network_and_loaders()
        try:
            finished = fit(network, self.optimizer, self.loss_fn, train_loader, val_loader,
                           epochs=self.settings.epochs, state=self.state, on_step=after_step,
                           on_epoch=after_epoch, stop=stop)
        except Exception:
            self._save_after_error()
            raise
        self.save()
        if finished:
            self.folder.finish()
        return finished

    def _save_is_due(self, wait=math.inf):
        """Whether the last save is `wait` seconds or ``checkpoint_every`` minutes ago."""
        wait = min(wait, 60 * self.settings.checkpoint_every)
        return time.monotonic() - self._saved_at >= wait

    def _remember_epoch(self, improved):
        """Keep what `save` needs of an epoch that is over, as training goes on changing it."""
        self._unsaved = True
        if improved:
            self.info.metrics = {"val_" + name: value for name, value in self.state.best.items()}
            self._best = {name: value.clone() for name, value in self.model.state_dict().items()
                          if not self.trunk_is_frozen or name.startswith(HEAD + ".")}

    def save(self):
        """Write the files of the run; the checkpoint last, as it vouches for the others."""
        began = time.monotonic()
        self._save_results()
        self.save_checkpoint()
        self._saved_at = time.monotonic()
        self._saving_took = self._saved_at - began

    def _save_after_error(self):
        """Keep the completed epochs; what the error left of the one in progress is worth less."""
        if self._unsaved:
            self._save_results()
            if self.state.metrics.batches == 0:
                self.save_checkpoint()

    def _save_results(self):
        if not self._unsaved:
            return
        self._unsaved = False
        best, weights = self.state.best, self._best
        if weights is not None:
            self.folder.keep_vouched()
            save_model(self.path(BEST), self.model.state_dict() | weights, self.info)
            self._best, self._best_sha256 = None, file_digest(self.path(BEST))
        write_bytes(self.path(METRICS), history_csv(self.state.history).encode())
        title = (f"{self.settings.arch} on {Path(self.data.name).name}: best validation accuracy "
                 f"{100 * best['accuracy']:.1f} % (epoch {best['epoch']})")
        draw_curves(self.state.history, title, self.path(CURVES))

    def save_checkpoint(self):
        """Write ``last.ckpt``."""
        save_checkpoint(self.path(CHECKPOINT), model=self.model, optimizer=self.optimizer,
                        state=self.state, batches=self.batches, info=self.info,
                        config=self.settings.portable(), data_digest=self._digest,
                        manifest=self._manifest, best_sha256=self._best_sha256,
                        keep=self.path(PREVIOUS))
        self.folder.vouched()


def _portable(source):
    """A file's name without its folder; an address as it is."""
    return source if "://" in source else Path(source).name
