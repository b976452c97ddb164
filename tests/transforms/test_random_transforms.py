"""Random transforms without torchvision: the numbers it draws for a seed, and what they do."""

import random

import numpy as np
import pytest
from PIL import Image, ImageEnhance

import minitorch
from minitorch import transforms as T
from minitorch.transforms import functional as F
from minitorch.transforms import mixing

# What torchvision 0.29 draws after torch.manual_seed(0).
DRAWN = {
    "resized crop": (lambda: T.RandomResizedCrop.get_params(
        Image.new("RGB", (50, 37)), (0.08, 1.0), (3 / 4, 4 / 3)), (2, 16, 29, 34)),
    "crop": (lambda: T.RandomCrop.get_params(Image.new("RGB", (50, 37)), (20, 21)),
             (8, 9, 20, 21)),
    "jitter": (lambda: [each.tolist() if hasattr(each, "tolist") else each for each in
                        T.ColorJitter.get_params((0.6, 1.4), (0.6, 1.4), None, (-0.1, 0.1))],
               [[0, 1, 3, 2], 0.7056244015693665, 0.8459382653236389, None,
                0.026815736666321754]),
    "rotation": (lambda: T.RandomRotation.get_params([-30, 30]), -0.22460460662841797),
    "affine": (lambda: T.RandomAffine.get_params(
        [-20.0, 20.0], (0.2, 0.3), (0.7, 1.4), [-15.0, 15.0], [50, 37]),
        (-0.1497364044189453, (5, -9), 0.7924213409423828, (-5.777315616607666, 0.0))),
    "perspective": (lambda: T.RandomPerspective.get_params(50, 37, 0.5)[1],
                    [[3, 9], [38, 0], [49, 36], [3, 30]]),
    "erasing": (lambda: T.RandomErasing.get_params(
        minitorch.zeros(3, 40, 40), (0.02, 0.33), (0.3, 3.3), [0.0])[:4], (11, 25, 23, 12)),
    "blur": (lambda: T.GaussianBlur.get_params(0.1, 2.0), 1.042887568473816),
    "policy": (lambda: T.AutoAugment.get_params(25)[0], 19),
}


def picture(width=40, height=30, mode="RGB"):
    y, x = np.mgrid[:height, :width]
    pixels = np.stack([x * 5 + y, y * 7, x * y + 3 * x], -1) % 256
    return Image.fromarray(pixels.astype(np.uint8)).convert(mode)


@pytest.mark.parametrize("case", DRAWN)
def test_seed_gives_torchvisions_numbers(case):
    draw, expected = DRAWN[case]
    minitorch.manual_seed(0)
    assert draw() == expected


def test_beta_is_torchs_but_for_the_last_bit():
    minitorch.manual_seed(0)
    drawn = [mixing.beta(0.2) for _ in range(3)]
    assert drawn == pytest.approx([1.3102197e-05, 0.51937139, 0.59215009], rel=3e-7)


def test_jitter_applies_its_factors_in_the_drawn_order():
    image = picture()
    minitorch.manual_seed(0)
    order, brightness, contrast, _, _ = T.ColorJitter.get_params((0.6, 1.4), (0.6, 1.4), None, None)
    assert order.tolist()[:2] == [0, 1]
    expected = ImageEnhance.Brightness(image).enhance(brightness)
    expected = ImageEnhance.Contrast(expected).enhance(contrast)
    minitorch.manual_seed(0)
    assert T.ColorJitter(0.4, 0.4)(image).tobytes() == expected.tobytes()


def test_hue_by_thirds_of_a_turn_exchanges_the_channels():
    tensor = T.ToTensor()(picture())
    turned = F.adjust_hue(F.adjust_hue(tensor, 1 / 3), 1 / 3)
    np.testing.assert_allclose(turned.numpy(), tensor.numpy()[[1, 2, 0]], atol=1e-5)
    np.testing.assert_allclose(F.adjust_hue(turned, 1 / 3).numpy(), tensor.numpy(), atol=1e-5)


def test_factors_of_one_and_zero():
    tensor = T.ToTensor()(picture())
    for adjust in (F.adjust_brightness, F.adjust_contrast, F.adjust_saturation,
                   F.adjust_sharpness):
        np.testing.assert_allclose(adjust(tensor, 1.0).numpy(), tensor.numpy(), atol=1e-6)
    assert F.adjust_brightness(tensor, 0.0).abs().max() == 0
    gray = F.adjust_saturation(tensor, 0.0)
    np.testing.assert_allclose(gray[0].numpy(), gray[2].numpy())
    assert np.ptp(F.adjust_contrast(tensor, 0.0).numpy()) < 1e-6


def test_right_angles_turn_pixels():
    tensor = T.ToTensor()(picture(32, 32))
    np.testing.assert_allclose(F.rotate(tensor, 90).numpy(), np.rot90(tensor.numpy(), 1, (1, 2)))
    image = picture(32, 32)
    assert F.rotate(image, 90).tobytes() == image.transpose(Image.Transpose.ROTATE_90).tobytes()
    moved = F.affine(tensor, 0.0, [3, -2], 1.0, [0.0])
    np.testing.assert_allclose(moved[:, :-2, 3:].numpy(), tensor[:, 2:, :-3].numpy())
    assert moved[:, -2:].abs().max() == 0


def test_perspective_takes_corners_to_corners():
    image = minitorch.zeros(1, 21, 31)
    image[0, 5, 7] = 1
    got = F.perspective(image, [[0, 0], [30, 0], [30, 20], [0, 20]],
                        [[0, 0], [30, 0], [30, 20], [0, 20]])
    np.testing.assert_allclose(got.numpy(), image.numpy(), atol=1e-4)
    moved = F.perspective(image, [[0, 0], [30, 0], [30, 20], [0, 20]],
                          [[2, 1], [32, 1], [32, 21], [2, 21]])
    np.testing.assert_allclose(moved.numpy(), np.roll(image.numpy(), (1, 2), (1, 2)), atol=1e-4)


def test_blur_keeps_the_mean_and_flat_images():
    flat = minitorch.full((3, 9, 9), 0.25)
    np.testing.assert_allclose(F.gaussian_blur(flat, 5).numpy(), flat.numpy(), atol=1e-6)
    point = minitorch.zeros(1, 11, 11)
    point[0, 5, 5] = 1
    blurred = F.gaussian_blur(point, [5, 3], [1.0, 0.5]).numpy()[0]
    assert abs(blurred.sum() - 1) < 1e-6
    x = np.exp(-0.5 * np.arange(-2, 3) ** 2)
    np.testing.assert_allclose(blurred.sum(0)[3:8], x / x.sum(), atol=1e-6)


def test_erasing_fills_one_rectangle():
    image, erasing = minitorch.zeros(3, 40, 40), T.RandomErasing(1.0, value=(1.0, 2.0, 3.0))
    minitorch.manual_seed(0)
    erased = erasing(image).numpy()
    minitorch.manual_seed(0)
    minitorch.rand(1)  # whether at all
    top, left, height, width, _ = erasing.get_params(image, erasing.scale, erasing.ratio, [0.0])
    place = erased[:, top : top + height, left : left + width]
    assert (place == np.array([1, 2, 3])[:, None, None]).all()
    assert erased.sum() == height * width * 6


def test_equalize_posterize_solarize_of_bytes_are_pillows():
    image = picture()
    tensor = T.PILToTensor()(image)
    for name, args in (("equalize", ()), ("posterize", (3,)), ("solarize", (100,)),
                       ("invert", ()), ("autocontrast", ())):
        function = getattr(F, name)
        got = function(tensor, *args).numpy().astype(int)
        wanted = T.PILToTensor()(function(image, *args)).numpy().astype(int)
        assert np.abs(got - wanted).max() <= 1, name


def test_choice_and_order_draw_from_pythons_random():
    transforms = [T.Lambda(lambda x, n=n: x + (n,)) for n in range(4)]
    random.seed(3)
    order = list(range(4))
    random.shuffle(order)
    random.seed(3)
    assert T.RandomOrder(transforms)(()) == tuple(order)
    random.seed(3)
    chosen = random.choices(range(4), weights=[1, 2, 3, 4])[0]
    random.seed(3)
    assert T.RandomChoice(transforms, p=[1, 2, 3, 4])(()) == (chosen,)


def test_policies_change_the_image_and_keep_its_size():
    image = picture()
    for policy in (T.AutoAugment(), T.RandAugment(), T.TrivialAugmentWide(), T.AugMix()):
        results = set()
        for seed in range(8):
            minitorch.manual_seed(seed)
            got = policy(image)
            assert (got.size, got.mode) == (image.size, image.mode)
            results.add(got.tobytes())
        assert len(results) > 3
    for policy in T.AutoAugmentPolicy:
        assert len(T.AutoAugment(policy).policies) == 25
