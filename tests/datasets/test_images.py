"""Image files as they are found in the wild."""

import os
import struct

import numpy as np
import pytest
from PIL import Image

from minitorch.datasets import ImageError, load_image, scan_folder


def corner(path, **options):
    image = load_image(path, **options)
    assert image.mode == "RGB"
    return image.getpixel((0, 0))


# -- modes -------------------------------------------------------------------------------------


def test_transparency_is_laid_on_white(tmp_path):
    path = tmp_path / "a.png"
    image = Image.new("RGBA", (2, 1), (200, 0, 0, 0))
    image.putpixel((1, 0), (200, 0, 0, 255))
    image.save(path)
    assert corner(path) == (255, 255, 255)
    assert load_image(path).getpixel((1, 0)) == (200, 0, 0)
    Image.new("LA", (2, 1), (0, 51)).save(path)
    assert corner(path) == (204, 204, 204)


def test_palettes_become_their_colours(tmp_path):
    path = tmp_path / "p.gif"
    image = Image.new("P", (2, 1), 1)
    image.putpalette([0, 0, 0, 10, 200, 30])
    image.save(path)
    assert corner(path) == (10, 200, 30)
    transparent = tmp_path / "p.png"
    image.save(transparent, transparency=1)
    assert corner(transparent) == (255, 255, 255)
    image.save(transparent, transparency=b"\xff\x00")
    assert corner(transparent) == (255, 255, 255)


def test_grey_and_cmyk(tmp_path):
    Image.new("L", (2, 2), 77).save(tmp_path / "l.png")
    assert corner(tmp_path / "l.png") == (77, 77, 77)
    Image.new("1", (2, 2), 1).save(tmp_path / "1.png")
    assert corner(tmp_path / "1.png") == (255, 255, 255)
    Image.new("CMYK", (8, 8), (0, 255, 255, 0)).save(tmp_path / "c.tif")
    assert corner(tmp_path / "c.tif") == (255, 0, 0)


@pytest.mark.parametrize("suffix", ["png", "tif"])
def test_sixteen_bits_are_scaled_not_clipped(tmp_path, suffix):
    path = tmp_path / f"deep.{suffix}"
    Image.fromarray(np.array([[0, 257 * 100, 65535]], np.uint16)).save(path)
    image = load_image(path)
    assert [image.getpixel((x, 0))[0] for x in range(3)] == [0, 100, 255]


def test_floats_and_wide_integers_use_their_range(tmp_path):
    path = tmp_path / "f.tif"
    Image.fromarray(np.array([[-1.0, 0.0, 1.0]], np.float32)).save(path)
    image = load_image(path)
    assert [image.getpixel((x, 0))[0] for x in range(3)] == [0, 128, 255]
    Image.fromarray(np.array([[0, 100_000]], np.int32)).save(path)
    assert load_image(path).getpixel((1, 0)) == (255, 255, 255)
    Image.fromarray(np.full((1, 2), 0.5, np.float32)).save(path)
    assert corner(path) == (0, 0, 0)


# -- orientation -------------------------------------------------------------------------------


def test_orientation_is_applied_unless_not_wanted(tmp_path):
    path = tmp_path / "turned.png"
    image = Image.new("RGB", (4, 2))
    image.putpixel((0, 0), (255, 0, 0))
    exif = image.getexif()
    exif[0x0112] = 6  # to be turned clockwise
    image.save(path, exif=exif)
    assert load_image(path).size == (2, 4)
    assert load_image(path).getpixel((1, 0)) == (255, 0, 0)
    assert load_image(path, exif=False).size == (4, 2)


# -- what cannot be read -----------------------------------------------------------------------


def damage(path, kind):
    rng = np.random.default_rng(0)
    Image.fromarray(rng.integers(0, 256, (64, 64, 3), np.uint8)).save(path)
    data = path.read_bytes()
    if kind == "truncated":
        path.write_bytes(data[: len(data) // 2])
    elif kind == "flipped":
        middle = len(data) // 2
        path.write_bytes(data[:middle] + b"\xff" * 64 + data[middle + 64 :])
    elif kind == "empty":
        path.write_bytes(b"")
    elif kind == "text":
        path.write_text("<html>not an image</html>")


@pytest.mark.parametrize(
    ("name", "kind", "reason"),
    [
        ("a.png", "truncated", "truncated"),
        ("a.jpg", "truncated", "truncated"),
        ("a.bmp", "truncated", "truncated"),
        ("a.png", "flipped", "."),
        ("a.png", "empty", "the file is empty"),
        ("a.jpg", "text", "not an image that pillow can read"),
    ],
)
def test_damaged_files_are_named_with_the_reason(tmp_path, name, kind, reason):
    path = tmp_path / name
    damage(path, kind)
    with pytest.raises(ImageError, match=reason) as info:
        load_image(path)
    assert info.value.path == str(path)
    assert str(info.value) == f"{path}: {info.value.reason}"


def test_a_missing_file_and_a_folder(tmp_path):
    with pytest.raises(ImageError, match="No such file or directory"):
        load_image(tmp_path / "absent.png")
    with pytest.raises(ImageError, match="Is a directory"):
        load_image(tmp_path)


def test_an_image_that_claims_to_be_huge_is_refused(tmp_path):
    path = tmp_path / "bomb.bmp"
    Image.new("L", (2, 2)).save(path)
    data = bytearray(path.read_bytes())
    data[18:26] = struct.pack("<ii", 60000, 60000)
    path.write_bytes(data)
    with pytest.raises(ImageError, match="decompression bomb"):
        load_image(path)


# -- folders -----------------------------------------------------------------------------------


def fill(folder, count, suffix=".png"):
    folder.mkdir(parents=True, exist_ok=True)
    for i in range(count):
        (folder / f"{i:02d}{suffix}").write_bytes(b"any")


def names(root, samples):
    return sorted((os.path.relpath(p, root).replace(os.sep, "/"), label) for p, label in samples)


def test_classes_are_split_by_class_and_seed(tmp_path):
    fill(tmp_path / "a", 10)
    fill(tmp_path / "b", 5, ".JPG")
    scan = scan_folder(tmp_path, val_fraction=0.2, seed=1)
    assert scan.classes == ["a", "b"]
    labels = [label for _, label in scan.val]
    assert (labels.count(0), labels.count(1), len(scan.train)) == (2, 1, 12)
    assert not {p for p, _ in scan.train} & {p for p, _ in scan.val}
    assert all(os.path.basename(os.path.dirname(p)) == scan.classes[i] for p, i in scan.val)
    assert scan_folder(tmp_path, 0.2, 1) == scan
    assert any(scan_folder(tmp_path, 0.2, seed).val != scan.val for seed in range(2, 6))


def test_train_and_val_folders_are_taken_as_they_are(tmp_path):
    fill(tmp_path / "train" / "a", 2)
    fill(tmp_path / "train" / "b", 1)
    fill(tmp_path / "val" / "b" / "deep", 1)
    fill(tmp_path / "test" / "c", 1)
    scan = scan_folder(tmp_path)
    assert scan.classes == ["a", "b"]
    assert names(tmp_path, scan.train) == [
        ("train/a/00.png", 0),
        ("train/a/01.png", 0),
        ("train/b/00.png", 1),
    ]
    assert names(tmp_path, scan.val) == [("val/b/deep/00.png", 1)]


def test_dots_are_ignored_and_other_files_counted(tmp_path):
    fill(tmp_path / "a", 3)
    fill(tmp_path / "b", 3)
    fill(tmp_path / ".git", 2)
    fill(tmp_path / "a" / ".thumbnails", 2)
    fill(tmp_path / "a", 1, ".xmp")
    (tmp_path / "a" / ".DS_Store").write_bytes(b"")
    (tmp_path / "readme.txt").write_text("hello")
    (tmp_path / "loose.png").write_bytes(b"belongs to no class")
    scan = scan_folder(tmp_path)
    assert scan.classes == ["a", "b"]
    assert len(scan.train) + len(scan.val) == 6
    assert scan.ignored == 3


def test_a_link_into_itself_ends(tmp_path):
    fill(tmp_path / "a", 2)
    fill(tmp_path / "b", 2)
    (tmp_path / "a" / "again").symlink_to(tmp_path / "a")
    scan = scan_folder(tmp_path)
    assert len(scan.train) + len(scan.val) == 4


def test_a_link_upwards_does_not_bring_other_classes(tmp_path):
    fill(tmp_path / "a", 2)
    fill(tmp_path / "b", 2)
    (tmp_path / "a" / "up").symlink_to(tmp_path)
    scan = scan_folder(tmp_path)
    assert len(scan.train) + len(scan.val) == 4


def test_gif_is_an_image(tmp_path):
    for name in ("a", "b"):
        (tmp_path / name).mkdir()
        for index in range(2):
            Image.new("P", (2, 2)).save(tmp_path / name / f"{index}.gif")
    scan = scan_folder(tmp_path)
    assert len(scan.train) + len(scan.val) == 4 and scan.ignored == 0


def test_class_names_that_are_not_text(tmp_path):
    try:
        fill(tmp_path / os.fsdecode(b"a\xff"), 3)
    except OSError:
        pytest.skip("this file system holds text names only")
    fill(tmp_path / "b", 3)
    assert len(scan_folder(tmp_path).val) == 2


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="no named pipes here")
def test_a_named_pipe_is_not_waited_for(tmp_path):
    os.mkfifo(tmp_path / "a.png")
    with pytest.raises(ImageError, match="not a regular file"):
        load_image(tmp_path / "a.png")


@pytest.mark.parametrize(
    ("folders", "error", "text"),
    [
        ({}, FileNotFoundError, "no class folder in it"),
        ({"a": 3}, ValueError, "only one class \\(a\\)"),
        ({"a": 3, "b": 0}, FileNotFoundError, "b: no image in this class folder"),
        ({"a": 3, "b": 1}, ValueError, "b: the class has a single image"),
        ({"train": 3, "test": 3}, ValueError, "look like splits, but not both train"),
        ({"Train": 3, "Val": 3}, ValueError, "Train, Val, which look like splits"),
        ({"train/a": 2, "train/b": 2, "val/a": 1, "c": 3}, ValueError, "beside them c"),
        (
            {"train/a": 1, "train/b": 1, "val/c": 1},
            ValueError,
            "classes that .*train lacks: c",
        ),
        ({"train/a": 1, "train/b": 1, "val": 0}, FileNotFoundError, "val: no class folder in it"),
    ],
)
def test_folders_that_cannot_be_used(tmp_path, folders, error, text):
    for name, count in folders.items():
        fill(tmp_path / name, count)
    with pytest.raises(error, match=text):
        scan_folder(tmp_path)


def test_a_wrong_root_or_fraction(tmp_path):
    with pytest.raises(FileNotFoundError, match="no such folder"):
        scan_folder(tmp_path / "absent")
    (tmp_path / "file").write_text("")
    with pytest.raises(NotADirectoryError, match="no such folder"):
        scan_folder(tmp_path / "file")
    with pytest.raises(ValueError, match="val_fraction must lie between 0 and 1, got 1.0"):
        scan_folder(tmp_path, val_fraction=1.0)
