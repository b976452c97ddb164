"""Datasets of images: class folders, and the bundled digits."""

from minitorch.datasets.digits import Digits
from minitorch.datasets.folder import DatasetFolder, ImageFolder
from minitorch.datasets.images import FolderScan, ImageError, load_image, scan_folder

__all__ = [
    "DatasetFolder",
    "Digits",
    "FolderScan",
    "ImageError",
    "ImageFolder",
    "load_image",
    "scan_folder",
]
