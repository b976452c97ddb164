"""The pretrained ImageNet weights of torchvision's residual networks: where, how good, how big.

Facts from torchvision's documentation of these weights; the files themselves are downloaded from
their publisher and are subject to its terms.
"""

from functools import partial

from minitorch.models._meta import IMAGENET_CATEGORIES
from minitorch.models._weights import Weights, WeightsEnum
from minitorch.transforms.presets import ImageClassification

_PAGE = "https://github.com/pytorch/vision/"
_RECIPE_OF_PAPER = _PAGE + "tree/main/references/classification#resnet"
_RECIPE_OF_RESNEXT = _PAGE + "tree/main/references/classification#resnext"
_RECIPE_OF_WIDE = _PAGE + "pull/912#issue-445437439"
_NEW_RECIPE = _PAGE + "issues/3995#new-recipe"
_NEW_RECIPE_FIXRES = _PAGE + "issues/3995#new-recipe-with-fixres"


def _imagenet(file, params, recipe, accuracy, gflops, megabytes, *, resize_size=256, docs):
    """A record of weights trained on ImageNet-1K and evaluated on a centre crop of 224."""
    options = {"crop_size": 224}
    if resize_size != 256:
        options["resize_size"] = resize_size
    top1, top5 = accuracy
    return Weights(
        url="https://download.pytorch.org/models/" + file,
        transforms=partial(ImageClassification, **options),
        meta={
            "min_size": (1, 1),
            "categories": IMAGENET_CATEGORIES,
            "num_params": params,
            "recipe": recipe,
            "_metrics": {"ImageNet-1K": {"acc@1": top1, "acc@5": top5}},
            "_ops": gflops,
            "_file_size": megabytes,
            "_docs": docs,
        },
    )


_plain = partial(_imagenet, docs="Close to the paper's results, by its simple training recipe.")
_better = partial(
    _imagenet,
    resize_size=232,
    docs="Better than the paper's results, by torchvision's newer training recipe.",
)


class ResNet18_Weights(WeightsEnum):
    """Weights for :func:`~minitorch.models.resnet18`."""

    IMAGENET1K_V1 = _plain(
        "resnet18-f37072fd.pth",
        11689512,
        _RECIPE_OF_PAPER,
        (69.758, 89.078),
        1.814,
        44.661,
    )
    DEFAULT = IMAGENET1K_V1


class ResNet34_Weights(WeightsEnum):
    """Weights for :func:`~minitorch.models.resnet34`."""

    IMAGENET1K_V1 = _plain(
        "resnet34-b627a593.pth",
        21797672,
        _RECIPE_OF_PAPER,
        (73.314, 91.42),
        3.664,
        83.275,
    )
    DEFAULT = IMAGENET1K_V1


class ResNet50_Weights(WeightsEnum):
    """Weights for :func:`~minitorch.models.resnet50`."""

    IMAGENET1K_V1 = _plain(
        "resnet50-0676ba61.pth",
        25557032,
        _RECIPE_OF_PAPER,
        (76.13, 92.862),
        4.089,
        97.781,
    )
    IMAGENET1K_V2 = _better(
        "resnet50-11ad3fa6.pth",
        25557032,
        _PAGE + "issues/3995#issuecomment-1013906621",
        (80.858, 95.434),
        4.089,
        97.79,
    )
    DEFAULT = IMAGENET1K_V2


class ResNet101_Weights(WeightsEnum):
    """Weights for :func:`~minitorch.models.resnet101`."""

    IMAGENET1K_V1 = _plain(
        "resnet101-63fe2227.pth",
        44549160,
        _RECIPE_OF_PAPER,
        (77.374, 93.546),
        7.801,
        170.511,
    )
    IMAGENET1K_V2 = _better(
        "resnet101-cd907fc2.pth",
        44549160,
        _NEW_RECIPE,
        (81.886, 95.78),
        7.801,
        170.53,
    )
    DEFAULT = IMAGENET1K_V2


class ResNet152_Weights(WeightsEnum):
    """Weights for :func:`~minitorch.models.resnet152`."""

    IMAGENET1K_V1 = _plain(
        "resnet152-394f9c45.pth",
        60192808,
        _RECIPE_OF_PAPER,
        (78.312, 94.046),
        11.514,
        230.434,
    )
    IMAGENET1K_V2 = _better(
        "resnet152-f82ba261.pth",
        60192808,
        _NEW_RECIPE,
        (82.284, 96.002),
        11.514,
        230.474,
    )
    DEFAULT = IMAGENET1K_V2


class ResNeXt50_32X4D_Weights(WeightsEnum):
    """Weights for :func:`~minitorch.models.resnext50_32x4d`."""

    IMAGENET1K_V1 = _plain(
        "resnext50_32x4d-7cdf4587.pth",
        25028904,
        _RECIPE_OF_RESNEXT,
        (77.618, 93.698),
        4.23,
        95.789,
    )
    IMAGENET1K_V2 = _better(
        "resnext50_32x4d-1a0047aa.pth",
        25028904,
        _NEW_RECIPE,
        (81.198, 95.34),
        4.23,
        95.833,
    )
    DEFAULT = IMAGENET1K_V2


class ResNeXt101_32X8D_Weights(WeightsEnum):
    """Weights for :func:`~minitorch.models.resnext101_32x8d`."""

    IMAGENET1K_V1 = _plain(
        "resnext101_32x8d-8ba56ff5.pth",
        88791336,
        _RECIPE_OF_RESNEXT,
        (79.312, 94.526),
        16.414,
        339.586,
    )
    IMAGENET1K_V2 = _better(
        "resnext101_32x8d-110c445d.pth",
        88791336,
        _NEW_RECIPE_FIXRES,
        (82.834, 96.228),
        16.414,
        339.673,
    )
    DEFAULT = IMAGENET1K_V2


class ResNeXt101_64X4D_Weights(WeightsEnum):
    """Weights for :func:`~minitorch.models.resnext101_64x4d`."""

    IMAGENET1K_V1 = _better(
        "resnext101_64x4d-173b62eb.pth",
        83455272,
        _PAGE + "pull/5935",
        (83.246, 96.454),
        15.46,
        319.318,
    )
    DEFAULT = IMAGENET1K_V1


class Wide_ResNet50_2_Weights(WeightsEnum):
    """Weights for :func:`~minitorch.models.wide_resnet50_2`."""

    IMAGENET1K_V1 = _plain(
        "wide_resnet50_2-95faca4d.pth",
        68883240,
        _RECIPE_OF_WIDE,
        (78.468, 94.086),
        11.398,
        131.82,
    )
    IMAGENET1K_V2 = _better(
        "wide_resnet50_2-9ba9bcbe.pth",
        68883240,
        _NEW_RECIPE_FIXRES,
        (81.602, 95.758),
        11.398,
        263.124,
    )
    DEFAULT = IMAGENET1K_V2


class Wide_ResNet101_2_Weights(WeightsEnum):
    """Weights for :func:`~minitorch.models.wide_resnet101_2`."""

    IMAGENET1K_V1 = _plain(
        "wide_resnet101_2-32ee1156.pth",
        126886696,
        _RECIPE_OF_WIDE,
        (78.848, 94.284),
        22.753,
        242.896,
    )
    IMAGENET1K_V2 = _better(
        "wide_resnet101_2-d733dc28.pth",
        126886696,
        _NEW_RECIPE,
        (82.51, 96.02),
        22.753,
        484.747,
    )
    DEFAULT = IMAGENET1K_V2
