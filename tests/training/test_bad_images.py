"""What a run knows of its images before it reads them."""

import os
import shutil

import pytest
from training_images import make_folder, truncate

from minitorch.datasets import images as module
from minitorch.training import DataError, FinetuneSettings, ImageList, ReadProblems, load_data
from minitorch.training.data import make_loader
from minitorch.training.doctor.bad_images import examine_first, recall
from minitorch.training.doctor.doctor import check_folder


@pytest.fixture(autouse=True)
def home(tmp_path, monkeypatch):
    monkeypatch.setenv("MINITORCH_HOME", str(tmp_path / "home"))


@pytest.fixture
def folder(tmp_path):
    root = make_folder(tmp_path / "images", per_class=6)
    truncate(root / "red" / "02.png")
    return root


def settings_for(folder, **more):
    return FinetuneSettings(data=str(folder), workers=0, **more)


def recalled(settings):
    problems = ReadProblems()
    notes = recall(load_data(settings), settings, problems)
    return notes, problems


def test_without_a_check_nothing_is_known(folder):
    notes, problems = recalled(settings_for(folder))
    assert notes == [] and not problems and not problems.known


def test_after_a_check_bad_files_are_known_and_not_read_again(folder, monkeypatch):
    check_folder(folder)
    notes, problems = recalled(settings_for(folder))
    bad = str(folder / "red" / "02.png")
    assert notes == ["1 file is known to be unreadable, and left out"]
    assert problems.known == {bad} and "truncated" in problems.reasons[bad]
    assert [path for path, _ in problems.take()] == [bad]
    monkeypatch.setattr(module, "load_image", None)     # calling it would raise
    assert ImageList([(bad, 0)], problems=problems)[0] is None


def test_a_file_that_was_mended_is_read(folder):
    check_folder(folder)
    shutil.copy(folder / "red" / "03.png", folder / "red" / "02.png")
    notes, problems = recalled(settings_for(folder))
    assert not problems
    sample = ImageList([(str(folder / "red" / "02.png"), 0)], problems=problems)[0]
    assert sample is not None


def test_without_exif_files_are_tried_all_the_same(folder):
    check_folder(folder)
    assert not recalled(settings_for(folder, exif=False))[1]


def test_copies_across_the_split_are_told(folder, tmp_path):
    more = make_folder(tmp_path / "more", per_class=2)      # the same pictures as 00 and 01
    check_folder(folder, val=more)
    notes, _ = recalled(settings_for(folder, val=str(more)))
    assert notes[-1].startswith("6 of 6 validation images have the pixels")
    data = load_data(settings_for(folder))
    shutil.copy(data.train[0][0], data.val[0][0])
    check_folder(folder)
    notes, _ = recalled(settings_for(folder))
    assert notes[-1].startswith("1 of 3 validation images has the pixels of one that is trained")


def test_examining_first_is_remembered(folder):
    settings, seen = settings_for(folder, bad_images="list"), []
    data = load_data(settings)
    reasons = examine_first(data, settings, lambda done, total: seen.append((done, total)))
    assert list(reasons) == [str(folder / "red" / "02.png")]
    assert seen == [(done, 18) for done in range(1, 19)]
    assert len(recalled(settings)[1]) == 1
    assert check_folder(folder).known == 18


def test_fail_is_a_clear_end_before_and_within_a_run(folder):
    settings = settings_for(folder, bad_images="fail")
    data = load_data(settings)
    with pytest.raises(DataError, match=r"02\.png \(.*truncated.*\) cannot be used; --bad-images"):
        examine_first(data, settings)
    images = ImageList(data.train + data.val, problems=ReadProblems(fatal=True))
    for workers in (0, 1):
        loader = make_loader(images, [[index] for index in range(len(images))], workers)
        loader.collate_fn = list
        with pytest.raises(DataError, match=r"--bad-images fail: .*02\.png: .*truncated"):
            list(loader)
    os.unlink(folder / "red" / "02.png")
    assert examine_first(load_data(settings), settings) == {}


def test_the_digits_have_no_files():
    settings = FinetuneSettings(bad_images="fail")
    data = load_data(settings)
    assert examine_first(data, settings) == {} and recall(data, settings, ReadProblems()) == []
