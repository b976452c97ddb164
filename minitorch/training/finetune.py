"""A finetuning run put together from its parts: data, weights, model, optimizer, files."""

import contextlib
import functools
import math
import time
from pathlib import Path

import minitorch
from minitorch.training.augmentation import Augmentation
from minitorch.training.checkpoint import restore_checkpoint, save_checkpoint
from minitorch.training.curves import draw_curves
from minitorch.training.data import ImageList, make_loader
from minitorch.training.ema import average_of_part, exponential_average
from minitorch.training.feature_cache import FeatureCache, feature_folder
from minitorch.training.features import (
    FeatureBatches,
    FeatureTable,
    FrozenTrunk,
    without_head,
)
from minitorch.training.files import file_digest, write_bytes, write_json
from minitorch.training.fit import TrainingState, fit
from minitorch.training.freezing import freeze_norm, train_only
from minitorch.training.groups import parameter_groups
from minitorch.training.history import history_csv, with_times
from minitorch.training.image_record import pack
from minitorch.training.losses import TrainingLoss, balanced_weights, read_class_weights
from minitorch.training.model_io import ModelInfo, build_model, save_model
from minitorch.training.nurse import Nurse, below_majority, require_finite
from minitorch.training.parts import check_trained_parts, trained_parts
from minitorch.training.preprocessing import Preprocessing
from minitorch.training.progress import (
    described_best,
    frozen_epochs,
    is_complete,
    patience_since,
)
from minitorch.training.run_data import RunLoaders, load_data
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
from minitorch.training.schedule import Schedule
from minitorch.training.weights import HEAD, adopt_weights

__all__ = ["FinetuneRun", "RUN_FILES", "check_trained_parts", "described_best", "is_complete",
           "load_data", "trained_parts"]

# On known features an epoch takes milliseconds, its files a tenth of a second: they wait for this
# many seconds, and for this many times the seconds that writing them took.
_SAVE_INTERVAL, _SAVE_SHARE = 2.0, 20
# Images that a frozen trunk sees at once, if --batch-size does not ask for less memory.
_TRUNK_BATCH = 32


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
    model, optimizer, schedule, state, info
    average : minitorch.optim.swa_utils.AveragedModel or None
        With ``--ema``: what validates and is saved as the best model.
    batches : EpochBatches
    problems : ReadProblems
        Files that could not be read so far.
    features : FeatureTable or None
        Of the training images and then the validation images, as long as only the head trains:
        filled from an earlier run where possible, and the rest by `train`.
    notes : list of str
        Remarks for the user.
    warnings : list of str
        What the user was warned of while it trained.
    """

    def __init__(self, settings, data, pretrained, output, checkpoint=None):
        self.settings, self.data, self.pretrained = settings, data, pretrained
        self.folder = output if isinstance(output, RunFolder) else RunFolder(output)
        self.output = self.folder.path
        self.notes, self.warnings = list(data.notes), []
        minitorch.manual_seed(derived_seed(settings.seed, "model"))
        self.model = build_model(settings.arch, len(data.classes))
        drawn = self.model.get_submodule(HEAD).weight.detach().clone()
        if pretrained is not None:
            self.notes += pretrained.notes
            self.notes += adopt_weights(self.model, pretrained, data.classes)
        self._head_is_new = minitorch.equal(drawn, self.model.get_submodule(HEAD).weight.detach())
        root = None if settings.data == "digits" else settings.data
        self._manifest, self._digest = pack(data.manifest(root)), data.digest(root)
        self._parts = trained_parts(self.model, settings.train)
        self.augmentation = Augmentation.of(settings)
        self.notes += self.augmentation.notes(settings)
        self._make_optimizer()
        self.state = TrainingState()
        if checkpoint is None:
            self.class_weights = self._class_weights()
            self.info = ModelInfo(settings.arch, list(data.classes), self._preprocessing(),
                                  provenance=self._provenance())
        else:
            self.info = ModelInfo.from_metadata(checkpoint["info"])
            # The file of weights may have changed since.
            self.class_weights = self.info.provenance.get("class_weights")
        self.loss_fn = TrainingLoss(self.class_weights, settings.smoothing)
        only_head = self._parts == [HEAD] and settings.unfreeze_at is None
        loaders = RunLoaders(settings, data, self.info.preprocessing, self.augmentation,
                             trains_batchnorm=not only_head and settings.freeze != "bn")
        self.loaders, self.problems, self.batches = loaders, loaders.problems, loaders.batches
        self.train_loader, self.val_loader = loaders.train, loaders.val
        self.notes += loaders.notes
        self._make_schedule()
        self.average = (None if settings.ema is None
                        else exponential_average(self.model, settings.ema))
        if checkpoint is not None:
            restore_checkpoint(checkpoint, model=self.model, optimizer=self.optimizer,
                               state=self.state, batches=self.batches,
                               schedule=self.schedule, average=self.average,
                               data_digest=self._digest)
            self._recall_times()
        self._best_sha256 = "" if checkpoint is None else checkpoint["best_sha256"]
        self._unsaved, self._best = False, None
        self.features = None
        if settings.unfreeze_at is not None and self.state.epoch >= self._frozen_epochs:
            self._train_parts([""])
        elif self.trunk_is_frozen:
            self._open_features()

    # -- what trains, and how ----------------------------------------------------------------
    @property
    def _frozen_epochs(self):
        return frozen_epochs(self.settings)

    def _train_parts(self, parts):
        settings = self.settings
        train_only(self.model, parts, bn=not settings.bn_train)
        if settings.freeze == "bn":
            freeze_norm(self.model)
        self.trunk_is_frozen = parts == [HEAD] and not settings.bn_train

    def _make_optimizer(self):
        settings = self.settings
        # Parameters that are frozen at first are in its groups from the start, and are passed
        # over as long as they get no gradient: so groups, schedule and checkpoint are the same
        # before and after.
        self._train_parts(self._parts if settings.unfreeze_at is None else [""])
        self.optimizer = minitorch.optim.SGD(
            parameter_groups(self.model, [p for p in self.model.parameters() if p.requires_grad],
                             settings.lr, body_lr_mult=settings.body_lr_mult,
                             layer_decay=settings.layer_decay, head=HEAD),
            lr=settings.lr, momentum=settings.momentum, weight_decay=settings.weight_decay,
            nesterov=settings.nesterov)
        self._train_parts(self._parts)

    def _make_schedule(self):
        settings = self.settings
        options = {"step_size": settings.step_size, "gamma": settings.gamma,
                   "patience": settings.patience, "min_lr": settings.min_lr}
        self.schedule = Schedule(
            self.optimizer, settings.sched, epochs=settings.epochs,
            updates=math.ceil(self.batches.batches / settings.accum), warmup=settings.warmup,
            better="min" if settings.metric == "loss" else "max",
            **{name: value for name, value in options.items() if value is not None})

    def _class_weights(self):
        """A weight per class for the loss, or None; what was found is noted."""
        settings, classes = self.settings, self.data.classes
        if settings.class_weights == "none":
            return None
        if settings.class_weights == "balanced":
            weights = balanced_weights([target for _, target in self.data.train], len(classes))
        else:
            weights, unnamed = read_class_weights(settings.class_weights, classes)
            if unnamed:
                self.notes.append(f"{settings.class_weights} names no weight for "
                                  f"{', '.join(map(repr, unnamed))}: 1 is taken")
        least, most = min(weights), max(weights)
        self.notes.append(f"the classes weigh from {least:.3g} ({classes[weights.index(least)]}) "
                          f"to {most:.3g} ({classes[weights.index(most)]}) in the loss")
        return weights

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
            weights |= {"source": _portable(self.pretrained.source),
                        "sha256": self.pretrained.sha256}
        return {"program": f"minitorch {minitorch.__version__}", "weights": weights,
                "data": {"name": settings["data"], "train": len(self.data.train),
                         "val": len(self.data.val), "sha256": self._digest},
                "settings": settings} | (
            {} if self.class_weights is None else {"class_weights": self.class_weights})

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
            self.state.best, self._best_sha256 = None, ""
        if checkpoint is not None and self.path(CONFIG).exists():
            return
        config = self.settings.to_dict() | {"run": {
            "minitorch": minitorch.__version__, "classes": self.data.classes,
            "train_images": len(self.data.train), "val_images": len(self.data.val),
            "ignored_files": self.data.ignored,
            "preprocessing": self.info.preprocessing.to_dict(),
            "augmentation": self.augmentation.to_dict(),
            "provenance": self.info.provenance}}
        write_json(self.path(CONFIG), config)

    # -- a frozen trunk --------------------------------------------------------------------
    def _why_no_features(self):
        """Why the frozen trunk runs in every epoch, instead of once; None if it need not."""
        if not self.settings.feature_cache:
            return "--no-feature-cache"
        if self.augmentation.changes_images or self.augmentation.mixes:
            return "they are others each time"
        if self.settings.limit_batches is not None:
            return "--limit-batches needs few of the images"
        return None

    @property
    def _trunk_batch(self):
        return min(self.settings.batch_size, _TRUNK_BATCH)

    def _open_features(self):
        """Make the table of features, and fill in what is known from an earlier run."""
        reason = self._why_no_features()
        if reason is not None:
            self.notes.append(f"the frozen trunk runs over the images in every epoch: {reason}")
            return
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

    def feature_loader(self):
        """Batches of the images whose features are not known, with their places in the table."""
        samples, known = self.data.train + self.data.val, self.features.known
        # The place in the table stands where the class would.
        images = ImageList([(source, place) for place, (source, _) in enumerate(samples)
                            if not known[place]],
                           self.info.preprocessing.transform(), self.settings.exif, self.problems)
        order = EpochBatches(len(images), self._trunk_batch, shuffle=False, lone="keep")
        return make_loader(images, order, self.settings.workers)

    def compute_features(self, on_images=None, stop=None):
        """Fill in the features that are not known yet; return False if stopped.

        Parameters
        ----------
        on_images : callable, optional
            ``on_images(count)`` after each batch: images read so far, the known ones included.
        stop : callable, optional
            Asked after each batch.
        """
        table, done = self.features, int(self.features.known.sum())
        if done == len(table):
            return True
        saved_at = time.monotonic()

        def on_batch():
            nonlocal done, saved_at
            done = min(done + self._trunk_batch, len(table))
            if time.monotonic() - saved_at >= 60 * self.settings.checkpoint_every:
                self.cache.save(table)
                saved_at = time.monotonic()
            if on_images is not None:
                on_images(done)

        finished = table.fill(without_head(self.model, HEAD), self.feature_loader(),
                              self._trunk_batch, on_batch, stop)
        self.cache.save(table)
        return finished

    def _networks_and_loaders(self):
        """What `fit` trains, what it validates, and on what."""
        judged = self.model if self.average is None else self.average.module
        if self.features is not None:
            train, val = self.data.train, self.data.val
            return (self.model.get_submodule(HEAD), judged.get_submodule(HEAD),
                    FeatureBatches(self.features.part(0, len(train)), [t for _, t in train],
                                   self.batches, self.loaders.minimum),
                    FeatureBatches(self.features.part(len(train), len(self.features)),
                                   [t for _, t in val], self.val_loader.batch_sampler))
        networks = self.model, judged
        if self.trunk_is_frozen:
            networks = [FrozenTrunk(each, HEAD, self._trunk_batch) for each in networks]
        return *networks, self.train_loader, self.val_loader

    def _average_updater(self):
        """What `fit` calls after each update; None without ``--ema``."""
        if self.average is None:
            return None
        average, model = self.average, self.model
        if self.trunk_is_frozen:
            average, model = average_of_part(average, HEAD), model.get_submodule(HEAD)
        return functools.partial(average.update_parameters, model)

    # -- the run -----------------------------------------------------------------------------
    def train(self, on_step=None, on_epoch=None, stop=None, on_images=None, on_warning=None):
        """Train to the end, or until `stop`; save after epochs, at the end and when stopped.

        Parameters are those of `minitorch.training.fit` and `compute_features`;
        ``on_warning(text)`` hears what `minitorch.training.nurse` has to say (default: `notes`
        does).  Returns whether the run is complete.
        """
        self._say = on_warning or self.notes.append
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

        def between_steps():
            if self._save_is_due():
                self.save()
            return stop is not None and stop()

        try:
            finished = True
            if self.state.epoch < self._frozen_epochs < self.settings.epochs:
                finished = self._fit(self._frozen_epochs, None, on_step, after_epoch,
                                     between_steps)
                if finished:
                    self._unfreeze()
            if finished:
                finished = self._fit(self.settings.epochs, self.settings.early_stop, on_step,
                                     after_epoch, between_steps)
        except Exception:
            self._save_after_error()
            raise
        self.save()
        if finished:
            self.folder.finish()
            self._judge()
        return finished

    def _judge(self):
        """Say so if the run came to nothing."""
        best, settings = self.state.best, self.settings
        if best is not None and settings.limit_batches is None:
            text = below_majority(best["accuracy"], [target for _, target in self.data.val],
                                  self.data.classes)
            if text is not None:
                self._say(text)

    def _nurse(self):
        """Watches the steps to come."""
        state = self.state

        def place():
            return (f"epoch {state.epoch + 1}, batch {state.metrics.batches + 1} "
                    f"(step {state.step + 1} of the run)")

        def names(count):
            self.batches.set_position(state.epoch, state.metrics.batches)
            sources = [self.data.train[index][0] for index in next(iter(self.batches))]
            # Where one of them could not be read, nobody knows any more who is who.
            known = len(sources) == count and isinstance(sources[0], (str, Path))
            return [str(source) for source in sources] if known else None

        nurse = Nurse(self.model, self.optimizer, self._say, place, names)
        nurse.drift_advice = "--bn-train asked for it; without, both stay as they are"
        if self._head_is_new and state.step == 0:
            nurse.expect_guessing(len(self.data.classes))
        return nurse

    def _save_is_due(self, wait=math.inf):
        """Whether the last save is `wait` seconds or ``checkpoint_every`` minutes ago."""
        wait = min(wait, 60 * self.settings.checkpoint_every)
        return time.monotonic() - self._saved_at >= wait

    def _fit(self, epochs, patience, on_step, on_epoch, stop):
        settings = self.settings
        network, judged, train_loader, val_loader = self._networks_and_loaders()
        with self._nurse() as nurse:
            return fit(network, self.optimizer, self.loss_fn, train_loader, val_loader,
                       epochs=epochs, state=self.state, schedule=self.schedule,
                       after_update=self._average_updater(), judged=judged,
                       val_loss_fn=minitorch.nn.CrossEntropyLoss(), classes=len(self.data.classes),
                       metric=settings.metric, eval_every=settings.eval_every, patience=patience,
                       patience_since=patience_since(settings), accumulate=settings.accum,
                       clip_grad=settings.clip_grad, on_step=on_step, on_epoch=on_epoch, stop=stop,
                       nurse=nurse)

    def _unfreeze(self):
        if self._best is not None:
            # So far it held what trained; the rest was as it is now, and will not stay so.
            self._best = self._weights(lambda name: name not in self._best) | self._best
        self.features = None
        self._train_parts([""])

    def _weights(self, wanted):
        """Copies of those weights of the model that is judged whose name is `wanted`."""
        judged = self.model if self.average is None else self.average.module
        return {name: value.clone() for name, value in judged.state_dict().items()
                if wanted(name)}

    def _remember_epoch(self, improved):
        """Keep what `save` needs of an epoch that is over, as training goes on changing it."""
        self._unsaved = True
        if improved:
            self.info.metrics = {"val_" + name: value for name, value in self.state.best.items()}
            self._best = self._weights(lambda name: not self.trunk_is_frozen
                                       or name.startswith(HEAD + "."))

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
                with contextlib.suppress(FloatingPointError):
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
        title = f"{self.settings.arch} on {Path(self.data.name).name}"
        if best is not None:
            title += (f": best validation {described_best(self.settings.metric, best, 1)} "
                      f"(epoch {best['epoch']})")
        draw_curves(self.state.history, title, self.path(CURVES))

    def checkpoint_parts(self):
        """What `minitorch.training.checkpoint.checkpoint_of` takes of this run, by keyword."""
        return {"model": self.model, "optimizer": self.optimizer, "state": self.state,
                "batches": self.batches, "info": self.info, "schedule": self.schedule,
                "average": self.average, "config": self.settings.portable(),
                "data_digest": self._digest, "manifest": self._manifest,
                "best_sha256": self._best_sha256}

    def save_checkpoint(self):
        """Write ``last.ckpt``; FloatingPointError if the weights are worth nothing any more."""
        require_finite(self.model)
        save_checkpoint(self.path(CHECKPOINT), **self.checkpoint_parts(),
                        keep=self.path(PREVIOUS))
        self.folder.vouched()


def _portable(source):
    """A file's name without its folder; an address as it is."""
    return source if "://" in source else Path(source).name
