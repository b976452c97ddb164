"""Which images a run gets, and what it does with those it cannot read."""

import os

import pytest
from PIL import Image
from training_images import COLOURS, make_folder, truncate

import minitorch as torch
from minitorch.datasets.images import ImageError
from minitorch.training import (
    DataError,
    EpochBatches,
    ImageList,
    Preprocessing,
    ReadProblems,
    folder_data,
    labelled_images,
    make_loader,
    part_of,
    stratified_split,
)
from minitorch.training.data import images_below


def test_stratified_split_keeps_each_class_in_both_parts():
    targets = [0] * 50 + [1] * 5 + [2] * 2
    train, val = stratified_split(targets, 0.2, seed=4)
    assert sorted(train + val) == list(range(57))
    assert [sum(targets[i] == c for i in val) for c in range(3)] == [10, 1, 1]
    assert stratified_split(targets, 0.2, seed=4) == (train, val)
    assert stratified_split(targets, 0.2, seed=5) != (train, val)


def test_stratified_split_refuses_what_cannot_be_split():
    with pytest.raises(ValueError, match="class 1 has one sample"):
        stratified_split([0, 0, 1], 0.5)
    for fraction in (0, 1, 1.5):
        with pytest.raises(ValueError, match="between 0 and 1"):
            stratified_split([0, 0], fraction)


def test_folder_is_split_by_class(tmp_path):
    root = make_folder(tmp_path / "data", per_class=5)
    (root / "red" / "notes.txt").write_text("not an image")
    (root / "red" / ".hidden.png").write_bytes(b"")
    (root / ".git").mkdir()
    data = folder_data(root, 0.2)
    assert data.classes == sorted(COLOURS)
    assert (len(data.train), len(data.val), data.ignored) == (12, 3, 1)
    assert {target for _, target in data.val} == {0, 1, 2}
    assert not {path for path, _ in data.train} & {path for path, _ in data.val}


def test_ready_split_maps_classes_by_name(tmp_path):
    make_folder(tmp_path / "train", per_class=2)
    make_folder(tmp_path / "val", per_class=1, colours={"red": COLOURS["red"]})
    data = folder_data(tmp_path)
    assert [target for _, target in data.val] == [data.classes.index("red")]
    assert any("blue sky" in note and "grün" in note for note in data.notes)


def test_unknown_validation_class_names_the_nearest(tmp_path):
    make_folder(tmp_path / "train", per_class=2)
    make_folder(tmp_path / "val", per_class=1, colours={"rad": (1, 2, 3)})
    with pytest.raises(DataError, match="rad"):
        folder_data(tmp_path)
    with pytest.raises(DataError, match="no class is called 'rad'.*did you mean 'red'"):
        labelled_images(tmp_path / "val", sorted(COLOURS))


def test_folders_that_cannot_be_used_are_refused(tmp_path):
    with pytest.raises(DataError, match="does not exist"):
        folder_data(tmp_path / "nowhere")
    (tmp_path / "file").write_text("")
    with pytest.raises(DataError, match="is not a folder"):
        folder_data(tmp_path / "file")
    (tmp_path / "empty").mkdir()
    with pytest.raises(DataError):
        folder_data(tmp_path / "empty")
    one = make_folder(tmp_path / "one", colours={"red": (9, 9, 9)})
    with pytest.raises(DataError, match="only one class"):
        folder_data(one)
    lone = make_folder(tmp_path / "lone", per_class=3)
    make_folder(lone / "x", per_class=1, colours={"deeper": (1, 1, 1)})
    with pytest.raises(DataError, match="x: .*single image"):
        folder_data(lone)
    split = make_folder(tmp_path / "split" / "train").parent
    make_folder(split / "test")
    with pytest.raises(DataError, match="not both train and val"):
        folder_data(split)
    bare = make_folder(tmp_path / "bare", per_class=2)
    (bare / "void").mkdir()
    with pytest.raises(DataError, match="void"):
        folder_data(bare)


def test_digest_notices_added_and_renamed_files(tmp_path):
    root = make_folder(tmp_path / "a", per_class=4)
    first = folder_data(root).digest(root)
    assert folder_data(root).digest(root) == first
    moved = tmp_path / "b"
    os.rename(root, moved)
    assert folder_data(moved).digest(moved) == first
    os.rename(moved / "red" / "00.png", moved / "red" / "000.png")
    assert folder_data(moved).digest(moved) != first


def loader_of(root, workers, problems, minimum=1):
    samples, _ = labelled_images(root, sorted(COLOURS))
    images = ImageList(samples, Preprocessing.for_size(32).transform(), True, problems)
    order = EpochBatches(len(images), 4, seed=0)
    return make_loader(images, order, workers, minimum)


def test_unreadable_files_are_left_out_and_named(tmp_path):
    root = make_folder(tmp_path / "data", per_class=4)
    truncate(root / "red" / "01.png")
    (root / "grün" / "02.png").write_bytes(b"")
    problems = ReadProblems()
    batches = list(loader_of(root, 0, problems))
    assert sum(len(targets) for _, targets in batches) == 10
    assert set(problems.reasons) == {str(root / "red" / "01.png"), str(root / "grün" / "02.png")}
    for path, reason in problems.take():
        assert reason and path not in reason
    assert problems.take() == []
    list(loader_of(root, 0, problems))
    assert problems.take() == [], "a file is reported once"


@pytest.mark.parametrize("workers", [1, 3])
def test_batches_are_the_same_for_any_number_of_workers(tmp_path, workers):
    root = make_folder(tmp_path / "data", per_class=5)
    truncate(root / "red" / "01.png")
    alone = list(loader_of(root, 0, ReadProblems()))
    together = list(loader_of(root, workers, ReadProblems()))
    for (images, targets), (others, wanted) in zip(alone, together, strict=True):
        assert torch.equal(images, others) and torch.equal(targets, wanted)


def test_batch_below_the_minimum_comes_as_none(tmp_path):
    root = make_folder(tmp_path / "data", per_class=2, colours=dict(list(COLOURS.items())[:2]))
    for name in ("00.png", "01.png"):
        truncate(root / "grün" / name)
    truncate(root / "blue sky" / "00.png")
    assert list(loader_of(root, 0, ReadProblems(), minimum=2)) == [None]
    assert len(list(loader_of(root, 0, ReadProblems()))[0][1]) == 1


def test_unreadable_file_without_a_log_is_an_error(tmp_path):
    root = make_folder(tmp_path / "data", per_class=1)
    truncate(root / "red" / "00.png")
    samples, _ = labelled_images(root, sorted(COLOURS))
    with pytest.raises(ImageError, match="00.png"):
        ImageList(samples)[2]


def test_hair_thin_image_is_left_out_instead_of_filling_the_memory(tmp_path):
    Image.new("1", (30000, 2)).save(tmp_path / "a.png")
    problems = ReadProblems()
    images = ImageList([(tmp_path / "a.png", 0)], Preprocessing().transform(), problems=problems)
    assert images[0] is None and "30000 by 2 pixels" in problems.take()[0][1]


@pytest.mark.parametrize("mode", ["RGB", "RGBA", "P", "L", "CMYK", "I;16", "1", "LA"])
def test_every_mode_becomes_three_channels(tmp_path, mode):
    root = make_folder(tmp_path / "data", per_class=1, modes=(mode,))
    samples, _ = labelled_images(root, sorted(COLOURS))
    image, _ = ImageList(samples, Preprocessing.for_size(32).transform())[2]
    assert image.shape == (3, 32, 32) and image.dtype == torch.float32


def test_preprocessing_round_trip_and_derived_size():
    made = Preprocessing.for_size(112)
    assert (made.crop_size, made.resize_size) == (112, 128)
    assert Preprocessing.from_dict(made.to_dict()) == made
    assert Preprocessing.for_size(64, whole=True).resize_size == 64
    like = Preprocessing(64, 64, (0.1, 0.1, 0.1), (0.3, 0.3, 0.3), "bicubic")
    assert Preprocessing.for_size(96, like) == Preprocessing(96, 96, like.mean, like.std,
                                                             "bicubic")
    for bad in ({}, {"crop_size": 0}, {"wrong": 1}, {"std": [0, 1, 1]}, {"mean": [1]}):
        if bad:
            with pytest.raises(ValueError):
                Preprocessing.from_dict(bad)


def test_folder_that_may_not_be_read_is_not_called_empty(tmp_path, monkeypatch):
    root = make_folder(tmp_path / "data")
    closed = os.path.join(str(root), "red")
    scandir = os.scandir

    def refuse(path="."):
        if os.fspath(path) == closed:
            raise PermissionError(13, "Permission denied", closed)
        return scandir(path)

    monkeypatch.setattr(os, "scandir", refuse)
    with pytest.raises(DataError, match="red: Permission denied"):
        folder_data(root)
    with pytest.raises(PermissionError):
        images_below(root)


# -- images that validate, from a folder of their own; a part of those that train ----------------
def test_own_validation_folder_is_matched_by_name(tmp_path):
    root = make_folder(tmp_path / "data", per_class=2)
    val = make_folder(tmp_path / "val", per_class=1, colours={"red": COLOURS["red"]})
    data = folder_data(root, val=val)
    assert data.classes == sorted(COLOURS) and len(data.train) == 6
    assert data.val == [(str(val / "red" / "00.png"), 2)]
    assert any("no image of 'blue sky', 'grün' to validate with" in note for note in data.notes)


def test_own_validation_folder_takes_the_place_of_the_one_in_the_data(tmp_path):
    make_folder(tmp_path / "data" / "train", per_class=2)
    make_folder(tmp_path / "data" / "val", per_class=1)
    val = make_folder(tmp_path / "other", per_class=3)
    data = folder_data(tmp_path / "data", val=val)
    assert len(data.train) == 6 and len(data.val) == 9
    assert all("/train/" in path for path, _ in data.train)


def test_validation_folders_that_do_not_fit(tmp_path):
    root = make_folder(tmp_path / "data", per_class=2)
    val = make_folder(tmp_path / "val", per_class=1, colours={"rod": (9, 9, 9)})
    with pytest.raises(DataError, match=r"no class is called 'rod' \(did you mean 'red'\?\)"):
        folder_data(root, val=val)
    with pytest.raises(DataError, match="red lies in .* count as a class"):
        folder_data(root, val=root / "red")
    with pytest.raises(DataError, match="nothing does not exist"):
        folder_data(root, val=tmp_path / "nothing")


def test_part_keeps_the_shares_of_classes_and_one_of_each():
    samples = [(f"{index}", target) for index, target in enumerate([0] * 60 + [1] * 30 + [2])]
    part = part_of(samples, 31, seed=1)
    assert len(part) == 31 and part == [each for each in samples if each in part]
    counts = [[target for _, target in part].count(target) for target in (0, 1, 2)]
    assert counts == [20, 10, 1]
    assert part == part_of(samples, 31, seed=1) != part_of(samples, 31, seed=2)
    assert part_of(samples, 500) == samples
    with pytest.raises(DataError, match="2 training images do not give one to each of 3"):
        part_of(samples, 2)
