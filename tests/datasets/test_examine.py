"""What is told of one image file."""

import io
import os

import numpy as np
import pytest
from PIL import Image
from training_images import picture, save_in_mode, truncate

from minitorch.datasets import examine as module
from minitorch.datasets.examine import THUMB, examine, perceptual_hash


def scene(seed, size=(200, 150)):
    """Smooth blobs of colour, as photographs are made of."""
    noise = np.random.default_rng(seed).integers(0, 256, (7, 9, 3)).astype(np.uint8)
    return Image.fromarray(noise).resize(size, Image.Resampling.BICUBIC)


def oddities(path):
    facts = examine(path)
    assert facts.reason is None and facts.kind is None
    return facts.oddities


def test_a_sound_image_is_described(tmp_path):
    picture((200, 30, 30), 1, size=(48, 40)).save(tmp_path / "a.png")
    facts = examine(tmp_path / "a.png")
    assert (facts.width, facts.height, facts.format, facts.mode) == (48, 40, "PNG", "RGB")
    assert facts.reason is None and facts.oddities == []
    assert len(facts.content) == len(facts.pixels) == 64
    assert facts.thumbnail().shape == (THUMB, THUMB, 3)


def test_equal_pixels_in_other_files_are_told(tmp_path):
    image = picture((10, 200, 30), 2)
    image.save(tmp_path / "a.png")
    image.save(tmp_path / "b.png", compress_level=1)
    image.save(tmp_path / "c.bmp")
    turned = image.transpose(Image.Transpose.ROTATE_90)
    exif = turned.getexif()
    exif[0x0112] = 6
    turned.save(tmp_path / "d.png", exif=exif)
    found = [examine(tmp_path / name) for name in ("a.png", "b.png", "c.bmp", "d.png")]
    assert len({facts.pixels for facts in found}) == 1
    assert len({facts.content for facts in found}) == 4
    # The same bytes in another shape are another image.
    Image.frombytes("RGB", (40, 48), image.tobytes()).save(tmp_path / "e.png")
    assert examine(tmp_path / "e.png").pixels != found[0].pixels


def test_pixels_are_told_the_same_in_strips(tmp_path, monkeypatch):
    scene(1).save(tmp_path / "a.png")
    whole = examine(tmp_path / "a.png").pixels
    monkeypatch.setattr(module, "_STRIP", 450)
    assert examine(tmp_path / "a.png").pixels == whole


@pytest.mark.parametrize("mode,name", [("CMYK", "CMYK"), ("I;16", "16-bit"), ("P", "palette"),
                                       ("L", None), ("RGBA", None), ("1", None)])
def test_modes(tmp_path, mode, name):
    save_in_mode(picture((90, 120, 30), 3), tmp_path / "a.png", mode)
    path = next(tmp_path.iterdir())
    assert oddities(path) == ([] if name is None else [name])


def test_only_pixels_that_are_transparent_count(tmp_path):
    image = picture((90, 120, 30), 3).convert("RGBA")
    image.save(tmp_path / "opaque.png")
    image.putpixel((3, 3), (0, 0, 0, 100))
    image.save(tmp_path / "a.png")
    assert oddities(tmp_path / "opaque.png") == []
    assert oddities(tmp_path / "a.png") == ["transparent"]


def test_floats_animations_turned_misnamed_and_plain_ones(tmp_path):
    grey = np.asarray(scene(1).convert("L")).astype(np.float32)
    Image.fromarray(grey / 255).save(tmp_path / "f.tif")
    assert oddities(tmp_path / "f.tif") == ["float"]
    scene(1).save(tmp_path / "a.webp", save_all=True, append_images=[scene(2)])
    assert oddities(tmp_path / "a.webp") == ["animated"]
    scene(1).save(tmp_path / "b.gif", save_all=True, append_images=[scene(2)])
    assert oddities(tmp_path / "b.gif") == ["palette", "animated"]
    exif = scene(1).getexif()
    exif[0x0112] = 8
    scene(1).save(tmp_path / "r.jpg", exif=exif)
    facts = examine(tmp_path / "r.jpg")
    assert facts.oddities == ["rotated"] and (facts.width, facts.height) == (150, 200)
    scene(1).save(tmp_path / "really-a-png.jpg", format="PNG")
    assert oddities(tmp_path / "really-a-png.jpg") == ["extension"]
    Image.new("RGB", (20, 20), (4, 5, 6)).save(tmp_path / "c.png")
    assert oddities(tmp_path / "c.png") == ["one colour"]


def test_an_animation_whose_second_frame_is_damaged_is_usable(tmp_path):
    data = io.BytesIO()
    scene(1).save(data, "GIF", save_all=True, append_images=[scene(2)])
    (tmp_path / "a.gif").write_bytes(data.getvalue()[:-4000])
    assert examine(tmp_path / "a.gif").reason is None


@pytest.mark.parametrize("content,kind,words", [
    (b"", "empty", "the file is empty"),
    (b"<!DOCTYPE HTML><html>", "not an image", "an HTML page"),
    (b"\n<html>", "not an image", "an HTML page"),
    (b"version https://git-lfs.github.com/spec/v1\n", "not an image", "git lfs pull"),
    (b"%PDF-1.7", "not an image", "PDF"),
    (b"PK\x03\x04....", "not an image", "zip"),
    (b"\0" * 4000, "not an image", "nothing but zeros"),
    (b"\0\0\0\x18ftypheic....", "not an image", "HEIC"),
    (b"whatever", "not an image", "not an image that pillow can read"),
], ids=lambda value: None if isinstance(value, bytes) else value)
def test_what_is_no_image_is_told_what_it_is(tmp_path, content, kind, words):
    (tmp_path / "a.jpg").write_bytes(content)
    facts = examine(tmp_path / "a.jpg")
    assert facts.kind == kind and words in facts.reason
    assert facts.pixels is None


@pytest.mark.parametrize("suffix", ["jpg", "png", "bmp", "tif", "webp", "gif"])
def test_a_file_cut_anywhere_is_described_and_never_raises(tmp_path, suffix):
    path = tmp_path / f"a.{suffix}"
    scene(3, (64, 48)).save(path)
    whole = path.read_bytes()
    for share in (0.02, 0.3, 0.6, 0.9):
        path.write_bytes(whole[: int(len(whole) * share)])
        facts = examine(path)
        assert facts.reason and facts.kind in ("truncated", "damaged", "not an image")
    path.write_bytes(whole)
    truncate(path, 0.5)
    assert "truncated" in examine(path).kind or suffix in ("webp", "gif", "tif")


def test_thin_missing_and_special_files(tmp_path):
    Image.new("RGB", (3000, 2)).save(tmp_path / "thin.png")
    assert examine(tmp_path / "thin.png").kind == "too thin"
    assert examine(tmp_path / "gone.png").kind == "no access"
    os.symlink("nowhere", tmp_path / "broken.png")
    assert examine(tmp_path / "broken.png").kind == "no access"
    os.mkfifo(tmp_path / "pipe.png")
    assert examine(tmp_path / "pipe.png").kind == "not an image"
    (tmp_path / "folder.png").mkdir()
    assert examine(tmp_path / "folder.png").kind == "no access"


def test_a_bomb_is_refused_without_decoding(tmp_path, monkeypatch):
    scene(1).save(tmp_path / "a.png")
    monkeypatch.setattr(Image, "MAX_IMAGE_PIXELS", 1000)
    assert examine(tmp_path / "a.png").kind == "too large"


def test_the_hash_survives_what_copies_go_through():
    image = scene(5)
    first = perceptual_hash(image)
    data = io.BytesIO()
    image.resize((120, 90)).save(data, "JPEG", quality=50)
    assert bin(first ^ perceptual_hash(Image.open(data))).count("1") <= 4
    brighter = image.point(lambda value: min(255, value + 12))
    assert bin(first ^ perceptual_hash(brighter)).count("1") <= 4
    others = [perceptual_hash(scene(seed)) for seed in range(6, 30)]
    assert min(bin(first ^ other).count("1") for other in others) > 7
