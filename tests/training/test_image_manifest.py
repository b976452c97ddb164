"""What is known of images, kept between runs."""

import json
import os

import pytest
from PIL import Image
from training_images import make_folder, truncate

from minitorch.training.doctor import manifest as module
from minitorch.training.doctor.manifest import Manifest, examine_images, manifest_folder


@pytest.fixture
def home(tmp_path, monkeypatch):
    monkeypatch.setenv("MINITORCH_HOME", str(tmp_path / "home"))
    return tmp_path / "home"


@pytest.fixture
def folder(tmp_path, home):
    return make_folder(tmp_path / "images", per_class=3)


def paths_of(folder):
    return sorted(str(path) for path in folder.glob("*/*"))


def examined(folder, **options):
    """The facts of a folder, and the paths that were decoded to get them."""
    manifest, decoded = Manifest(folder), []
    paths = paths_of(folder)
    known = {path for path in paths if manifest.get(path) is not None}
    facts = examine_images(paths, manifest, **options)
    decoded = [path for path in paths if path not in known]
    manifest.save(keep=paths)
    return facts, decoded


def test_a_second_look_knows_everything(folder):
    first, decoded = examined(folder)
    assert decoded == paths_of(folder)
    again, decoded = examined(folder)
    assert decoded == [] and again == first
    assert all(facts.reason is None for facts in first.values())


@pytest.mark.parametrize("workers", [0, 1, 3])
def test_any_number_of_workers_finds_the_same_in_the_same_order(folder, workers):
    seen = []
    facts = examine_images(paths_of(folder), Manifest(folder), workers,
                           lambda done, each: seen.append((done, each.path)))
    assert list(facts) == paths_of(folder)
    assert seen == list(enumerate(paths_of(folder), 1))


def test_changed_files_are_examined_again(folder):
    examined(folder)
    first, second, *_ = paths_of(folder)
    truncate(folder / "red" / "00.png")
    # A program that sets the time back after writing: the time of change gives it away.
    status = os.stat(first)
    Image.new("RGB", (48, 40), (1, 2, 3)).save(first)
    os.utime(first, ns=(status.st_atime_ns, status.st_mtime_ns))
    os.rename(second, second + ".png")
    facts, decoded = examined(folder)
    assert decoded == [first, second + ".png", str(folder / "red" / "00.png")]
    assert facts[str(folder / "red" / "00.png")].kind == "truncated"
    assert facts[first].oddities == ["one colour"]


def test_bad_files_are_remembered_and_forbidden_ones_are_not(folder):
    truncate(folder / "red" / "00.png")
    os.symlink("nowhere", folder / "red" / "broken.png")
    examined(folder)
    manifest = Manifest(folder)
    assert manifest.get(folder / "red" / "00.png").kind == "truncated"
    assert manifest.get(folder / "red" / "broken.png") is None


def test_a_damaged_manifest_is_ignored_and_replaced(folder, home):
    examined(folder)
    path = Manifest(folder).path
    assert path.parent == manifest_folder() == home / "manifests"
    whole = path.read_bytes()
    for damaged in (whole[:-10], whole[:30], b"", b"[" * 100000, whole.replace(b"PNG", b"GIF"),
                    b"[]\n[]", b"\xff\xfe" + whole):
        path.write_bytes(damaged)
        _, decoded = examined(folder)
        assert decoded == paths_of(folder)
        assert path.read_bytes() == whole
    head, _, body = whole.partition(b"\n")
    path.write_bytes(json.dumps(json.loads(head) | {"pillow": "1.0"}).encode() + b"\n" + body)
    assert examined(folder)[1] == paths_of(folder)


def test_the_manifest_is_found_through_a_link_and_holds_any_name(folder, tmp_path):
    odd = os.fsencode(folder) + b"/red/\xff\n\xc3\xa4.png"
    with open(odd, "wb") as file:
        Image.new("RGB", (9, 9)).save(file, "PNG")
    examined(folder)
    os.symlink(folder, tmp_path / "link")
    manifest = Manifest(tmp_path / "link")
    assert manifest.get(tmp_path / "link" / "red" / "00.png") is not None
    assert manifest.get(os.fsdecode(odd)).width == 9


def test_nothing_is_kept_in_the_folder_and_a_home_that_takes_nothing_is_no_error(
        folder, home, monkeypatch):
    home.write_text("a file where the folder should be")
    before = sorted(folder.rglob("*"))
    assert examined(folder)[1] == examined(folder)[1] == paths_of(folder)
    assert sorted(folder.rglob("*")) == before
    home.unlink()
    monkeypatch.setattr(module, "LIMIT", 10)
    examined(folder)
    assert list(manifest_folder().iterdir()) == []      # more than may be kept


def test_files_that_are_gone_are_forgotten(folder):
    examined(folder)
    size = Manifest(folder).path.stat().st_size
    for path in (folder / "red").iterdir():
        path.unlink()
    examined(folder)
    assert Manifest(folder).path.stat().st_size < 0.8 * size
