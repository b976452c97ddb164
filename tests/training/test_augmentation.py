"""Augmented pictures depend on seed, epoch, batch and sample, and on nothing else."""

import numpy as np
import pytest
from training_images import make_folder, picture
from training_runs import outcome, run_of

import minitorch
from minitorch.random import drawing_from
from minitorch.training import EpochBatches, FinetuneSettings, Preprocessing, load_checkpoint
from minitorch.training.augmentation import (
    Augmentation,
    AugmentedList,
    KeyedBatches,
)
from minitorch.training.metrics import RunningMetrics
from minitorch.training.settings import AUGMENTATIONS
from minitorch.transforms import mixing

STRONG = {"aug": "standard", "erasing": 0.9, "mixup": 0.4, "cutmix": 0.4}


@pytest.fixture(scope="module")
def root(tmp_path_factory):
    return make_folder(tmp_path_factory.mktemp("augmented"), per_class=7)


def batches_of(run, epoch, cursor=0):
    run.train_loader.batch_sampler.set_position(epoch, cursor)
    return [(images.numpy().tobytes(), targets.tolist()) for images, targets in run.train_loader]


def test_batches_are_the_same_for_any_number_of_workers_and_from_any_place(root, tmp_path):
    plain, *others = [batches_of(run_of(root, tmp_path, workers=workers, **STRONG), 2)
                      for workers in (0, 1, 3)]
    assert others == [plain, plain]
    run = run_of(root, tmp_path, workers=2, **STRONG)
    minitorch.rand(5)  # the default stream does not matter
    assert batches_of(run, 2, 3) == plain[3:]


def test_pictures_change_from_epoch_to_epoch_and_with_the_seed(root, tmp_path):
    run = run_of(root, tmp_path, **STRONG)
    other = run_of(root, tmp_path, seed=1, **STRONG)
    assert batches_of(run, 0) == batches_of(run, 0)
    images = run.train_loader.loader.dataset
    pictures = [images[epoch, 0, 5][0].numpy().tobytes() for epoch in range(4)]
    pictures.append(other.train_loader.loader.dataset[0, 0, 5][0].numpy().tobytes())
    assert len(set(pictures)) == 5


def test_an_image_that_comes_twice_in_an_epoch_is_changed_in_two_ways():
    images = AugmentedList([(picture((90, 120, 50), 1), 0)],
                           Augmentation(scale=0.3).transform(Preprocessing.for_size(16)))
    first, again, second = (images[key][0].numpy() for key in ((0, 0, 0), (0, 0, 0), (0, 3, 0)))
    np.testing.assert_array_equal(first, again)
    assert not np.array_equal(first, second)


def test_a_resumed_run_ends_with_the_same_bits(root, tmp_path):
    whole = run_of(root, tmp_path / "whole", workers=0, **STRONG)
    whole.open_folder()
    assert whole.train()
    part = run_of(root, tmp_path / "part", workers=3, **STRONG)
    part.open_folder()
    # In the middle of the second epoch.
    assert not part.train(stop=lambda: part.state.epoch == 1 and part.state.metrics.batches == 2)
    resumed = run_of(root, tmp_path / "part",
                     load_checkpoint(tmp_path / "part" / "last.ckpt"), workers=1, **STRONG)
    assert resumed.state.metrics.batches == 2
    assert resumed.train()
    assert outcome(resumed) == outcome(whole)


def test_validation_sees_plain_images_and_the_features_are_not_kept(root, tmp_path):
    run, plain = run_of(root, tmp_path, **STRONG), run_of(root, tmp_path)
    for (images, targets), (wanted, classes) in zip(run.val_loader, plain.val_loader, strict=True):
        np.testing.assert_array_equal(images.numpy(), wanted.numpy())
        assert targets.tolist() == classes.tolist()
    assert run.features is None
    assert plain.features is not None
    notes = "\n".join(run.notes)
    assert "the frozen trunk runs over the images in every epoch" in notes
    assert "validation sees the plain images" in notes
    assert "the class with the greater share" in notes


def test_without_changes_the_images_are_those_of_validation():
    preprocessing = Preprocessing.for_size(16)
    image = picture((10, 200, 60), 4)
    np.testing.assert_array_equal(Augmentation().transform(preprocessing)(image).numpy(),
                                  preprocessing.transform()(image).numpy())
    assert not Augmentation().changes_images
    assert Augmentation().notes(FinetuneSettings()) == []


def test_words_and_single_settings():
    def of(**settings):
        return Augmentation.of(FinetuneSettings(data="photos", **settings)).to_dict()

    for word, values in AUGMENTATIONS.items():
        assert of(aug=word) == values | {"mixup": 0.0, "cutmix": 0.0}
    changed = of(aug="standard", hflip=0.0, scale=0.5, mixup=0.2)
    assert changed == AUGMENTATIONS["standard"] | {"hflip": 0.0, "scale": 0.5, "mixup": 0.2,
                                                   "cutmix": 0.0}


def test_digits_are_not_mirrored_unless_asked_to():
    settings = FinetuneSettings(aug="standard")
    augmentation = Augmentation.of(settings)
    assert (augmentation.hflip, augmentation.scale) == (0, 0.7)
    assert any("digits are not mirrored" in note for note in augmentation.notes(settings))
    assert Augmentation.of(FinetuneSettings(aug="standard", hflip=0.5)).hflip == 0.5


@pytest.mark.parametrize("settings, text", [
    ({"hflip": 1.5}, "hflip is 1.5"), ({"scale": 0.0}, "scale is 0.0"),
    ({"scale": 1.2}, "scale is 1.2"), ({"mixup": -1.0}, "mixup is -1.0"),
    ({"aug": "lite"}, "did you mean"), ({"mixup": 1.0, "batch_size": 1}, "no second one")])
def test_settings_are_checked(settings, text):
    with pytest.raises(ValueError, match=text):
        FinetuneSettings(**settings).check()


# -- mixing ----------------------------------------------------------------------------------


def test_mixup_and_cutmix_give_shares_as_targets(root, tmp_path):
    for settings in ({"mixup": 0.5}, {"cutmix": 0.5}):
        run = run_of(root, tmp_path, **settings)
        plain = run_of(root, tmp_path, feature_cache=False)
        for loader in (run.train_loader, plain.train_loader):
            loader.batch_sampler.set_position(1)
        for (images, targets), (own, classes) in zip(run.train_loader, plain.train_loader,
                                                     strict=True):
            np.testing.assert_allclose(targets.numpy().sum(1), 1, atol=1e-6)
            other = own.roll(1, 0).numpy()
            one_hot = np.eye(3)[classes.numpy()]
            mixed = ~np.isclose(own.numpy(), other)
            share = (((images.numpy() - other) / np.where(mixed, own.numpy() - other, 1))[mixed]
                     if mixed.any() else np.ones(1))
            if "mixup" in settings:  # the same share everywhere
                np.testing.assert_allclose(share, np.median(share), atol=1e-2)
            else:  # one or the other
                assert (np.isclose(share, 0, atol=1e-3) | np.isclose(share, 1, atol=1e-3)).all()
                image, before = images.numpy()[0], own.numpy()[0]
                pasted = (image != before).any(0).mean()
                share = 1 - pasted
            wanted = np.median(share) * one_hot + (1 - np.median(share)) * np.roll(one_hot, 1, 0)
            np.testing.assert_allclose(targets.numpy(), wanted, atol=2e-3)


def test_beta_has_the_moments_of_its_distribution():
    generator = minitorch.Generator().manual_seed(5)
    for alpha in (0.2, 1.0, 4.0):
        drawn = np.array([mixing.beta(alpha, generator) for _ in range(4000)])
        assert abs(drawn.mean() - 0.5) < 0.02
        assert abs(drawn.var() - 1 / (4 * (2 * alpha + 1))) < 0.01
        assert 0 < drawn.min() and drawn.max() < 1


def test_a_mixed_image_counts_for_its_greater_share():
    metrics = RunningMetrics()
    outputs = minitorch.tensor([[3.0, 1.0, 0.0], [0.0, 1.0, 3.0]])
    metrics.update(1.0, outputs, minitorch.tensor([[0.7, 0.3, 0.0], [0.6, 0.0, 0.4]]))
    assert (metrics.correct, metrics.images) == (1, 2)


# -- random numbers of a thread --------------------------------------------------------------


def test_drawing_from_holds_for_what_names_no_generator_and_ends():
    minitorch.manual_seed(3)
    outside = minitorch.get_rng_state().numpy().copy()
    own = minitorch.Generator().manual_seed(9)
    with drawing_from(own):
        got = [minitorch.rand(2).tolist(), minitorch.randperm(5).tolist()]
        with drawing_from(minitorch.Generator().manual_seed(1)):
            minitorch.manual_seed(4)
            assert minitorch.initial_seed() == 4
        assert minitorch.initial_seed() == 9
    np.testing.assert_array_equal(minitorch.get_rng_state().numpy(), outside)
    minitorch.manual_seed(9)
    assert got == [minitorch.rand(2).tolist(), minitorch.randperm(5).tolist()]
    with pytest.raises(TypeError, match="'generator' must be torch.Generator, not int"):
        drawing_from(3)


def test_drawing_from_concerns_its_own_thread_only():
    import threading
    seen = {}

    def elsewhere():
        seen["drawn"] = minitorch.rand(3).tolist()

    minitorch.manual_seed(11)
    with drawing_from(minitorch.Generator().manual_seed(2)):
        thread = threading.Thread(target=elsewhere)
        thread.start()
        thread.join()
    minitorch.manual_seed(11)
    assert seen["drawn"] == minitorch.rand(3).tolist()


def test_dataset_in_a_worker_draws_from_the_workers_generator():
    class Drawing(minitorch.utils.data.Dataset):
        def __len__(self):
            return 6

        def __getitem__(self, index):
            return minitorch.rand(1)

    def run():
        loader = minitorch.utils.data.DataLoader(Drawing(), num_workers=2)
        minitorch.manual_seed(0)
        return [batch.item() for batch in loader], minitorch.rand(1).item()

    first = run()
    assert len(set(first[0])) == 6
    assert run() == first


def test_keyed_batches_carry_epoch_and_number():
    order = EpochBatches(6, 2, seed=1)
    keyed = KeyedBatches(order)
    keyed.set_position(3, 1)
    indices = list(order)
    assert list(keyed) == [[(3, number, index) for index in batch]
                           for number, batch in enumerate(indices, 1)]
    assert (len(keyed), keyed.batches, keyed.epoch, keyed.cursor) == (2, 3, 3, 1)

