"""The features of a run's images under its frozen trunk, as long as only the head trains."""

import time

from minitorch.training.data import ImageList, make_loader
from minitorch.training.feature_cache import FeatureCache, feature_folder
from minitorch.training.features import FeatureBatches, FeatureTable, without_head
from minitorch.training.sampling import EpochBatches
from minitorch.training.weights import HEAD

__all__ = ["RunFeatures", "trunk_batch", "why_no_features"]

# Images that a frozen trunk sees at once, if --batch-size does not ask for less memory.
_TRUNK_BATCH = 32


def trunk_batch(settings):
    """How many images a frozen trunk sees at once."""
    return min(settings.batch_size, _TRUNK_BATCH)


def why_no_features(settings, augmentation):
    """Why a frozen trunk runs in every epoch, instead of once; None if it need not."""
    if not settings.feature_cache:
        return "--no-feature-cache"
    if augmentation.changes_images or augmentation.mixes:
        return "they are others each time"
    if settings.limit_batches is not None:
        return "--limit-batches needs few of the images"
    return None


class RunFeatures(FeatureTable):
    """The features of the training images and then of the validation images.

    Those that an earlier run kept are known from the start, and the rest after `compute`.

    Parameters
    ----------
    settings : FinetuneSettings
    data : DataSplit
    model : minitorch.nn.Module
        All but its head is the trunk; it must stay as it is.
    preprocessing : Preprocessing
    problems : ReadProblems
        Gets the images that cannot be read.

    Attributes
    ----------
    cache : FeatureCache
    batch_size : int
        Images that the trunk sees at once.
    notes : list of str
    """

    def __init__(self, settings, data, model, preprocessing, problems):
        self._samples, self._training_images = data.train + data.val, len(data.train)
        self._settings, self._preprocessing = settings, preprocessing
        self._problems, self._trunk = problems, without_head(model, HEAD)
        super().__init__(len(self._samples), model.get_submodule(HEAD).in_features)
        self.batch_size = trunk_batch(settings)
        self.cache = FeatureCache(
            feature_folder(), data.name, [source for source, _ in self._samples], self._trunk,
            preprocessing.to_dict() | {"exif": settings.exif}, self.batch_size)
        self.cache.load(self)
        known = int(self.known.sum())
        self.notes = [self.cache.note] if self.cache.note else []
        self.notes.append(f"the trunk is frozen: the features of {len(self)} images are "
                          "computed once" + (f", {known} are known from before" if known else ""))

    @property
    def missing(self):
        """How many are not known yet."""
        return int((~self.known).sum())

    def missing_images(self):
        """A loader of the images whose features are not known, with their places in the table."""
        # The place in the table stands where the class would.
        images = ImageList([(source, place) for place, (source, _) in enumerate(self._samples)
                            if not self.known[place]],
                           self._preprocessing.transform(), self._settings.exif, self._problems)
        order = EpochBatches(len(images), self.batch_size, shuffle=False, lone="keep")
        return make_loader(images, order, self._settings.workers)

    def compute(self, on_images=None, stop=None):
        """Fill in the features that are not known yet; return False if stopped.

        Parameters
        ----------
        on_images : callable, optional
            ``on_images(count)`` after each batch: images read so far, the known ones included.
        stop : callable, optional
            Asked after each batch.
        """
        done = len(self) - self.missing
        if done == len(self):
            return True
        saved_at = time.monotonic()

        def on_batch():
            nonlocal done, saved_at
            done = min(done + self.batch_size, len(self))
            if time.monotonic() - saved_at >= 60 * self._settings.checkpoint_every:
                self.cache.save(self)
                saved_at = time.monotonic()
            if on_images is not None:
                on_images(done)

        finished = self.fill(self._trunk, self.missing_images(), self.batch_size, on_batch, stop)
        self.cache.save(self)
        return finished

    def training_batches(self, order, minimum):
        """A loader of (features, classes) of the training images."""
        count = self._training_images
        targets = [target for _, target in self._samples[:count]]
        return FeatureBatches(self.part(0, count), targets, order, minimum)

    def validation_batches(self, order, targets=None):
        """A loader of (features, classes) of the validation images; or of what is in `targets`."""
        count = self._training_images
        if targets is None:
            targets = [target for _, target in self._samples[count:]]
        return FeatureBatches(self.part(count, len(self)), targets, order)
