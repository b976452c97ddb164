"""Images in class folders: ``root/class/image.png``."""

import os

from PIL import Image

from minitorch.utils.data import Dataset

__all__ = [
    "IMG_EXTENSIONS",
    "DatasetFolder",
    "ImageFolder",
    "default_loader",
    "find_classes",
    "has_file_allowed_extension",
    "is_image_file",
    "make_dataset",
    "pil_loader",
]

IMG_EXTENSIONS = (".jpg", ".jpeg", ".png", ".ppm", ".bmp", ".pgm", ".tif", ".tiff", ".webp")


def has_file_allowed_extension(filename, extensions):
    """Whether the name ends, in any case, with one of the (lower-case) extensions."""
    return filename.lower().endswith(
        extensions if isinstance(extensions, str) else tuple(extensions)
    )


def is_image_file(filename):
    """Whether the name ends with a known image extension."""
    return has_file_allowed_extension(filename, IMG_EXTENSIONS)


def find_classes(directory):
    """The class folders in ``directory``.

    Returns
    -------
    tuple
        (names, sorted; dict from name to its index).

    Raises
    ------
    FileNotFoundError
        No folder in ``directory``, or no ``directory``.
    """
    with os.scandir(directory) as entries:
        classes = sorted(entry.name for entry in entries if entry.is_dir())
    if not classes:
        raise FileNotFoundError(f"Couldn't find any class folder in {directory}.")
    return classes, {name: index for index, name in enumerate(classes)}


def _validator(extensions, is_valid_file):
    """The one test of file names that the two arguments mean."""
    if (extensions is None) == (is_valid_file is None):
        raise ValueError(
            "Both extensions and is_valid_file cannot be None or not None at the same time"
        )
    if is_valid_file is not None:
        return is_valid_file
    return lambda path: has_file_allowed_extension(path, extensions)


def _files_under(folder):
    """Paths of all files below ``folder``, sorted by folder, then by name."""
    for root, _, names in sorted(os.walk(folder, followlinks=True)):
        for name in sorted(names):
            yield os.path.join(root, name)


def make_dataset(
    directory, class_to_idx=None, extensions=None, is_valid_file=None, allow_empty=False
):
    """List the samples of a folder of class folders.

    Parameters
    ----------
    directory : str or path
    class_to_idx : dict, optional
        From class folder to index; default: :func:`find_classes`.
    extensions : str or tuple of str, optional
    is_valid_file : callable, optional
        ``is_valid_file(path) -> bool``; exactly one of the two.
    allow_empty : bool
        Whether a class may have no sample.

    Returns
    -------
    list of (str, int)

    Raises
    ------
    ValueError
        ``class_to_idx`` is empty, or both or neither of the tests are given.
    FileNotFoundError
        A class without a sample.
    """
    directory = os.path.expanduser(directory)
    if class_to_idx is None:
        _, class_to_idx = find_classes(directory)
    elif not class_to_idx:
        raise ValueError("'class_to_index' must have at least one entry to collect any samples.")
    is_valid = _validator(extensions, is_valid_file)
    samples, empty = [], []
    for name in sorted(class_to_idx):
        paths = [p for p in _files_under(os.path.join(directory, name)) if is_valid(p)]
        samples += [(path, class_to_idx[name]) for path in paths]
        if not paths:
            empty.append(name)
    if empty and not allow_empty:
        message = f"Found no valid file for the classes {', '.join(empty)}. "
        if extensions is not None:
            listed = extensions if isinstance(extensions, str) else ", ".join(extensions)
            message += f"Supported extensions are: {listed}"
        raise FileNotFoundError(message)
    return samples


class DatasetFolder(Dataset):
    """Samples in class folders, read by a loader of your own.

    Parameters
    ----------
    root : str or path
        Folder that holds one folder per class; files may lie deeper.
    loader : callable
        ``loader(path) -> sample``.
    extensions : str or tuple of str, optional
        File names to take; exactly one of this and ``is_valid_file``.
    transform, target_transform : callable, optional
        Applied to each sample, and to each class index.
    is_valid_file : callable, optional
        ``is_valid_file(path) -> bool``.
    allow_empty : bool
        Whether a class may have no sample.

    Attributes
    ----------
    classes : list of str
        Sorted.
    class_to_idx : dict
    samples : list of (str, int)
    targets : list of int

    Raises
    ------
    FileNotFoundError
        No class folder, or one without a sample.
    """

    def __init__(
        self,
        root,
        loader,
        extensions=None,
        transform=None,
        target_transform=None,
        is_valid_file=None,
        allow_empty=False,
    ):
        self.root = os.path.expanduser(root) if isinstance(root, str) else root
        self.transform = transform
        self.target_transform = target_transform
        self.classes, self.class_to_idx = self.find_classes(self.root)
        self.samples = self.make_dataset(
            self.root,
            class_to_idx=self.class_to_idx,
            extensions=extensions,
            is_valid_file=is_valid_file,
            allow_empty=allow_empty,
        )
        self.loader = loader
        self.extensions = extensions
        self.targets = [target for _, target in self.samples]

    @staticmethod
    def make_dataset(
        directory, class_to_idx, extensions=None, is_valid_file=None, allow_empty=False
    ):
        """List the samples; a subclass may override it."""
        if class_to_idx is None:
            # The function would fall back to its own find_classes, past a subclass's override.
            raise ValueError("The class_to_idx parameter cannot be None.")
        return make_dataset(
            directory,
            class_to_idx,
            extensions=extensions,
            is_valid_file=is_valid_file,
            allow_empty=allow_empty,
        )

    def find_classes(self, directory):
        """Class names and their indices; a subclass may override it."""
        return find_classes(directory)

    def __getitem__(self, index):
        path, target = self.samples[index]
        sample = self.loader(path)
        if self.transform is not None:
            sample = self.transform(sample)
        if self.target_transform is not None:
            target = self.target_transform(target)
        return sample, target

    def __len__(self):
        return len(self.samples)

    def __repr__(self):
        lines = [
            f"Dataset {self.__class__.__name__}",
            f"    Number of datapoints: {len(self)}",
            f"    Root location: {self.root}",
        ]
        steps = [(head, str(step)) for head, step in (("Transform: ", self.transform), (
            "Target transform: ", self.target_transform)) if step is not None]
        if steps:
            lines.append("    StandardTransform")
            lines += [head + text.replace("\n", "\n" + " " * len(head)) for head, text in steps]
        return "\n".join(lines)


def pil_loader(path):
    """An image file as an RGB PIL image; EXIF orientation is not applied (as torchvision)."""
    with open(path, "rb") as file:
        return Image.open(file).convert("RGB")


default_loader = pil_loader


class ImageFolder(DatasetFolder):
    """Images in class folders.

    Parameters
    ----------
    root : str or path
        Folder that holds one folder per class; images may lie deeper.
    transform, target_transform : callable, optional
        Applied to each image, and to each class index.
    loader : callable
        ``loader(path)``; default: an RGB PIL image, EXIF orientation ignored.
    is_valid_file : callable, optional
        ``is_valid_file(path) -> bool``; default: by extension.
    allow_empty : bool
        Whether a class may have no image.

    Attributes
    ----------
    classes, class_to_idx, samples, targets
        See :class:`DatasetFolder`.
    imgs : list of (str, int)
        The same list as ``samples``.
    """

    def __init__(
        self,
        root,
        transform=None,
        target_transform=None,
        loader=default_loader,
        is_valid_file=None,
        allow_empty=False,
    ):
        super().__init__(
            root,
            loader,
            IMG_EXTENSIONS if is_valid_file is None else None,
            transform=transform,
            target_transform=target_transform,
            is_valid_file=is_valid_file,
            allow_empty=allow_empty,
        )
        self.imgs = self.samples
