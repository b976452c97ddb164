import os

import pytest
from PIL import Image

from minitorch import datasets
from minitorch.datasets.folder import find_classes, is_image_file, make_dataset, pil_loader


def save(path, color=(10, 20, 30), size=(4, 3)):
    path.parent.mkdir(parents=True, exist_ok=True)
    Image.new("RGB", size, color).save(path)


@pytest.fixture
def root(tmp_path):
    save(tmp_path / "dog" / "b.png", (1, 2, 3))
    save(tmp_path / "dog" / "a.PNG")
    save(tmp_path / "dog" / "deep" / "c.jpeg")
    save(tmp_path / "cat" / "10.bmp")
    (tmp_path / "cat" / "notes.txt").write_text("no image")
    (tmp_path / "readme.txt").write_text("not a class")
    return tmp_path


def relative(root, samples):
    return [(os.path.relpath(path, root).replace(os.sep, "/"), label) for path, label in samples]


def test_classes_and_samples_are_sorted(root):
    dataset = datasets.ImageFolder(root)
    assert dataset.classes == ["cat", "dog"]
    assert dataset.class_to_idx == {"cat": 0, "dog": 1}
    assert relative(root, dataset.samples) == [
        ("cat/10.bmp", 0),
        ("dog/a.PNG", 1),
        ("dog/b.png", 1),
        ("dog/deep/c.jpeg", 1),
    ]
    assert dataset.targets == [0, 1, 1, 1]
    assert dataset.imgs is dataset.samples
    assert len(dataset) == 4


def test_items_are_rgb_images_and_labels(root):
    image, label = datasets.ImageFolder(str(root))[2]
    assert (image.mode, image.size, image.getpixel((0, 0)), label) == ("RGB", (4, 3), (1, 2, 3), 1)


def test_transforms_apply(root):
    dataset = datasets.ImageFolder(
        root, transform=lambda image: image.size, target_transform=lambda label: f"class {label}"
    )
    assert dataset[0] == ((4, 3), "class 0")


def test_own_loader_and_file_test(root):
    dataset = datasets.ImageFolder(
        root, loader=os.path.basename, is_valid_file=lambda path: path.endswith((".txt", ".png"))
    )
    assert [dataset[i] for i in range(len(dataset))] == [("notes.txt", 0), ("b.png", 1)]


def test_default_loader_ignores_orientation(tmp_path):
    image = Image.new("RGB", (4, 3))
    exif = image.getexif()
    exif[0x0112] = 6  # turned by 90 degrees
    path = tmp_path / "turned.jpg"
    image.save(path, exif=exif)
    assert pil_loader(path).size == (4, 3)


def test_an_empty_class_is_an_error_unless_allowed(root):
    (root / "bird").mkdir()
    with pytest.raises(FileNotFoundError, match="Found no valid file for the classes bird"):
        datasets.ImageFolder(root)
    dataset = datasets.ImageFolder(root, allow_empty=True)
    assert dataset.classes == ["bird", "cat", "dog"]
    assert dataset.targets == [1, 2, 2, 2]


def test_no_class_folder_is_an_error(tmp_path):
    with pytest.raises(FileNotFoundError, match="Couldn't find any class folder in"):
        datasets.ImageFolder(tmp_path)
    with pytest.raises(FileNotFoundError, match="absent"):
        datasets.ImageFolder(tmp_path / "absent")


def test_subclasses_may_choose_classes(root):
    class OnlyDogs(datasets.ImageFolder):
        def find_classes(self, directory):
            return ["dog"], {"dog": 0}

    assert OnlyDogs(root).targets == [0, 0, 0]


def test_dataset_folder_takes_any_extension(root):
    dataset = datasets.DatasetFolder(root, loader=open, extensions=(".txt",), allow_empty=True)
    assert relative(root, dataset.samples) == [("cat/notes.txt", 0)]


@pytest.mark.parametrize("tests", [{}, {"extensions": ".png", "is_valid_file": is_image_file}])
def test_exactly_one_test_of_names_is_needed(root, tests):
    with pytest.raises(ValueError, match="Both extensions and is_valid_file cannot be None"):
        make_dataset(root, **tests)


def test_make_dataset_refuses_an_empty_mapping(root):
    with pytest.raises(ValueError, match="must have at least one entry"):
        make_dataset(root, {}, extensions=".png")
    assert find_classes(root)[0] == ["cat", "dog"]
