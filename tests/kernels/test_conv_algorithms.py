"""Each algorithm of convolution by itself, on every instruction set: values, error bounds, the
epilogue, bits that do not depend on threads, and what the routing chooses."""

import numpy as np
import pytest
from kernels.test_conv import (
    assert_near,
    logical,
    memory,
    random_problem,
    reference,
    shape_of,
    sizes_of,
)

from minitorch._kernels import _testing_nn as kernels
from minitorch._kernels import conv, parallel

# name: (algorithm, shape)
CASES = {
    "winograd2": ("winograd2", shape_of(2, (16, 32), (8, 8), 3, padding=1)),
    "winograd2 ragged": ("winograd2", shape_of(3, (19, 37), (7, 5), 3, padding=1)),
    "winograd2 unpadded": ("winograd2", shape_of(2, (5, 33), (9, 6), 3)),
    "winograd2 padded by 2": ("winograd2", shape_of(2, (16, 16), (4, 7), 3, padding=2)),
    "winograd2 one tile": ("winograd2", shape_of(13, (40, 24), (2, 2), 3, padding=1)),
    "winograd4": ("winograd4", shape_of(2, (16, 32), (8, 8), 3, padding=1)),
    "winograd4 ragged": ("winograd4", shape_of(3, (19, 37), (7, 5), 3, padding=1)),
    "winograd4 oblong padding": ("winograd4", shape_of(2, (17, 3), (9, 14), 3, padding=(0, 2))),
    "winograd4 chunks": ("winograd4", shape_of(2, (33, 18), (40, 44), 3, padding=1)),
    "winograd4 one pixel": ("winograd4", shape_of(1, (3, 5), (3, 3), 3)),
    "winograd4 empty": ("winograd4", shape_of(0, (16, 16), (4, 4), 3, padding=1)),
    "skinny": ("skinny", shape_of(1, (24, 37), (4, 4), 3, padding=1)),
    "skinny strided": ("skinny", shape_of(2, (16, 8), (4, 5), 3, 2, 1)),
    "skinny 1x1": ("skinny", shape_of(7, (50, 9), (1, 1), 1)),
    "skinny dilated": ("skinny", shape_of(1, (6, 6), (6, 6), 3, 2, 2, 2)),
    "skinny empty": ("skinny", shape_of(0, (6, 6), (6, 6), 3)),
    "few": ("few", shape_of(2, (3, 40), (30, 31), 7, 2, 3)),
    "few gray": ("few", shape_of(3, (1, 5), (9, 40), (3, 5), (1, 2), (1, 4))),
    "few tall": ("few", shape_of(1, (4, 33), (70, 20), 3, 1, (2, 0), (3, 1))),
    "few wide image": ("few", shape_of(1, (2, 16), (4, 1300), 3, 1, 1)),
    "few empty": ("few", shape_of(0, (3, 8), (8, 8), 3)),
    "direct regions": ("direct", shape_of(14, (16, 40), (2, 2), 3, padding=1)),
    "direct regions strided": ("direct", shape_of(12, (8, 8), (5, 4), 3, 2, 1)),
    "direct regions dilated": ("direct", shape_of(13, (8, 8), (7, 7), 3, 1, 4, 4)),
    "direct regions grouped": ("direct", shape_of(12, (8, 6), (3, 3), 3, 1, 1, groups=2)),
    "direct nothing but padding": ("direct", shape_of(12, (3, 4), (2, 2), 2, 3, 5)),
}
# The documented bounds, of the largest value.
FORWARD_BOUND, WEIGHT_BOUND = 2e-5, 5e-5
LAYOUTS = ("XYW", "xyw", "XyW", "xYw")


def three_maps(algorithm, shape, layout, x, dy, w):
    """y, dx, dw by one algorithm; by the direct one where it has none."""
    sizes = sizes_of(shape)
    last = [letter.isupper() for letter in layout]
    flat_x, flat_dy, flat_w = (memory(a, last[i]) for i, a in enumerate((x, dy, w)))
    y, dx, dw = (np.full_like(a, np.nan) for a in (flat_dy, flat_x, flat_w))
    kernels.conv2d_forward(y, flat_x, flat_w, None, shape, layout,
                           "direct" if algorithm == "skinny" else algorithm)
    kernels.conv2d_backward_input(dx, flat_dy, flat_w, shape, layout,
                                  "direct" if algorithm == "few" else algorithm)
    kernels.conv2d_backward_weight(dw, flat_dy, flat_x, shape, layout, algorithm)
    return (logical(y, sizes[1], last[1]), logical(dx, sizes[0], last[0]),
            logical(dw, sizes[2], last[2]))


def assert_within(found, wanted, bound):
    assert np.abs(found - wanted).max(initial=0) <= bound * np.abs(wanted).max(initial=0)


@pytest.mark.parametrize("layout", LAYOUTS)
@pytest.mark.parametrize("name", CASES)
def test_algorithm_against_the_definition(isa, name, layout):
    algorithm, shape = CASES[name]
    x, dy, w = random_problem(shape, np.float32)
    found = three_maps(algorithm, shape, layout, x, dy, w)
    wanted = reference(shape, x, dy, w)
    if algorithm.startswith("winograd"):
        for got, want, bound in zip(found, wanted, (FORWARD_BOUND, FORWARD_BOUND, WEIGHT_BOUND),
                                    strict=True):
            assert got.shape == want.shape
            assert_within(got, want, bound)
    else:
        for got, want in zip(found, wanted, strict=True):
            assert_near(got, want, np.float32)


@pytest.mark.parametrize("distribution", ["normal", "positive", "wide", "alike"])
@pytest.mark.parametrize("channels", [16, 64, 256, 1100])
@pytest.mark.parametrize("algorithm", ["winograd2", "winograd4"])
def test_winograd_stays_within_its_documented_error(isa, algorithm, channels, distribution):
    shape = shape_of(2, (channels, 32), (13, 12), 3, padding=1)
    rng = np.random.default_rng(channels)
    draw = {"normal": rng.standard_normal, "positive": rng.random,
            "alike": lambda size: np.full(size, 0.7),
            "wide": lambda size: np.exp(2 * rng.standard_normal(size)) * rng.choice([-1, 1], size)}
    x, dy, w = (draw[distribution](size).astype(np.float32) for size in sizes_of(shape))
    y, dx, dw = three_maps(algorithm, shape, "XYW", x, dy, w)
    wanted = reference(shape, x, dy, w)
    assert_within(y, wanted[0], FORWARD_BOUND)
    assert_within(dx, wanted[1], FORWARD_BOUND)
    assert_within(dw, wanted[2], WEIGHT_BOUND)


@pytest.mark.parametrize("name", [name for name in CASES if "empty" not in name])
def test_algorithm_gives_the_same_bits_for_any_thread_count(name):
    algorithm, shape = CASES[name]
    x, dy, w = random_problem(shape, np.float32)
    before = parallel.get_num_threads()
    results = []
    for threads in (1, 2, 5):
        parallel.set_num_threads(threads)
        results.append(three_maps(algorithm, shape, "XYW", x, dy, w))
    parallel.set_num_threads(before)
    for other in results[1:]:
        for one, two in zip(results[0], other, strict=True):
            np.testing.assert_array_equal(one, two)


@pytest.mark.parametrize("name", ["winograd2 ragged", "winograd4 ragged", "few",
                                  "direct regions", "direct regions grouped", "depthwise"])
def test_epilogue_equals_separate_passes(isa, name):
    """To the bit: the convolution, one fused multiply-add, one addition, one maximum."""
    algorithm, shape = CASES.get(name, ("depthwise", shape_of(2, (21, 21), (5, 6), 3, 1, 1,
                                                               groups=21)))
    x, dy, w = random_problem(shape, np.float32)
    rng = np.random.default_rng(2)
    scale, offset = rng.standard_normal((2, shape["out"][0])).astype(np.float32)
    residual = memory(rng.standard_normal(dy.shape).astype(np.float32), True)
    flat_x, flat_w = memory(x, True), memory(w, True)

    def run(**epilogue):
        y = np.full(dy.size, np.nan, np.float32)
        bias = epilogue.pop("offset", None)
        kernels.conv2d_forward(y, flat_x, flat_w, bias, shape, "XYW", algorithm, **epilogue)
        return y.reshape(-1, shape["out"][0])

    plain = run()
    fma = (plain.astype(np.float64) * scale + offset).astype(np.float32)  # exact before rounding
    if isa == "portable":       # which has no fused multiply-add: two roundings
        fma = plain * scale + offset
    rows = residual.reshape(plain.shape)
    if algorithm == "depthwise":    # whose sums begin with a bias that is all there is
        np.testing.assert_allclose(run(offset=offset), plain + offset, rtol=1e-6, atol=1e-6)
    else:
        np.testing.assert_array_equal(run(offset=offset), plain + offset)
    np.testing.assert_array_equal(run(scale=scale), plain * scale)
    np.testing.assert_array_equal(run(relu=True), np.where(plain < 0, 0, plain))
    np.testing.assert_array_equal(run(residual=residual), plain + rows)
    np.testing.assert_allclose(run(scale=scale, offset=offset), fma, rtol=3e-7)
    affine = run(scale=scale, offset=offset)
    np.testing.assert_array_equal(
        run(scale=scale, offset=offset, residual=residual, relu=True),
        np.where(affine + rows < 0, 0, affine + rows))


@pytest.mark.parametrize("shape", [
    shape_of(1, (24, 37), (2, 2), 3, padding=1), shape_of(2, (19, 16), (4, 5), 3, 2, (0, 1)),
    shape_of(7, (50, 9), (1, 1), 1), shape_of(1, (5, 40), (6, 6), 3, 2, 2, 2)], ids=str)
def test_few_pixels_give_the_same_bits_packed_and_not(isa, shape):
    """The direct form reads weights that are not kept packed as they lie."""
    x, dy, w = random_problem(shape, np.float32)
    results = []
    for keep in (False, True):
        y = np.full(dy.size, np.nan, np.float32)
        kernels.conv2d_forward(y, memory(x, True), memory(w, True), None, shape, "XYW",
                               "direct", pack=keep)
        results.append(y)
    np.testing.assert_array_equal(*results)
    assert_near(logical(results[0], dy.shape, True), reference(shape, x, dy, w)[0], np.float32)


RESNET = {
    # name: (shape, forward, input gradient, weight gradient)
    "first layer": (shape_of(16, (3, 64), 224, 7, 2, 3), "few", "direct", "few"),
    "16x224 layer1": (shape_of(16, (64, 64), 56, 3, 1, 1), *["winograd4"] * 3),
    "16x224 layer4": (shape_of(16, (512, 512), 7, 3, 1, 1), *["winograd4"] * 3),
    "16x224 stride 2": (shape_of(16, (64, 128), 56, 3, 2, 1), *["direct"] * 3),
    "32x64 layer4": (shape_of(32, (512, 512), 2, 3, 1, 1), "direct", "direct", "winograd2"),
    "1x64 layer4": (shape_of(1, (512, 512), 2, 3, 1, 1), "direct", "skinny", "skinny"),
    "few channels inside": (shape_of(16, (8, 8), 56, 3, 1, 1), *["direct"] * 3),
    "groups": (shape_of(16, (64, 64), 56, 3, 1, 1, groups=2), *["direct"] * 3),
    "depthwise": (shape_of(16, (64, 64), 56, 3, 1, 1, groups=64), *["depthwise"] * 3),
}


@pytest.mark.parametrize("name", RESNET)
def test_routing(name):
    shape, *wanted = RESNET[name]
    assert [kernels.conv2d_route(shape, direction)
            for direction in ("forward", "input", "weight")] == wanted


def test_routing_of_float64_and_with_winograd_forbidden_is_never_winograd():
    shape = RESNET["16x224 layer1"][0]
    directions = ("forward", "input", "weight")
    assert {kernels.conv2d_route(shape, d, wide=True) for d in directions} == {"direct"}
    conv.set_winograd(False)
    try:
        assert {kernels.conv2d_route(shape, d) for d in directions} == {"direct"}
    finally:
        conv.set_winograd(True)
