"""Which images a run sees, in which order, and how they are read: its split and its loaders."""

import functools

from minitorch.training.augmentation import AugmentedList, KeyedBatches, MixedBatches
from minitorch.training.data import (
    ImageList,
    ReadProblems,
    digits_data,
    folder_data,
    make_loader,
    part_of,
)
from minitorch.training.doctor.bad_images import recall
from minitorch.training.errors import DataError
from minitorch.training.run.image_record import split_as_recorded, unpack
from minitorch.training.sampling import EpochBatches

__all__ = ["RunLoaders", "load_data"]

# The side in pixels up to which a ResNet's last stage is one value per channel.
_ONE_VALUE_SIDE = 32


def load_data(settings, checkpoint=None):
    """The `DataSplit` that `settings` ask for; with a checkpoint, the one that it was saved with.

    Raises
    ------
    DataError
        The folder cannot be trained on.
    CheckpointMismatch
        Images were added, renamed or rewritten since.
    """
    if checkpoint is None or settings.data == "digits":
        return _scan(settings)
    return split_as_recorded(unpack(checkpoint["manifest"]), functools.partial(_scan, settings),
                             settings.data, is_part=settings.max_train_samples is not None)


def _scan(settings):
    if settings.data == "digits":
        data = digits_data(settings.val_fraction, settings.seed)
    else:
        data = folder_data(settings.data, settings.val_fraction, settings.seed, settings.val)
    count = settings.max_train_samples
    if count is not None and count < len(data.train):
        data.notes.append(f"{count} of {len(data.train)} training images are used")
        try:
            data.train = part_of(data.train, count, settings.seed)
        except DataError as error:
            raise DataError(f"--max-train-samples: {error}") from error
    return data


class RunLoaders:
    """The loaders that the settings of a run ask for.

    Parameters
    ----------
    settings : FinetuneSettings
    data : DataSplit
    preprocessing : Preprocessing
    augmentation : Augmentation
    trains_batchnorm : bool
        Whether a BatchNorm layer trains, which it cannot on one image.

    Attributes
    ----------
    batches : EpochBatches
        The order of training.
    train, val : iterable of (Tensor, Tensor) or None
    minimum : int
        A batch with fewer readable images is passed over.
    problems : ReadProblems
        Files that could not be read so far.
    notes : list of str

    Raises
    ------
    DataError
        ``--drop-last`` leaves no batch, or one that cannot be trained on.
    """

    def __init__(self, settings, data, preprocessing, augmentation, trains_batchnorm=True):
        self.problems = ReadProblems(fatal=settings.bad_images == "fail")
        self.notes = recall(data, settings, self.problems)
        self.batches = self._training_order(settings, [target for _, target in data.train])
        self._check_last_batch(settings, trains_batchnorm)
        # BatchNorm cannot train on one image; with --drop-last no it was asked to.
        self.minimum = 1 if settings.drop_last == "no" else min(2, settings.batch_size)
        self.train = self._training_loader(settings, data, preprocessing, augmentation)
        order = EpochBatches(len(data.val), settings.batch_size, shuffle=False, lone="keep",
                             limit=settings.limit_batches)
        images = ImageList(data.val, preprocessing.transform(), settings.exif, self.problems)
        self.val = make_loader(images, order, settings.workers)

    @staticmethod
    def _training_order(settings, targets):
        try:
            return EpochBatches(
                len(targets), settings.batch_size, seed=settings.seed,
                lone="keep" if settings.drop_last == "no" else "merge",
                drop_last=settings.drop_last == "yes",
                balance=targets if settings.sampler == "balanced" else None,
                limit=settings.limit_batches)
        except ValueError as error:
            raise DataError(f"--drop-last yes: {error}; choose a smaller --batch-size") from error

    def _check_last_batch(self, settings, trains_batchnorm):
        batches = self.batches
        if batches.has_lone:
            self.notes.append("the last batch would hold one image, on which BatchNorm cannot "
                              "train: it is merged into the batch before it")
        elif (settings.drop_last == "no" and batches.length % settings.batch_size == 1
                and settings.image_size <= _ONE_VALUE_SIDE and trains_batchnorm):
            raise DataError("--drop-last no leaves a last batch of one image, on which BatchNorm "
                            "cannot train; --drop-last auto merges it into the batch before it")

    def _training_loader(self, settings, data, preprocessing, augmentation):
        if augmentation.changes_images:
            images = AugmentedList(data.train, augmentation.transform(preprocessing),
                                   settings.exif, self.problems, seed=settings.seed)
            order = KeyedBatches(self.batches)
        else:
            images = ImageList(data.train, preprocessing.transform(), settings.exif,
                               self.problems)
            order = self.batches
        loader = make_loader(images, order, settings.workers, self.minimum)
        if augmentation.mixes:
            loader = MixedBatches(loader, augmentation, len(data.classes), settings.seed)
        return loader
