"""How an image becomes the network's input, as data that travels with the model."""

import math
from dataclasses import asdict, dataclass

__all__ = ["Preprocessing"]

_INTERPOLATIONS = ("nearest", "bilinear", "bicubic")
_LARGEST = 8192     # pixels; a file that asks for more fills the memory


@dataclass(frozen=True)
class Preprocessing:
    """Short side to `resize_size`, middle `crop_size` square, scaled to [0, 1], normalised.

    Attributes
    ----------
    crop_size, resize_size : int
        In pixels.
    mean, std : tuple of float
        Per channel, red green blue.
    interpolation : str
        ``"nearest"``, ``"bilinear"`` or ``"bicubic"``, with antialias.
    exif : bool
        Whether the image is turned upright first, as its EXIF orientation says.
    """

    crop_size: int = 224
    resize_size: int = 256
    mean: tuple = (0.485, 0.456, 0.406)
    std: tuple = (0.229, 0.224, 0.225)
    interpolation: str = "bilinear"
    exif: bool = True

    @classmethod
    def for_size(cls, image_size, like=None, whole=False, exif=True):
        """Preprocessing for square inputs of `image_size` pixels.

        Parameters
        ----------
        image_size : int
        like : Preprocessing, optional
            Take the normalisation, the interpolation and the share that is cropped from here:
            what the pretrained weights were trained with.  Default: ImageNet's 224 of 256.
        whole : bool
            Crop nothing from the short side, whatever `like` says.
        exif : bool
        """
        like = like or cls()
        resize = round(image_size * like.resize_size / like.crop_size)
        return cls(image_size, image_size if whole else resize, tuple(like.mean),
                   tuple(like.std), like.interpolation, exif)

    def transform(self):
        """The callable that turns a PIL image into a float32 tensor (3, crop, crop)."""
        from minitorch.transforms import InterpolationMode
        from minitorch.transforms.presets import ImageClassification
        return ImageClassification(
            crop_size=self.crop_size, resize_size=self.resize_size, mean=self.mean,
            std=self.std, interpolation=InterpolationMode(self.interpolation), antialias=True)

    def to_dict(self):
        """A dictionary that JSON can hold; `from_dict` reads it back."""
        return asdict(self) | {"mean": list(self.mean), "std": list(self.std)}

    @classmethod
    def from_dict(cls, values):
        """Read what `to_dict` wrote.

        Raises
        ------
        ValueError
            A field is missing, unknown, or not of its kind.
        """
        if not isinstance(values, dict):
            raise ValueError(f"not a description of preprocessing: a {type(values).__name__}")
        try:
            made = cls(**values)
            made = cls(int(made.crop_size), int(made.resize_size),
                       tuple(float(x) for x in made.mean), tuple(float(x) for x in made.std),
                       str(made.interpolation), bool(made.exif))
        except (TypeError, ValueError, OverflowError) as error:
            raise ValueError(f"not a description of preprocessing: {error}") from error
        numbers = made.mean + made.std
        if not (0 < made.crop_size <= made.resize_size <= _LARGEST
                and len(made.mean) == len(made.std) == 3 and all(made.std)
                and all(map(math.isfinite, numbers)) and made.interpolation in _INTERPOLATIONS):
            raise ValueError(f"not a usable preprocessing: {values}")
        return made
