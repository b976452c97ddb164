"""Random changes of the training images, and mixtures of them, the same however often computed.

What happens to a sample depends on the run's seed, the epoch, the batch and the sample; what
happens to a batch, on the seed, the epoch and the batch's number. No state is carried from one to
the next, so any number of worker threads, reading ahead and a resumed run give the same pictures.
"""

from dataclasses import asdict, dataclass

import minitorch
from minitorch.random import drawing_from
from minitorch.training.data import ImageList
from minitorch.training.sampling import derived_seed
from minitorch.training.settings import AUGMENTATIONS

__all__ = ["Augmentation", "AugmentedList", "KeyedBatches", "MixedBatches"]

# A mirrored digit is no digit, and one that fills its image loses strokes to a crop.
_DIGITS = {"hflip": 0.0, "scale": 0.7}


@dataclass(frozen=True)
class Augmentation:
    """How a run changes its training images.

    Attributes
    ----------
    scale : float
        Least share of the area that a random crop keeps; 1: the validation's own crop.
    hflip : float
        Probability of the mirror image.
    jitter : float
        Brightness, contrast and saturation change by factors from 1 - `jitter` to 1 + `jitter`.
    erasing : float
        Probability that a rectangle becomes the mean colour.
    mixup, cutmix : float
        Parameter of the Beta distribution of the shares in which two images are mixed, or one is
        pasted into the other; 0: never. Of both, one is chosen for each batch.
    """

    scale: float = 1.0
    hflip: float = 0.0
    jitter: float = 0.0
    erasing: float = 0.0
    mixup: float = 0.0
    cutmix: float = 0.0

    @classmethod
    def of(cls, settings):
        """What the settings of a run ask for."""
        values = dict(AUGMENTATIONS[settings.aug])
        if settings.data == "digits":
            values["hflip"] = min(values["hflip"], _DIGITS["hflip"])
            values["scale"] = max(values["scale"], _DIGITS["scale"])
        for name in values:
            if getattr(settings, name) is not None:
                values[name] = float(getattr(settings, name))
        return cls(**values, mixup=float(settings.mixup), cutmix=float(settings.cutmix))

    @property
    def changes_images(self):
        """Whether single images are changed."""
        return self.scale < 1 or any((self.hflip, self.jitter, self.erasing))

    @property
    def mixes(self):
        """Whether the images of a batch are mixed."""
        return bool(self.mixup or self.cutmix)

    def to_dict(self):
        """A dictionary that JSON can hold."""
        return asdict(self)

    def transform(self, preprocessing):
        """From a PIL image to the tensor that trains, by random numbers of the default generator.

        Parameters
        ----------
        preprocessing : Preprocessing
            What is done to images that validate; its size and normalisation hold here too.
        """
        from minitorch import transforms as T
        mode = T.InterpolationMode(preprocessing.interpolation)
        size = preprocessing.crop_size
        if self.scale < 1:
            steps = [T.RandomResizedCrop(size, scale=(self.scale, 1.0), interpolation=mode)]
        else:
            steps = [T.Resize(preprocessing.resize_size, mode), T.CenterCrop(size)]
        if self.hflip:
            steps.append(T.RandomHorizontalFlip(self.hflip))
        if self.jitter:
            steps.append(T.ColorJitter(self.jitter, self.jitter, self.jitter))
        steps.append(T.presets.Normalized(preprocessing.mean, preprocessing.std))
        if self.erasing:
            steps.append(T.RandomErasing(self.erasing, inplace=True))
        return T.Compose(steps)

    def in_words(self):
        """One line for the user; empty if nothing is changed."""
        parts = []
        if self.scale < 1:
            parts.append(f"crops of {100 * self.scale:.3g} to 100 % of the area")
        if self.hflip:
            parts.append(f"mirrored with probability {self.hflip:g}")
        if self.jitter:
            parts.append(f"brightness, contrast and saturation changed by up to {self.jitter:g}")
        if self.erasing:
            parts.append(f"a rectangle erased with probability {self.erasing:g}")
        if self.mixup:
            parts.append(f"mixup {self.mixup:g}")
        if self.cutmix:
            parts.append(f"cutmix {self.cutmix:g}")
        return ", ".join(parts)

    def notes(self, settings):
        """What the user should know about it."""
        notes = []
        if self.in_words():
            notes.append(f"augmentation: {self.in_words()}; validation sees the plain images")
        mirrors = AUGMENTATIONS[settings.aug]["hflip"] > 0
        if settings.data == "digits" and mirrors and settings.hflip is None:
            notes.append("digits are not mirrored, as a mirrored digit is none; --hflip 0.5 does "
                         "it all the same")
        if self.mixes:
            notes.append("the training accuracy counts, of each mixed image, the class with the "
                         "greater share; it is no measure of the plain images")
        return notes


class KeyedBatches:
    """A batch sampler whose samples know where in the run they stand.

    Parameters
    ----------
    order : EpochBatches
        It yields the indices; here they come as ``(epoch, batch, index)``.
    """

    def __init__(self, order):
        self.order = order

    epoch = property(lambda self: self.order.epoch)
    cursor = property(lambda self: self.order.cursor)
    batches = property(lambda self: self.order.batches)

    def set_position(self, epoch, cursor=0):
        """See `EpochBatches.set_position`."""
        self.order.set_position(epoch, cursor)

    def __len__(self):
        return len(self.order)

    def __iter__(self):
        epoch, first = self.order.epoch, self.order.cursor
        for number, indices in enumerate(self.order, first):
            yield [(epoch, number, index) for index in indices]


class AugmentedList(ImageList):
    """An `ImageList` whose random transform draws for each sample from a stream of its own.

    Its indices are those of `KeyedBatches`: an image that comes twice in an epoch is changed in
    two ways.

    Parameters
    ----------
    samples, transform, exif, problems
        As in `ImageList`; `transform` draws from the default generator.
    seed : int
        Of the run.
    """

    def __init__(self, samples, transform=None, exif=True, problems=None, *, seed=0):
        super().__init__(samples, transform, exif, problems)
        self.seed = seed

    def __getitem__(self, key):
        epoch, batch, index = key
        seed = derived_seed(self.seed, "augment", epoch, batch, index)
        with drawing_from(minitorch.Generator().manual_seed(seed)):
            return super().__getitem__(index)


class MixedBatches:
    """The batches of a loader, each mixed within itself.

    Parameters
    ----------
    loader : DataLoader
        Its ``batch_sampler`` is an `EpochBatches` or `KeyedBatches`.
    augmentation : Augmentation
    classes : int
        The targets become probabilities of so many classes.
    seed : int
        Of the run.
    """

    def __init__(self, loader, augmentation, classes, seed):
        self.loader, self.augmentation = loader, augmentation
        self.classes, self.seed = classes, seed

    @property
    def batch_sampler(self):
        return self.loader.batch_sampler

    def __len__(self):
        return len(self.loader)

    def __iter__(self):
        epoch, first = self.batch_sampler.epoch, self.batch_sampler.cursor
        for number, batch in enumerate(self.loader, first):
            yield None if batch is None else self.mixed(*batch, epoch, number)

    def mixed(self, images, targets, epoch, number):
        """The images and the class probabilities of batch `number` of an epoch."""
        from minitorch.transforms import mixing
        seed = derived_seed(self.seed, "mix", epoch, number)
        generator = minitorch.Generator().manual_seed(seed)
        pastes = bool(self.augmentation.cutmix)
        if pastes and self.augmentation.mixup:
            pastes = minitorch.rand(1, generator=generator).item() < 0.5
        share = mixing.beta(self.augmentation.cutmix if pastes else self.augmentation.mixup,
                            generator)
        if pastes:
            box, share = mixing.cut_box(share, *images.shape[-2:], generator)
            images = mixing.cutmix(images, box)
        else:
            images = mixing.mixup(images, share)
        return images, mixing.mixed_labels(targets, share, self.classes)
