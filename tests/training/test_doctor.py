"""The data doctor: each thing that is wrong with a folder is found, and nothing else."""

import io
import os
import shutil

import numpy as np
import pytest
from PIL import Image
from training_images import make_folder, truncate

from minitorch.training import DataError, folder_data
from minitorch.training.doctor.doctor import check_folder


@pytest.fixture(autouse=True)
def home(tmp_path, monkeypatch):
    monkeypatch.setenv("MINITORCH_HOME", str(tmp_path / "home"))


def scene(seed, size=(200, 150)):
    noise = np.random.default_rng(seed).integers(0, 256, (7, 9, 3)).astype(np.uint8)
    return Image.fromarray(noise).resize(size, Image.Resampling.BICUBIC)


def fill(folder, seeds, suffix="png"):
    folder.mkdir(parents=True, exist_ok=True)
    for seed in seeds:
        scene(seed).save(folder / f"{seed}.{suffix}")


@pytest.fixture
def root(tmp_path):
    """Two classes of fifteen images, without a fault."""
    fill(tmp_path / "data" / "cat", range(15))
    fill(tmp_path / "data" / "dog", range(100, 115))
    return tmp_path / "data"


@pytest.fixture
def split_root(tmp_path):
    """Twelve images of either class to train on, three to validate."""
    fill(tmp_path / "data" / "train" / "cat", range(12))
    fill(tmp_path / "data" / "train" / "dog", range(100, 112))
    fill(tmp_path / "data" / "val" / "cat", range(20, 23))
    fill(tmp_path / "data" / "val" / "dog", range(120, 123))
    return tmp_path / "data"


def check(root, **options):
    return check_folder(root, image_size=64, workers=1, **options)


def kinds(checkup):
    return [finding.kind for finding in checkup.findings]


def only(checkup, kind):
    found = [finding for finding in checkup.findings if finding.kind == kind]
    assert len(found) == 1, kinds(checkup)
    return found[0]


def test_a_sound_folder_is_clean(root):
    checkup = check(root)
    assert checkup.findings == [] and checkup.verdict == "clean"
    assert checkup.images == checkup.readable == 30


def test_the_split_is_the_one_that_a_run_draws(root):
    for seed in (0, 7):
        data = folder_data(root, 0.3, seed)
        # A copy of each image that trains: those that validate must not be reported.
        for path, _ in data.train[:4]:
            shutil.copy(path, path.replace(".png", "-copy.png"))
        checkup = check(root, val_fraction=0.3, seed=seed)
        drawn = folder_data(root, 0.3, seed)
        train = {path for path, _ in drawn.train}
        pairs = {path: path.replace("-copy", "") for path, _ in drawn.train + drawn.val
                 if "-copy" in path}
        crossing = sum((copy in train) != (path in train) for copy, path in pairs.items())
        leak = [f for f in checkup.findings if f.kind == "leak"]
        assert sum(len(f.items) for f in leak) == crossing
        for each in checkup.classes:
            label = drawn.classes.index(each.name)
            assert each.train == sum(target == label for _, target in drawn.train)
            assert each.val == sum(target == label for _, target in drawn.val)
        for copy in pairs:
            os.unlink(copy)


def test_leaks_conflicts_and_copies(split_root):
    train, val = split_root / "train", split_root / "val"
    shutil.copy(train / "cat" / "3.png", val / "cat" / "leaked.png")
    scene(4).save(val / "cat" / "other file.bmp")
    shutil.copy(train / "cat" / "5.png", train / "dog" / "5.png")
    shutil.copy(train / "cat" / "6.png", train / "cat" / "6 (copy).png")
    checkup = check(split_root)
    assert kinds(checkup) == ["conflict", "leak", "copies"]
    assert checkup.verdict == "problem"
    leak = only(checkup, "leak")
    assert "2 of 8 validation images" in leak.text
    assert [item["same"] for item in leak.items] == ["bytes", "pixels"]
    assert {file["split"] for file in leak.items[0]["files"]} == {"train", "val"}
    conflict = only(checkup, "conflict")
    assert {file["class"] for file in conflict.items[0]["files"]} == {"cat", "dog"}
    assert "1 image has the same pixels" in only(checkup, "copies").text


def test_look_alikes_are_warnings_by_where_they_lie(split_root):
    def save(seed, path, quality=60, size=(150, 112)):
        data = io.BytesIO()
        scene(seed).resize(size).save(data, "JPEG", quality=quality)
        path.write_bytes(data.getvalue())

    save(3, split_root / "val" / "cat" / "again.jpg")
    save(5, split_root / "train" / "dog" / "cat.jpg")
    save(6, split_root / "train" / "cat" / "small.jpg")
    checkup = check(split_root)
    assert kinds(checkup) == ["near-conflict", "near-leak", "near-copies"]
    assert checkup.verdict == "warning"
    assert [len(finding.items) for finding in checkup.findings] == [1, 1, 1]
    assert only(checkup, "near-leak").items[0]["same"] == "look"
    assert "1 of 7 validation images looks the same" in only(checkup, "near-leak").text


def test_unreadable_files_by_reason(root):
    truncate(root / "cat" / "3.png")
    (root / "cat" / "4.png").write_bytes(b"")
    (root / "dog" / "page.jpg").write_bytes(b"<html>")
    Image.new("RGB", (5000, 3)).save(root / "dog" / "thin.png")
    found = only(check(root), "unreadable")
    assert found.level == "problem"
    assert {os.path.basename(item["path"]): item["kind"] for item in found.items} == {
        "3.png": "truncated", "4.png": "empty", "page.jpg": "not an image",
        "thin.png": "too thin"}
    assert check(root).readable == 28


def test_a_class_of_which_nothing_can_be_read(split_root):
    for path in (split_root / "train" / "dog").iterdir():
        truncate(path)
    for path in (split_root / "val" / "cat").iterdir():
        truncate(path)
    checkup = check(split_root)
    assert only(checkup, "unusable class").items == [{"class": "dog"}]
    assert only(checkup, "not validated").items == [{"class": "cat"}]
    assert checkup.majority == ("cat", 0.0)


@pytest.mark.parametrize("spoil,words", [
    (lambda root: (root / "bird").mkdir(), "has no image"),
    (lambda root: fill(root / "bird", [7]), "'bird' has a single image"),
    (lambda root: shutil.rmtree(root / "cat"), "only one class, 'dog'"),
    (lambda root: os.rename(root / "cat", root / "train"), None),
])
def test_what_finetune_refuses_is_a_problem(root, spoil, words):
    spoil(root)
    try:
        folder_data(root)
        refused = False
    except DataError:
        refused = True
    found = [each for each in check(root).findings if each.kind == "refused"]
    assert refused == bool(found) == (words is not None)
    assert words is None or any(words in each.text for each in found)


@pytest.mark.parametrize("spoil,words", [
    (lambda root: os.rename(root / "val" / "cat", root / "val" / "Cat"), "did you mean 'cat'?"),
    (lambda root: fill(root / "bird", [900, 901]), "beside them bird"),
    (lambda root: os.rename(root / "val", root / "test"), "not both train and val"),
    (lambda root: (root / "val" / "dog" / "120.png").parent.rename(root / "val" / ".dog"), None),
    (lambda root: [path.unlink() for path in (root / "val" / "dog").iterdir()], "has no image"),
])
def test_what_finetune_refuses_of_a_given_split(split_root, spoil, words):
    spoil(split_root)
    try:
        folder_data(split_root)
        refused = False
    except DataError:
        refused = True
    checkup = check(split_root)
    found = [each for each in checkup.findings if each.kind == "refused"]
    assert refused == bool(found) == (words is not None)
    if words is None:
        assert only(checkup, "not validated").items == [{"class": "dog"}]
    else:
        assert any(words in each.text for each in found)


def test_a_second_folder_that_validates(root, tmp_path):
    fill(tmp_path / "more" / "cat", range(30, 33))
    fill(tmp_path / "more" / "dog", [100, 131])
    checkup = check(root, val=tmp_path / "more")
    assert [(each.train, each.val) for each in checkup.classes] == [(15, 3), (15, 2)]
    assert kinds(checkup) == ["leak"]
    assert check(root, val=tmp_path / "more").known == 35
    with pytest.raises(DataError, match="nowhere does not exist"):
        check(root, val=tmp_path / "nowhere")


def test_a_second_folder_beside_train_and_val_and_one_within(split_root, tmp_path):
    fill(tmp_path / "more" / "cat", range(30, 33))
    fill(tmp_path / "more" / "dog", [100, 131])
    checkup = check(split_root, val=tmp_path / "more")
    data = folder_data(split_root, val=tmp_path / "more")
    assert sum(each.train for each in checkup.classes) == len(data.train) == 24
    assert sum(each.val for each in checkup.classes) == len(data.val) == 5
    os.rename(tmp_path / "more", split_root / "train" / "more")
    with pytest.raises(DataError, match="would count as a class"):
        folder_data(split_root / "train", val=split_root / "train" / "more")
    within = check(split_root / "train", val=split_root / "train" / "more")
    assert "would count as a class" in only(within, "refused").text


def test_uneven_and_tiny_classes_and_their_weights(tmp_path):
    from minitorch.training.losses import balanced_weights
    fill(tmp_path / "d" / "train" / "cat", range(40))
    fill(tmp_path / "d" / "train" / "dog", range(100, 103))
    fill(tmp_path / "d" / "val" / "cat", range(200, 203))
    fill(tmp_path / "d" / "val" / "dog", range(300, 301))
    checkup = check(tmp_path / "d")
    assert only(checkup, "few").items == [{"class": "dog", "images": 3}]
    assert only(checkup, "imbalance").level == "warning"
    assert [each.weight for each in checkup.classes] == balanced_weights([0] * 40 + [1] * 3, 2)
    assert checkup.majority == ("cat", 0.75)


def test_odd_images_are_remarks(split_root):
    folder = split_root / "train" / "cat"
    scene(60).convert("CMYK").save(folder / "cmyk.jpg")
    exif = scene(61).getexif()
    exif[0x0112] = 3
    scene(61).save(folder / "turned.jpg", exif=exif)
    scene(62, (40, 30)).save(folder / "small.png")
    Image.new("RGB", (70, 70), (9, 9, 9)).save(folder / "black.png")
    checkup = check(split_root)
    assert [(each.kind, each.level, len(each.items)) for each in checkup.findings] == [
        ("one colour", "warning", 1), ("CMYK", "remark", 1), ("rotated", "remark", 1),
        ("small", "remark", 1)]


def test_litter_names_and_loops(root):
    (root / "notes.txt").write_text("x")
    (root / "cat" / "list.csv").write_text("x")
    (root / "cat" / "Thumbs.db").write_text("x")
    (root / "__MACOSX" / "cat").mkdir(parents=True)
    (root / "__MACOSX" / "cat" / "x.png").write_text("x")
    os.symlink(root, root / "cat" / "up")
    fill(root / "Dog ", range(200, 215))
    checkup = check(root)
    assert sorted(kinds(checkup)) == ["beside", "hidden", "loops", "names", "other files"]
    assert only(checkup, "names").items == [{"class": "Dog "}, {"class": "dog"}]
    hidden = [os.path.relpath(item["path"], root) for item in only(checkup, "hidden").items]
    assert sorted(hidden) == ["__MACOSX", "cat/Thumbs.db"]
    assert folder_data(root).classes == ["Dog ", "cat", "dog"]


def test_an_interrupted_check_keeps_what_it_decoded(root):
    def stop(done, total, facts):
        if done == 10:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        check(root, on_image=stop)
    assert 9 <= check(root).known < 30
    assert check(root).known == 30
    with pytest.raises(KeyboardInterrupt):
        check(root, fresh=True, on_image=stop)
    assert check(root).known == 30
    assert check(root, fresh=True).known == 0


def test_no_folder(tmp_path):
    make_folder(tmp_path / "x", per_class=1)
    with pytest.raises(DataError, match="does not exist"):
        check(tmp_path / "nowhere")
    with pytest.raises(DataError, match="is not a folder"):
        check(next((tmp_path / "x" / "red").iterdir()))


@pytest.mark.parametrize("spoil,words", [
    (lambda image, path: image.save(path.with_suffix(".jpg"), quality=95), "file format"),
    (lambda image, path: image.resize((120, 90)).save(path), "size in pixels"),
    (lambda image, path: image.convert("L").save(path), "grey and colour"),
])
def test_what_tells_the_classes_apart_without_looking(root, spoil, words):
    assert "cue" not in kinds(check(root))
    for number, path in enumerate(sorted((root / "dog").iterdir())):
        image = Image.open(path).copy()
        path.unlink()
        spoil(image, path)
        if number == 0:
            assert "cue" not in kinds(check(root))
    found = only(check(root), "cue")
    assert words in found.text and "100 %" in found.text and found.level == "warning"


def test_sizes_that_are_all_different_tell_nothing(root):
    for number, path in enumerate(sorted(root.glob("*/*"))):
        Image.open(path).resize((100 + number, 90)).save(path)
    assert check(root).findings == []
