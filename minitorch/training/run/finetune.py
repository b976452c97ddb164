"""A finetuning run put together from its parts: data, weights, model, optimizer, files."""

import functools
import math
from pathlib import Path

import minitorch
from minitorch.training.augmentation import Augmentation
from minitorch.training.checkpoint import restore_checkpoint
from minitorch.training.ema import average_of_part, exponential_average
from minitorch.training.features import FrozenTrunk
from minitorch.training.files import write_json
from minitorch.training.fit import TrainingState, fit
from minitorch.training.freezing import freeze_norm, train_only
from minitorch.training.groups import parameter_groups
from minitorch.training.history import with_times
from minitorch.training.losses import TrainingLoss, class_weights
from minitorch.training.model_io import ModelInfo, build_model
from minitorch.training.nurse import Nurse, below_majority
from minitorch.training.preprocessing import Preprocessing
from minitorch.training.run.data import RunLoaders, load_data
from minitorch.training.run.features import RunFeatures, trunk_batch, why_no_features
from minitorch.training.run.folder import CONFIG, METRICS, RUN_FILES, RunFolder
from minitorch.training.run.image_record import pack
from minitorch.training.run.parts import check_trained_parts, trained_parts
from minitorch.training.run.progress import (
    described_best,
    frozen_epochs,
    is_complete,
    patience_since,
)
from minitorch.training.run.provenance import config_of, provenance_of
from minitorch.training.run.saving import RunSaver
from minitorch.training.sampling import derived_seed
from minitorch.training.schedule import Schedule
from minitorch.training.weights import HEAD, adopt_weights

__all__ = ["FinetuneRun", "RUN_FILES", "check_trained_parts", "described_best", "is_complete",
           "load_data", "trained_parts"]


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
    features : RunFeatures or None
        As long as only the head trains on images that stay the same.
    saver : RunSaver
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
        root = None if settings.data == "digits" else settings.data
        self._digest = data.digest(root)
        self._make_model()
        self.augmentation = Augmentation.of(settings)
        self.notes += self.augmentation.notes(settings)
        self._make_optimizer()
        self.state = TrainingState()
        self._make_loss_and_info(checkpoint)
        self._make_loaders()
        self._make_schedule()
        self.average = (None if settings.ema is None
                        else exponential_average(self.model, settings.ema))
        if checkpoint is not None:
            self._restore(checkpoint)
        self.saver = RunSaver(
            self.folder, settings, f"{settings.arch} on {Path(data.name).name}", self.judged,
            best_sha256="" if checkpoint is None else checkpoint["best_sha256"],
            model=self.model, optimizer=self.optimizer, state=self.state, batches=self.batches,
            info=self.info, schedule=self.schedule, average=self.average,
            config=settings.portable(), data_digest=self._digest,
            manifest=pack(data.manifest(root)))
        self.features = None
        if settings.unfreeze_at is not None and self.state.epoch >= frozen_epochs(settings):
            self._train_parts([""])
        elif self.trunk_is_frozen:
            self._open_features()

    @property
    def judged(self):
        """What validates and is saved as the best model: the model, or the average of it."""
        return self.model if self.average is None else self.average.module

    def _make_model(self):
        minitorch.manual_seed(derived_seed(self.settings.seed, "model"))
        self.model = build_model(self.settings.arch, len(self.data.classes))
        drawn = self.model.get_submodule(HEAD).weight.detach().clone()
        if self.pretrained is not None:
            self.notes += self.pretrained.notes
            self.notes += adopt_weights(self.model, self.pretrained, self.data.classes)
        self._head_is_new = minitorch.equal(drawn, self.model.get_submodule(HEAD).weight.detach())
        self._parts = trained_parts(self.model, self.settings.train)

    def _make_loss_and_info(self, checkpoint):
        settings, data = self.settings, self.data
        if checkpoint is None:
            weights, notes = class_weights(settings.class_weights,
                                           [target for _, target in data.train], data.classes)
            self.notes += notes
            self.info = ModelInfo(settings.arch, list(data.classes), self._preprocessing(),
                                  provenance=provenance_of(settings, data, self._digest,
                                                           self.pretrained, weights))
        else:
            self.info = ModelInfo.from_metadata(checkpoint["info"])
            # The file of weights may have changed since.
            weights = self.info.provenance.get("class_weights")
        self.class_weights = weights
        self.loss_fn = TrainingLoss(weights, settings.smoothing)

    def _preprocessing(self):
        like = None if self.pretrained is None else self.pretrained.preprocessing
        # A bundled digit fills its 8 by 8 pixels: cropping would cut strokes.
        return Preprocessing.for_size(self.settings.image_size, like,
                                      whole=self.settings.data == "digits",
                                      exif=self.settings.exif)

    def _make_loaders(self):
        settings = self.settings
        only_head = self._parts == [HEAD] and settings.unfreeze_at is None
        loaders = RunLoaders(settings, self.data, self.info.preprocessing, self.augmentation,
                             trains_batchnorm=not only_head and settings.freeze != "bn")
        self.loaders, self.problems, self.batches = loaders, loaders.problems, loaders.batches
        self.train_loader, self.val_loader = loaders.train, loaders.val
        self.notes += loaders.notes

    def _restore(self, checkpoint):
        restore_checkpoint(checkpoint, model=self.model, optimizer=self.optimizer,
                           state=self.state, batches=self.batches, schedule=self.schedule,
                           average=self.average, data_digest=self._digest)
        # The times of the epochs behind us are not in the checkpoint.
        try:
            text = self.path(METRICS).read_text()
        except (OSError, ValueError):
            text = ""
        self.state.history = with_times(self.state.history, text)

    # -- what trains, and how ----------------------------------------------------------------
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
            self.saver.forget_best()
        if checkpoint is not None and self.path(CONFIG).exists():
            return
        write_json(self.path(CONFIG),
                   config_of(self.settings, self.data, self.info, self.augmentation))

    # -- what trains on what -----------------------------------------------------------------
    def _open_features(self):
        reason = why_no_features(self.settings, self.augmentation)
        if reason is not None:
            self.notes.append(f"the frozen trunk runs over the images in every epoch: {reason}")
            return
        self.features = RunFeatures(self.settings, self.data, self.model,
                                    self.info.preprocessing, self.problems)
        self.notes += self.features.notes

    def networks_and_loaders(self):
        """What `fit` trains, what it validates, and on what, as things stand."""
        if self.features is not None:
            return (self.model.get_submodule(HEAD), self.judged.get_submodule(HEAD),
                    self.features.training_batches(self.batches, self.loaders.minimum),
                    self.features.validation_batches(self.val_loader.batch_sampler))
        networks = self.model, self.judged
        if self.trunk_is_frozen:
            networks = [FrozenTrunk(each, HEAD, trunk_batch(self.settings)) for each in networks]
        return *networks, self.train_loader, self.val_loader

    def average_updater(self):
        """What `fit` calls after each update; None without ``--ema``."""
        if self.average is None:
            return None
        average, model = self.average, self.model
        if self.trunk_is_frozen:
            average, model = average_of_part(average, HEAD), model.get_submodule(HEAD)
        return functools.partial(average.update_parameters, model)

    def unfreeze(self):
        """Let everything train from here on, as ``--unfreeze-at`` asks for."""
        self.saver.complete_best()
        self.features = None
        self._train_parts([""])

    # -- the run -----------------------------------------------------------------------------
    def train(self, on_step=None, on_epoch=None, stop=None, on_images=None, on_warning=None):
        """Train to the end, or until `stop`; save after epochs, at the end and when stopped.

        Parameters are those of `minitorch.training.fit` and `RunFeatures.compute`;
        ``on_warning(text)`` hears what `minitorch.training.nurse` has to say (default: `notes`
        does).  Returns whether the run is complete.
        """
        self._say = on_warning or self.notes.append
        settings, saver = self.settings, self.saver
        if self.features is not None and not self.features.compute(on_images, stop):
            saver.save_checkpoint()
            return False
        saver.start_clock()

        def after_epoch(state, improved):
            saver.remember_epoch(improved, only_head=self.trunk_is_frozen)
            saver.save_after_epoch()
            if on_epoch is not None:
                on_epoch(state, improved)

        def between_steps():
            saver.save_between_steps()
            return stop is not None and stop()

        try:
            finished = True
            if self.state.epoch < frozen_epochs(settings) < settings.epochs:
                finished = self._fit(frozen_epochs(settings), None, on_step, after_epoch,
                                     between_steps)
                if finished:
                    self.unfreeze()
            if finished:
                finished = self._fit(settings.epochs, settings.early_stop, on_step, after_epoch,
                                     between_steps)
        except Exception:
            saver.save_after_error()
            raise
        saver.save()
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

    def _fit(self, epochs, patience, on_step, on_epoch, stop):
        settings = self.settings
        network, judged, train_loader, val_loader = self.networks_and_loaders()
        with self._nurse() as nurse:
            return fit(network, self.optimizer, self.loss_fn, train_loader, val_loader,
                       epochs=epochs, state=self.state, schedule=self.schedule,
                       after_update=self.average_updater(), judged=judged,
                       val_loss_fn=minitorch.nn.CrossEntropyLoss(), classes=len(self.data.classes),
                       metric=settings.metric, eval_every=settings.eval_every, patience=patience,
                       patience_since=patience_since(settings), accumulate=settings.accum,
                       clip_grad=settings.clip_grad, on_step=on_step, on_epoch=on_epoch, stop=stop,
                       nurse=nurse)
