"""Transforms of PIL images are pillow's own operations; what is expected is computed with pillow
and numpy here, in the float32 steps that torchvision takes."""

import numpy as np
import pytest
from PIL import Image, ImageOps

import minitorch
from minitorch import transforms as T
from minitorch.transforms import functional as F
from minitorch.transforms.presets import ImageClassification

BILINEAR = Image.Resampling.BILINEAR


def picture(width, height, mode="RGB"):
    """A colourful image without symmetry."""
    y, x = np.mgrid[:height, :width]
    pixels = np.stack([x * 5 + y, y * 7, x * y + 3 * x], -1) % 256
    return Image.fromarray(pixels.astype(np.uint8)).convert(mode)


def same(a, b):
    return (a.mode, a.size, a.tobytes()) == (b.mode, b.size, b.tobytes())


# -- resize ----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("size", "max_size", "expected"),
    [
        (20, None, (33, 20)),  # shorter edge, width = int(20 * 50 / 30)
        ([20], None, (33, 20)),
        ((12, 40), None, (40, 12)),
        (20, 25, (25, 15)),
        (60, None, (100, 60)),
    ],
)
def test_resize_sizes(size, max_size, expected):
    image = picture(50, 30)
    got = T.Resize(size, max_size=max_size)(image)
    assert same(got, image.resize(expected, BILINEAR))


@pytest.mark.parametrize("mode", list(T.InterpolationMode))
def test_resize_interpolations_are_pillows(mode):
    image = picture(50, 30)
    name = "NEAREST" if mode.name == "NEAREST_EXACT" else mode.name
    expected = image.resize((33, 20), Image.Resampling[name])
    assert same(F.resize(image, 20, mode), expected)


def test_resize_takes_pillows_constants_and_leaves_the_right_size_alone():
    image = picture(50, 30)
    expected = F.resize(image, 20, T.InterpolationMode.BICUBIC)
    assert same(T.Resize(20, Image.BICUBIC)(image), expected)
    assert T.Resize(30)(image) is image


@pytest.mark.parametrize(
    ("call", "error", "text"),
    [
        (lambda im: T.Resize("20"), TypeError, "Size should be int or sequence"),
        (lambda im: T.Resize(2.5), TypeError, "Size should be int or sequence"),
        (lambda im: T.Resize((1, 2, 3)), ValueError, "should have 1 or 2 values"),
        (lambda im: F.resize(im, 20, max_size=20), ValueError, "must be strictly greater"),
        (lambda im: F.resize(im, (20, 20), max_size=30), ValueError, "max_size should only be"),
        (lambda im: F.resize(im, 20, "bilinear"), TypeError, "should be a InterpolationMode"),
        (lambda im: F.resize(im, 20, 9), TypeError, "should be a InterpolationMode"),
        (lambda im: F.resize(im, 0), ValueError, "must be positive"),
        (lambda im: F.resize("x.png", 20), TypeError, "should be PIL Image or Tensor"),
        (lambda im: F.resize(np.zeros((3, 3)), 20), TypeError, "should be PIL Image or Tensor"),
    ],
)
def test_resize_refuses(call, error, text):
    with pytest.raises(error, match=text):
        call(picture(50, 30))


def test_resize_cannot_switch_pillows_antialias_off():
    with pytest.warns(UserWarning, match="Anti-alias option is always applied for PIL Image"):
        F.resize(picture(50, 30), 20, antialias=False)


@pytest.mark.parametrize("mode", [T.InterpolationMode.BILINEAR, T.InterpolationMode.BICUBIC])
@pytest.mark.parametrize("size", [13, 70])
def test_resize_of_a_tensor_agrees_with_pillow(mode, size):
    # Mode F has no rounding, and pillow's filters are the antialiased ones.
    image = picture(50, 30, "L").convert("F")
    expected = np.asarray(F.resize(image, size, mode))
    tensor = minitorch.from_numpy(np.asarray(image).copy())[None]
    got = F.resize(tensor, size, mode)[0].numpy()
    np.testing.assert_allclose(got, expected, atol=2e-3)  # of values up to 255


def test_resize_of_a_tensor_without_antialias_interpolates_two_points():
    row = minitorch.tensor([[[0.0, 4.0, 8.0, 12.0]]])
    got = F.resize(row, (1, 2), antialias=False)
    assert got.tolist() == [[[2.0, 10.0]]]
    nearest = F.resize(row, (1, 2), T.InterpolationMode.NEAREST)
    assert nearest.tolist() == [[[0.0, 8.0]]]
    with pytest.raises(NotImplementedError, match="'lanczos' is for PIL images only"):
        F.resize(row, (1, 2), T.InterpolationMode.LANCZOS)


def test_resize_of_byte_tensors_rounds():
    row = minitorch.tensor([[[0, 3]]], dtype=minitorch.uint8)
    got = F.resize(row, (1, 4), antialias=False)
    assert got.dtype == minitorch.uint8
    assert got.tolist() == [[[0, 1, 2, 3]]]


# -- crop, pad, flip ---------------------------------------------------------------------------


def test_center_crop_rounds_halves_to_even():
    image = picture(50, 31)
    assert same(T.CenterCrop(20)(image), image.crop((15, 6, 35, 26)))  # 5.5 -> 6
    assert same(T.CenterCrop((20, 41))(image), image.crop((4, 6, 45, 26)))  # 4.5 -> 4


def test_center_crop_pads_small_images_with_zero():
    image = picture(5, 4)
    expected = Image.new("RGB", (8, 9))
    expected.paste(image, (1, 2))
    assert same(T.CenterCrop((9, 8))(image), expected)


def test_crop_of_tensors_follows_pil():
    image = picture(12, 9)
    tensor = F.pil_to_tensor(image)
    for box in [(1, 2, 5, 6), (-2, -3, 6, 7), (5, 8, 10, 10), (-1, -1, 20, 20)]:
        expected = F.pil_to_tensor(F.crop(image, *box))
        assert minitorch.equal(F.crop(tensor, *box), expected), box


def test_pad_colours_and_refusals():
    image = picture(5, 4)
    expected = ImageOps.expand(image, (1, 2, 3, 4), (9, 8, 7))
    assert same(F.pad(image, (1, 2, 3, 4), (9, 8, 7)), expected)
    assert tuple(F.pad(minitorch.ones(1, 2, 2), [1, 0], 5).flatten().tolist()) == (
        5, 1, 1, 5, 5, 1, 1, 5,
    )  # fmt: skip
    with pytest.raises(ValueError, match="constant, edge, reflect or symmetric"):
        F.pad(image, 1, padding_mode="wrap")
    with pytest.raises(ValueError, match="Padding must be an int or a 1, 2, or 4 element"):
        F.pad(image, (1, 2, 3))


def test_flips():
    image = picture(5, 4)
    assert same(F.hflip(image), ImageOps.mirror(image))
    assert same(F.vflip(image), ImageOps.flip(image))
    tensor = F.pil_to_tensor(image)
    assert minitorch.equal(F.hflip(tensor), F.pil_to_tensor(ImageOps.mirror(image)))
    assert minitorch.equal(F.vflip(tensor), F.pil_to_tensor(ImageOps.flip(image)))


def test_random_flip_draws_as_torchvision():
    image = picture(5, 4)
    minitorch.manual_seed(4)
    flip = T.RandomHorizontalFlip()
    flipped = [not same(flip(image), image) for _ in range(8)]
    assert flipped == [False, False, True, True, True, True, False, False]


def test_random_resized_crop_draws_as_torchvision():
    image = picture(20, 16)
    minitorch.manual_seed(4)
    boxes = [T.RandomResizedCrop.get_params(image, (0.08, 1.0), (3 / 4, 4 / 3)) for _ in range(4)]
    assert boxes == [(1, 3, 14, 14), (0, 8, 6, 5), (2, 0, 13, 17), (3, 1, 13, 15)]
    minitorch.manual_seed(4)
    expected = image.crop((3, 1, 17, 15)).resize((8, 8), BILINEAR)
    assert same(T.RandomResizedCrop(8)(image), expected)


def test_random_resized_crop_falls_back_to_the_centre():
    box = T.RandomResizedCrop.get_params(picture(100, 4), (0.9, 1.0), (1.0, 1.0))
    assert box == (0, 48, 4, 4)


# -- conversion --------------------------------------------------------------------------------


@pytest.mark.parametrize("mode", ["L", "RGB", "RGBA", "CMYK", "LA", "P"])
def test_to_tensor_divides_bytes(mode):
    image = picture(7, 5, mode)
    got = T.ToTensor()(image)
    array = np.asarray(image).reshape(5, 7, -1)
    expected = array.transpose(2, 0, 1).astype(np.float32) / np.float32(255)
    assert got.dtype == minitorch.float32
    assert got.is_contiguous()
    assert np.array_equal(got.numpy(), expected)


@pytest.mark.parametrize(
    ("mode", "dtype", "values"),
    [("1", "float32", [0.0, 1.0]), ("I", "int32", [-5, 70000]), ("F", "float32", [0.5, -3.0])],
)
def test_to_tensor_keeps_the_values_of_wide_modes(mode, dtype, values):
    image = Image.new(mode, (2, 1))
    for x, value in enumerate(values):
        image.putpixel((x, 0), 255 if mode == "1" and value else value if mode != "1" else 0)
    got = T.ToTensor()(image)
    assert got.dtype == getattr(minitorch, dtype)
    assert got.tolist() == [[values]]


def test_to_tensor_of_sixteen_bits_is_int16():
    image = Image.fromarray(np.array([[1, 300]], np.uint16))
    got = T.ToTensor()(image)
    assert (got.dtype, got.tolist()) == (minitorch.int16, [[[1, 300]]])


def test_to_tensor_of_arrays():
    got = T.ToTensor()(np.arange(6, dtype=np.uint8).reshape(1, 2, 3))
    assert tuple(got.shape) == (3, 1, 2)
    assert got[2].tolist() == [[np.float32(2 / 255), np.float32(5 / 255)]]
    assert T.ToTensor()(np.array([[1.5]])).tolist() == [[[1.5]]]
    with pytest.raises(ValueError, match="pic should be 2/3 dimensional. Got 1 dimensions"):
        T.ToTensor()(np.zeros(3))
    with pytest.raises(TypeError, match="pic should be PIL Image or ndarray"):
        T.ToTensor()(minitorch.zeros(3, 2, 2))


def test_pil_to_tensor_keeps_bytes_and_is_a_copy():
    image = picture(7, 5)
    got = T.PILToTensor()(image)
    assert got.dtype == minitorch.uint8
    assert np.array_equal(got.permute(1, 2, 0).numpy(), np.asarray(image))
    got.zero_()
    assert np.asarray(image).any()


@pytest.mark.parametrize("mode", ["L", "RGB", "RGBA", "LA"])
def test_to_pil_image_reverses(mode):
    image = picture(7, 5, mode)
    assert same(T.ToPILImage()(T.PILToTensor()(image)), image)
    assert same(T.ToPILImage()(T.ToTensor()(image)), image)


def test_to_pil_image_refusals():
    with pytest.raises(ValueError, match="should not have > 4 channels. Got 5"):
        F.to_pil_image(minitorch.zeros(5, 2, 2))
    with pytest.raises(ValueError, match="Only modes .*RGB.* are supported"):
        F.to_pil_image(minitorch.zeros(3, 2, 2), "LA")
    with pytest.raises(TypeError, match="Input type int64 is not supported"):
        F.to_pil_image(np.zeros((2, 2), np.int64))


@pytest.mark.parametrize(
    ("source", "target", "value", "expected"),
    [
        ("uint8", "float32", 255, 1.0),
        ("float32", "uint8", 0.5, 127),
        ("uint8", "int32", 1, 2**23),
        ("int32", "uint8", 2**23 * 3, 3),
        ("float32", "float64", 0.25, 0.25),
        ("int16", "uint8", 32767, 255),
    ],
)
def test_convert_image_dtype_scales_the_range(source, target, value, expected):
    image = minitorch.tensor([[[value]]], dtype=getattr(minitorch, source))
    got = T.ConvertImageDtype(getattr(minitorch, target))(image)
    assert got.dtype == getattr(minitorch, target)
    assert got.item() == expected


def test_convert_image_dtype_refuses_what_would_overflow():
    with pytest.raises(RuntimeError, match="cannot be performed safely"):
        F.convert_image_dtype(minitorch.zeros(1, 1, 1), minitorch.int64)
    with pytest.raises(TypeError, match="Input img should be Tensor Image"):
        F.convert_image_dtype(picture(2, 2))


# -- normalize ---------------------------------------------------------------------------------


def test_normalize_subtracts_and_divides():
    tensor = minitorch.tensor([[[1.0, 2.0]], [[3.0, 4.0]]])
    got = T.Normalize([1.0, 2.0], [0.5, 4.0])(tensor)
    assert got.tolist() == [[[0.0, 2.0]], [[0.25, 0.5]]]
    assert tensor.tolist() == [[[1.0, 2.0]], [[3.0, 4.0]]]


def test_normalize_in_place_changes_its_input():
    tensor = minitorch.ones(1, 1, 1)
    T.Normalize([1.0], [2.0], inplace=True)(tensor)
    assert tensor.item() == 0.0


@pytest.mark.parametrize(
    ("tensor", "std", "error", "text"),
    [
        ("PIL", 1.0, TypeError, "img should be Tensor Image"),
        ("bytes", 1.0, TypeError, "Input tensor should be a float tensor"),
        ("flat", 1.0, ValueError, "Expected tensor to be a tensor image of size"),
        ("good", 0.0, ValueError, "std evaluated to zero after conversion"),
    ],
)
def test_normalize_refuses(tensor, std, error, text):
    inputs = {
        "PIL": lambda: picture(2, 2),
        "bytes": lambda: minitorch.zeros(1, 2, 2, dtype=minitorch.uint8),
        "flat": lambda: minitorch.zeros(2, 2),
        "good": lambda: minitorch.zeros(1, 2, 2),
    }
    with pytest.raises(error, match=text):
        F.normalize(inputs[tensor](), [0.5], [std])


# -- composing ---------------------------------------------------------------------------------


def test_compose_applies_in_order_and_prints_itself():
    composed = T.Compose([T.Lambda(lambda x: x + 1), T.Lambda(lambda x: x * 10)])
    assert composed(1) == 20
    assert repr(composed) == "Compose(\n    Lambda()\n    Lambda()\n)"
    assert repr(T.Resize(4)) == (
        "Resize(size=4, interpolation=bilinear, max_size=None, antialias=True)"
    )
    with pytest.raises(TypeError, match="Argument lambd should be callable, got 'int'"):
        T.Lambda(3)


def test_preset_is_resize_crop_scale_normalize():
    image = picture(300, 200)
    preset = ImageClassification(crop_size=64, resize_size=80)
    got = preset(image).numpy()
    small = image.resize((120, 80), BILINEAR).crop((28, 8, 92, 72))
    array = np.asarray(small).transpose(2, 0, 1).astype(np.float32) / np.float32(255)
    mean = np.array([0.485, 0.456, 0.406], np.float32)[:, None, None]
    std = np.array([0.229, 0.224, 0.225], np.float32)[:, None, None]
    assert got.dtype == np.float32
    assert np.array_equal(got, (array - mean) / std)


def test_preset_takes_tensors_and_describes_itself():
    preset = ImageClassification(crop_size=8, resize_size=8)
    batch = minitorch.zeros(2, 3, 8, 8, dtype=minitorch.uint8)
    assert tuple(preset(batch).shape) == (2, 3, 8, 8)
    assert repr(preset) == (
        "ImageClassification(\n    crop_size=[8]\n    resize_size=[8]\n"
        "    mean=[0.485, 0.456, 0.406]\n    std=[0.229, 0.224, 0.225]\n"
        "    interpolation=InterpolationMode.BILINEAR\n)"
    )
    assert "``crop_size=[8]``" in preset.describe()
