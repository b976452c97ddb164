"""Features on disk: used where nothing has changed, never where something has."""

import os
import shutil

import numpy as np
import pytest
from training_images import make_folder, picture, truncate
from training_runs import outcome, run_of

import minitorch as torch
from minitorch import nn
from minitorch.training import FeatureTable, feature_cache, features, load_checkpoint
from minitorch.training.feature_cache import FeatureCache

WIDTH = 5


@pytest.fixture
def root(tmp_path):
    root = make_folder(tmp_path / "images", per_class=4)
    truncate(root / "red" / "03.png")
    return root


class Cache:
    """A FeatureCache of a folder's files, under a trunk of two layers."""

    def __init__(self, root, folder):
        torch.manual_seed(0)
        self.root, self.folder = root, folder
        self.trunk = nn.Sequential(nn.Conv2d(3, WIDTH, 3), nn.BatchNorm2d(WIDTH)).eval()
        self.preprocessing, self.name, self.batch_size = {"crop_size": 8}, "photos", 4

    def open(self):
        self.sources = sorted(map(str, self.root.rglob("*.png")))
        return FeatureCache(self.folder, self.name, self.sources, self.trunk, self.preprocessing,
                            self.batch_size)

    def save(self):
        """Write random rows, one of them unknown; return the table."""
        cache, table = self.open(), FeatureTable(len(self.sources), WIDTH)
        table.rows.normal_()
        table.known[:] = [not source.endswith("red/03.png") for source in self.sources]
        cache.save(table)
        return table

    def load(self):
        """``(table, note)`` of a run that begins now."""
        cache, table = self.open(), FeatureTable(len(self.sources), WIDTH)
        cache.load(table)
        return table, cache.note

    def known(self):
        """The ends of the paths whose features are there."""
        table, _ = self.load()
        return {"/".join(source.split(os.sep)[-2:])
                for source, known in zip(self.sources, table.known, strict=True) if known}

    @property
    def files(self):
        return sorted(self.folder.iterdir())


@pytest.fixture
def cache(root, home):
    return Cache(root, home / "features")


def test_what_was_saved_is_loaded_to_the_bit(cache):
    assert cache.load()[1] is None and not cache.known()
    saved = cache.save()
    loaded, note = cache.load()
    assert note is None and (loaded.known == saved.known).all() and loaded.known.sum() == 11
    known = torch.from_numpy(np.flatnonzero(saved.known))
    assert torch.equal(loaded.rows[known], saved.rows[known])


def test_file_is_plain_safetensors(cache):
    table = cache.save()
    tensors = torch.load(cache.files[0])
    assert tensors["features"].shape == (11, WIDTH) and tensors["images"].shape == (11, 32)
    assert torch.equal(tensors["features"][0], table.rows[0])


def test_nothing_known_gives_a_file_that_holds_nothing(cache):
    cache.open().save(FeatureTable(12, WIDTH))
    assert cache.known() == set() and cache.load()[1] is None


# -- images ------------------------------------------------------------------------------------
def other_pixels(path):
    picture((1, 2, 3), 77).save(path)


def other_time(path):
    os.utime(path, ns=(0, os.stat(path).st_mtime_ns + 1))


def other_size(path):
    status = os.stat(path)
    path.write_bytes(path.read_bytes() + b"\0")
    os.utime(path, ns=(status.st_atime_ns, status.st_mtime_ns))


def other_pixels_at_the_same_time(path):
    status = os.stat(path)
    data = bytearray(path.read_bytes())
    data[-20] ^= 1
    path.write_bytes(data)
    os.utime(path, ns=(status.st_atime_ns, status.st_mtime_ns))


def other_permissions(path):
    path.chmod(0o400)


@pytest.mark.parametrize("change", [other_pixels, other_time, other_size, other_permissions,
                                    other_pixels_at_the_same_time])
def test_changed_file_is_unknown_and_the_others_are_not(cache, change):
    cache.save()
    before = cache.known()
    change(cache.root / "red" / "00.png")
    assert before - cache.known() == {"red/00.png"}


def test_added_and_renamed_files_are_unknown(cache):
    cache.save()
    before = cache.known()
    picture((9, 9, 9), 5).save(cache.root / "red" / "04.png")
    (cache.root / "red" / "01.png").rename(cache.root / "red" / "05.png")
    assert cache.known() == before - {"red/01.png"}


def test_images_are_told_apart_by_their_paths(cache):
    first, second = cache.root / "red" / "00.png", cache.root / "grün" / "00.png"
    second.unlink()
    os.link(first, second)          # the same file but for its path
    saved = cache.save()
    loaded, _ = cache.load()
    rows = [cache.sources.index(str(path)) for path in (first, second)]
    assert torch.equal(loaded.rows[rows], saved.rows[rows])
    assert not torch.equal(loaded.rows[rows[0]], loaded.rows[rows[1]])


def test_bundled_images_are_told_by_their_pixels():
    from minitorch.datasets import Digits
    digits = [image.convert("RGB") for image, _ in map(Digits().__getitem__, range(20))]
    digests = [feature_cache._image_digest(image) for image in digits]
    assert len(set(digests)) == 20 and None not in digests
    assert feature_cache._image_digest(digits[0].copy()) == digests[0]
    reshaped = digits[0].resize((4, 16))
    reshaped.frombytes(digits[0].tobytes())
    assert feature_cache._image_digest(reshaped) != digests[0]


def test_file_that_went_away_is_never_kept(cache):
    cache.save()
    missing = FeatureCache(cache.folder, "photos", ["/no/such/file"], cache.trunk, {}, 4)
    table = FeatureTable(1, WIDTH)
    table.known[:] = True
    missing.save(table)
    table.known[:] = False
    missing.load(table)
    assert not table.known.any()


# -- weights, preprocessing, program -------------------------------------------------------------
def weight(cache):
    with torch.no_grad():
        cache.trunk[0].weight[0, 0, 0, 0] += 1e-6


def statistic(cache):
    cache.trunk[1].running_var[3] += 1e-6


def epsilon(cache):
    cache.trunk[1].eps = 1e-3


def layout(cache):
    value = cache.trunk[0].weight.detach().contiguous(memory_format=torch.channels_last)
    cache.trunk[0].weight = nn.Parameter(value)


def preprocessing(cache):
    cache.preprocessing = {"crop_size": 9}


def shape(cache):
    cache.batch_size = 5


def data(cache):
    cache.name = "other photos"


@pytest.mark.parametrize("change", [weight, statistic, epsilon, layout, preprocessing, shape, data])
def test_another_trunk_or_input_shares_nothing(cache, change):
    cache.save()
    change(cache)
    assert cache.known() == set()
    cache.save()
    assert len(cache.files) == 2


@pytest.mark.parametrize("change", [
    lambda patch: patch.setattr(torch, "get_num_threads", lambda: 77),
    lambda patch: patch.setattr(torch, "__version__", "77"),
    lambda patch: patch.setattr("PIL.__version__", "77"),
    lambda patch: patch.setattr(torch.backends, "isa", lambda: "abacus"),
], ids=["threads", "version", "pillow", "isa"])
def test_another_way_to_compute_shares_nothing(cache, monkeypatch, change):
    cache.save()
    assert cache.known()
    change(monkeypatch)
    assert cache.known() == set()


# -- the file ------------------------------------------------------------------------------------
def cut(path):
    path.write_bytes(path.read_bytes()[:-10])


def flip(path):
    data = bytearray(path.read_bytes())
    data[-5] ^= 1
    path.write_bytes(data)


def rewritten(key=None, **changed):
    """The file, sound, with other tensors or another key."""
    def change(path):
        from minitorch.serialization.safetensors import load_file, load_metadata, save_file
        metadata, tensors = load_metadata(path), load_file(path)
        tensors = {name: changed.get(name, value).clone() for name, value in tensors.items()}
        digest = feature_cache._content_digest(tensors["features"], tensors["images"])
        save_file(tensors, path, {"key": key or metadata["key"], "sha256": digest})
    return change


def a_folder(path):
    path.unlink()
    path.mkdir()


@pytest.mark.parametrize("damage", [
    cut, flip, a_folder, lambda path: path.write_bytes(b""),
    lambda path: path.write_bytes(b"\x08\0\0\0\0\0\0\0{}      "),
    rewritten(key="{}"), rewritten(features=torch.zeros(11, WIDTH + 1)),
    rewritten(features=torch.zeros(10, WIDTH)), rewritten(features=torch.zeros(11)),
    rewritten(features=torch.zeros(11, WIDTH, dtype=torch.float64)),
    rewritten(images=torch.zeros(11, 32)), rewritten(images=torch.zeros(11, 31).byte())],
    ids=["cut", "flip", "folder", "empty", "no tensors", "another key", "width", "length", "1-D",
         "float64", "float digests", "short digests"])
def test_damaged_file_is_noted_and_not_used(cache, damage):
    cache.save()
    path = cache.files[0]
    damage(path)
    table, note = cache.load()
    assert not table.known.any()
    assert str(path) in note and "cannot be used" in note
    if damage is not a_folder:
        cache.save()
        assert len(cache.known()) == 11


def test_folder_that_cannot_be_written_is_no_error(cache, home):
    home.write_text("a file, where a folder is needed")
    cache.save()
    assert cache.known() == set() and home.is_file()


def test_least_recently_used_files_make_room(cache, monkeypatch):
    names = {}
    for age, name in enumerate(["a", "b", "c"]):
        cache.name = name
        cache.save()
        names[name] = next(path for path in cache.files if path not in names.values())
        os.utime(names[name], ns=(0, (age + 1) * 10 ** 9))
    cache.name = "a"
    assert cache.known()                    # now the last that was used
    size = names["a"].stat().st_size
    monkeypatch.setattr(feature_cache, "LIMIT", int(3.5 * size))
    cache.name = "d"
    cache.save()
    assert names["a"] in cache.files and names["b"] not in cache.files
    assert len(cache.files) == 3
    monkeypatch.setattr(feature_cache, "LIMIT", 100)
    before = cache.files
    cache.name = "e"
    cache.save()
    assert cache.files == before, "what is larger than the limit is not written"


def test_file_of_a_killed_process_makes_room_too(cache, monkeypatch):
    cache.save()
    part = cache.folder / ".abc.safetensors.1234.part"
    part.write_bytes(bytes(10 ** 6))
    os.utime(part, ns=(0, 10 ** 9))
    monkeypatch.setattr(feature_cache, "LIMIT", 10 ** 6)
    cache.save()
    assert not part.exists() and len(cache.known()) == 11


# -- whole runs ----------------------------------------------------------------------------------
@pytest.fixture
def computed(monkeypatch):
    """How many images the trunk has seen since the last look."""
    seen, real = [], features.trunk_features

    def counting(trunk, images, batch_size):
        seen.append(len(images))
        return real(trunk, images, batch_size)

    def take():
        total = sum(seen)
        seen.clear()
        return total

    monkeypatch.setattr(features, "trunk_features", counting)
    return take


def finish(root, output, **settings):
    run = run_of(root, output, **settings)
    run.open_folder()
    assert run.train()
    return run


def test_later_run_computes_nothing_and_ends_the_same(root, tmp_path, computed):
    first = finish(root, tmp_path / "a")
    assert computed() == 11
    later = finish(root, tmp_path / "b")
    assert computed() == 0
    assert outcome(later) == outcome(first), "the unreadable image is named again, too"
    assert len(later.problems) == 1 and "11 are known from before" in later.notes[-1]
    finish(root, tmp_path / "c", val_fraction=0.5, lr=0.3, momentum=0.0)
    assert computed() == 0, "the split and the optimizer do not matter"


def test_run_after_changes_ends_as_without_the_cache(root, tmp_path, computed):
    finish(root, tmp_path / "a")
    computed()
    other_pixels(root / "red" / "00.png")
    picture((8, 8, 8), 6).save(root / "red" / "03.png")         # readable from now on
    run = finish(root, tmp_path / "b")
    assert computed() == 2 and not run.problems
    assert outcome(run) == outcome(finish(root, tmp_path / "c", feature_cache=False))


@pytest.mark.parametrize("settings", [{"seed": 1}, {"image_size": 34}, {"exif": False},
                                      {"batch_size": 5}, {"arch": "resnet34"}], ids=str)
def test_settings_that_change_features_change_the_key(root, tmp_path, settings):
    assert (run_of(root, tmp_path / "a").features.cache.path
            != run_of(root, tmp_path / "b", **settings).features.cache.path)


def test_stop_while_computing_keeps_what_is_known(root, tmp_path, computed):
    whole = finish(root, tmp_path / "whole", feature_cache=False)
    part = run_of(root, tmp_path / "part")
    part.open_folder()
    answers = iter([False, True])
    computed()
    assert not part.train(stop=lambda: next(answers))
    first = computed()
    assert sorted(path.name for path in part.output.iterdir()) == ["config.json", "last.ckpt"]
    rest = run_of(root, part.output, load_checkpoint(part.path("last.ckpt")))
    assert rest.train()
    assert 0 < first < 11 and first + computed() == 11
    rest.problems.reasons |= part.problems.reasons
    assert outcome(rest) == outcome(whole)


@pytest.mark.parametrize("keep", [True, False], ids=["cached", "cache removed"])
def test_resumed_run_ends_as_the_untouched_one(root, tmp_path, home, keep):
    whole = finish(root, tmp_path / "whole")
    part = run_of(root, tmp_path / "part")
    part.open_folder()
    answers = iter([False] * 8 + [True])
    assert not part.train(stop=lambda: next(answers))
    assert part.state.epoch == 1 and part.state.metrics.batches
    assert part.path("best.safetensors").exists()
    if not keep:
        shutil.rmtree(home / "features")
    rest = run_of(root, part.output, load_checkpoint(part.path("last.ckpt")))
    assert rest.train()
    assert outcome(rest) == outcome(whole)
