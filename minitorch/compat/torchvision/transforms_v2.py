"""``torchvision.transforms.v2``: the classic transforms, called with whole samples.

``transform(image, label)`` changes the image and hands on the rest. A sample may be nested in
tuples, lists and dicts, and holds one image: PIL images come first, then the first tensor. What is
special to boxes, masks and videos is missing.
"""

import sys
import types

from PIL import Image

import minitorch
from minitorch import nn
from minitorch import transforms as classic
from minitorch.tensor import Tensor
from minitorch.transforms import functional as F
from minitorch.transforms import mixing
from minitorch.transforms._geometry_transforms import integer
from minitorch.transforms.functional import InterpolationMode

__all__ = ["Compose", "CutMix", "Identity", "InterpolationMode", "MixUp", "RandomChoice",
           "RandomCrop", "RandomOrder", "ToDtype", "ToImage", "Transform"]


def _leaves(sample):
    """All that is not a container, in order."""
    if isinstance(sample, dict):
        return [leaf for value in sample.values() for leaf in _leaves(value)]
    if isinstance(sample, tuple | list):
        return [leaf for value in sample for leaf in _leaves(value)]
    return [sample]


def _replaced(sample, old, new):
    """The sample with one leaf replaced."""
    if sample is old:
        return new
    if isinstance(sample, dict):
        return type(sample)((key, _replaced(value, old, new)) for key, value in sample.items())
    if isinstance(sample, tuple) and hasattr(sample, "_fields"):
        return type(sample)(*(_replaced(value, old, new) for value in sample))
    if isinstance(sample, tuple | list):
        return type(sample)(_replaced(value, old, new) for value in sample)
    return sample


def _image_in(sample):
    """The image of a sample; None if there is none."""
    leaves = _leaves(sample)
    pictures = [leaf for leaf in leaves if isinstance(leaf, Image.Image)]
    if len(pictures) > 1:
        raise NotImplementedError("a sample of several images is not supported")
    tensors = [leaf for leaf in leaves if isinstance(leaf, Tensor)]
    return next(iter(pictures or tensors), None)


class Transform(nn.Module):
    """Base class: override ``transform(image, params)``, and ``make_params(images)`` at need."""

    def make_params(self, flat_inputs):
        """What `transform` gets as its second argument."""
        return {}

    def transform(self, inpt, params):
        """The changed image."""
        raise NotImplementedError

    def forward(self, *inputs):
        sample = inputs if len(inputs) > 1 else inputs[0]
        image = _image_in(sample)
        if image is None:
            return sample
        return _replaced(sample, image, self.transform(image, self.make_params([image])))

    def extra_repr(self):
        values = ((name, value) for name, value in vars(self).items()
                  if not name.startswith("_") and name != "training"
                  and isinstance(value, bool | int | float | str | tuple | list
                                 | InterpolationMode))
        return ", ".join(f"{name}={value}" for name, value in values)


def _of(base):
    """The class of the classic transform `base` that takes samples."""
    def forward(self, *inputs):
        sample = inputs if len(inputs) > 1 else inputs[0]
        image = _image_in(sample)
        if image is None:
            return sample
        call = base.forward if issubclass(base, nn.Module) else base.__call__
        return _replaced(sample, image, call(self, image))

    method = "forward" if issubclass(base, nn.Module) else "__call__"

    def fill(namespace):
        namespace.update({method: forward, "__doc__": base.__doc__, "__module__": __name__})

    return types.new_class(base.__name__, (base,), exec_body=fill)


# Those that draw in v2 what they draw in v1.
for _name in ("CenterCrop", "ColorJitter", "ElasticTransform", "FiveCrop", "GaussianBlur",
              "Grayscale", "Lambda", "Normalize", "PILToTensor", "Pad", "RandomAdjustSharpness",
              "RandomAffine", "RandomAutocontrast", "RandomEqualize", "RandomErasing",
              "RandomGrayscale", "RandomHorizontalFlip", "RandomInvert", "RandomPerspective",
              "RandomPosterize", "RandomResizedCrop", "RandomRotation", "RandomSolarize",
              "RandomVerticalFlip", "Resize", "TenCrop", "ToPILImage", "ToTensor"):
    setattr(sys.modules[__name__], _name, _of(getattr(classic, _name)))
    __all__.append(_name)


class RandomCrop(_of(classic.RandomCrop)):
    """Cut out a rectangle of a given size; a side that fits already draws no number."""

    @staticmethod
    def get_params(img, output_size):
        _, height, width = F.get_dimensions(img)
        crop_height, crop_width = output_size
        if height < crop_height or width < crop_width:
            raise ValueError(f"Required crop size {(crop_height, crop_width)} is larger than "
                             f"padded input image size {(height, width)}.")
        top = integer(height - crop_height + 1) if height > crop_height else 0
        left = integer(width - crop_width + 1) if width > crop_width else 0
        return top, left, crop_height, crop_width


class Identity(Transform):
    """Nothing."""

    def transform(self, inpt, params):
        return inpt


class ToImage(Transform):
    """PIL image or array to a tensor (C, H, W) with the same values."""

    def forward(self, *inputs):
        import numpy as np
        sample = inputs if len(inputs) > 1 else inputs[0]
        arrays = [leaf for leaf in _leaves(sample) if isinstance(leaf, np.ndarray)]
        if not arrays or _image_in(sample) is not None:
            return super().forward(*inputs)
        array = arrays[0] if arrays[0].ndim == 3 else arrays[0][..., None]
        tensor = minitorch.from_numpy(array).permute(2, 0, 1)
        return _replaced(sample, arrays[0], tensor.contiguous())

    def transform(self, inpt, params):
        return inpt if isinstance(inpt, Tensor) else F.pil_to_tensor(inpt)

    def __repr__(self):
        return "ToImage()"


class ToDtype(Transform):
    """Change the type of a tensor image, and with ``scale`` its range.

    Parameters
    ----------
    dtype : minitorch.dtype
    scale : bool
    """

    def __init__(self, dtype, scale=False):
        super().__init__()
        if not isinstance(dtype, minitorch.dtype):
            raise ValueError(f"dtype must be a torch.dtype, got {type(dtype)} instead.")
        self.dtype = dtype
        self.scale = scale

    def transform(self, inpt, params):
        if not isinstance(inpt, Tensor):
            return inpt
        if self.scale:
            return F.convert_image_dtype(inpt, self.dtype)
        return inpt.to(self.dtype)

    def __repr__(self):
        return f"ToDtype(scale={self.scale})"


class Compose(Transform):
    """One transform after the other, each with the whole sample.

    Parameters
    ----------
    transforms : sequence of callable
    """

    def __init__(self, transforms):
        super().__init__()
        if not isinstance(transforms, tuple | list):
            raise TypeError("Argument transforms should be a sequence of callables")
        if not transforms:
            raise ValueError("Pass at least one transform")
        self.transforms = transforms

    def forward(self, *inputs):
        for transform in self.transforms:
            outputs = transform(*inputs)
            inputs = outputs if len(inputs) > 1 else (outputs,)
        return outputs

    def __repr__(self):
        lines = "".join(f"\n      {transform}" for transform in self.transforms)
        return f"{self.__class__.__name__}({lines}\n)"


class RandomChoice(Compose):
    """One of the transforms, drawn by `minitorch.multinomial`.

    Parameters
    ----------
    transforms : sequence of callable
    p : sequence of float, optional
        Weights of the transforms.
    """

    def __init__(self, transforms, p=None):
        super().__init__(transforms)
        p = [1] * len(transforms) if p is None else p
        if len(p) != len(transforms):
            raise ValueError("Length of p doesn't match the number of transforms: "
                             f"{len(p)} != {len(transforms)}")
        self.p = [weight / sum(p) for weight in p]

    def forward(self, *inputs):
        place = int(minitorch.multinomial(minitorch.tensor(self.p), 1))
        return self.transforms[place](*inputs)


class RandomOrder(Compose):
    """All transforms, in an order drawn by `minitorch.randperm`.

    Parameters
    ----------
    transforms : sequence of callable
    """

    def forward(self, *inputs):
        for place in minitorch.randperm(len(self.transforms)).tolist():
            outputs = self.transforms[place](*inputs)
            inputs = outputs if len(inputs) > 1 else (outputs,)
        return outputs


class _Mixing(nn.Module):
    """Base of `MixUp` and `CutMix`: a batch of images (N, C, H, W) and their labels."""

    def __init__(self, *, alpha=1.0, num_classes=None):
        super().__init__()
        self.alpha = float(alpha)
        self.num_classes = num_classes

    def forward(self, *inputs):
        images, labels = inputs if len(inputs) > 1 else inputs[0]
        name = type(self).__name__
        if isinstance(images, Image.Image):
            raise ValueError(f"{name}() does not support PIL images, bounding boxes, keypoints "
                             "and masks.")
        if not isinstance(labels, Tensor):
            raise ValueError(f"The labels must be a tensor, but got {type(labels)} instead.")
        if labels.ndim not in (1, 2):
            raise ValueError("labels should be index based with shape (batch_size,) or "
                             "probability based with shape (batch_size, num_classes), but got a "
                             f"tensor of shape {labels.shape} instead.")
        if labels.ndim == 1 and self.num_classes is None:
            raise ValueError("num_classes must be passed if the labels are index-based (1D)")
        if (labels.ndim == 2 and self.num_classes is not None
                and labels.shape[-1] != self.num_classes):
            raise ValueError("When passing 2D labels, the number of elements in last dimension "
                             f"must match num_classes: {labels.shape[-1]} != {self.num_classes}. "
                             "You can Leave num_classes to None.")
        if images.ndim != 4:
            raise ValueError(f"Expected a batched input with 4 dims, but got {images.ndim} "
                             "dimensions instead.")
        if images.shape[0] != labels.shape[0]:
            raise ValueError("The batch size of the image or video does not match the batch size "
                             f"of the labels: {images.shape[0]} != {labels.shape[0]}.")
        images, share = self._mix(images, mixing.beta(self.alpha))
        labels = mixing.mixed_labels(labels, share, self.num_classes)
        return type(inputs)((images, labels)) if len(inputs) > 1 else [images, labels]

    def __repr__(self):
        return f"{type(self).__name__}(alpha={self.alpha}, num_classes={self.num_classes})"


class MixUp(_Mixing):
    """Blend each image of a batch with the one before it (Zhang et al., arXiv:1710.09412).

    Parameters
    ----------
    alpha : float
        Shares come from the distribution Beta(alpha, alpha).
    num_classes : int, optional
        Needed where labels are numbers of classes.
    """

    def _mix(self, images, share):
        return mixing.mixup(images, share), share


class CutMix(_Mixing):
    """Paste a rectangle of the image before into each image (Yun et al., arXiv:1905.04899).

    Parameters
    ----------
    alpha : float
        The area left comes from the distribution Beta(alpha, alpha).
    num_classes : int, optional
        Needed where labels are numbers of classes.
    """

    def _mix(self, images, share):
        box, share = mixing.cut_box(share, *images.shape[-2:])
        return mixing.cutmix(images, box), share
