"""Packed weights that are kept: never stale, whoever writes to the weights, and however."""

import numpy as np
import pytest

import minitorch as torch
from minitorch.nn import functional as F

CHANNELS, SIZE = 16, 12
cached_nbytes = torch.backends.cached_nbytes


@pytest.fixture
def weight():
    return torch.randn(CHANNELS, CHANNELS, 3, 3, generator=torch.Generator().manual_seed(1))


@pytest.fixture
def image():
    return torch.randn(2, CHANNELS, SIZE, SIZE, generator=torch.Generator().manual_seed(2))


def convolve(image, weight):
    return F.conv2d(image, weight, padding=1)


def fresh(image, weight):
    """The result with weights that have never been seen."""
    return convolve(image, weight.detach().clone())


def write_by_numpy(w):
    w.detach().numpy()[0, 0] += 1


def write_by_numpy_kept(w):
    array = w.detach().numpy()
    for _ in range(3):
        convolve(torch.ones(2, CHANNELS, SIZE, SIZE), w.detach())
    array[0, 0] += 1


def write_by_memoryview(w):
    with memoryview(w.detach()) as view:
        view[0, 0, 1, 1] = 7.0


def write_by_dlpack(w):
    np.from_dlpack(w.detach())[0, 0] += 1


def write_through_data(w):
    w.data[0] = 3


def replace_data(w):
    w.data = w.data * 2


def write_in_place(w):
    with torch.no_grad():
        w.mul_(0.5)


def write_a_view(w):
    with torch.no_grad():
        w[1, 2].fill_(4)


def step(w):
    parameter = torch.nn.Parameter(w)
    parameter.grad = torch.ones_like(parameter)
    torch.optim.SGD([parameter], lr=0.1).step()


def load(w):
    layer = torch.nn.Conv2d(CHANNELS, CHANNELS, 3)
    layer.weight = torch.nn.Parameter(w)
    layer.load_state_dict({"weight": torch.ones_like(w), "bias": torch.zeros(CHANNELS)})


WRITES = [write_by_numpy, write_by_numpy_kept, write_by_memoryview, write_by_dlpack,
          write_through_data, replace_data, write_in_place, write_a_view, step, load]


@pytest.mark.parametrize("write", WRITES, ids=lambda f: f.__name__)
def test_a_write_is_seen_by_the_next_convolution(weight, image, write):
    before = convolve(image, weight)
    for _ in range(2):
        assert torch.equal(convolve(image, weight), before)     # made, then from the kept form
    write(weight)
    after = convolve(image, weight)
    assert not torch.equal(after, before)
    assert torch.equal(after, fresh(image, weight))


@pytest.mark.parametrize("write", WRITES, ids=lambda f: f.__name__)
def test_a_write_is_seen_by_the_next_input_gradient(weight, image, write):
    image.requires_grad_()
    for _ in range(3):
        convolve(image, weight).sum().backward()
    write(weight)
    image.grad = None
    convolve(image, weight).sum().backward()
    found, image.grad = image.grad, None
    fresh(image, weight).sum().backward()
    assert torch.equal(found, image.grad)


def test_memory_of_others_is_never_kept(image):
    array = np.ones((CHANNELS, CHANNELS, 3, 3), np.float32)
    weight = torch.from_numpy(array)
    for _ in range(3):
        before = convolve(image, weight)
    array[:] = 2
    assert torch.equal(convolve(image, weight), 2 * before)


def test_the_form_is_made_once_and_goes_with_the_weight(weight, image):
    weight = weight.clone()
    torch.backends.empty_cache()
    convolve(image, weight)
    convolve(image, weight)             # the second use keeps the form
    empty = cached_nbytes()
    for _ in range(3):
        convolve(image, weight)
    assert cached_nbytes() == empty     # results come from the recycled blocks, forms are kept
    del weight
    assert cached_nbytes() > empty      # the weight and its form have come back


def kept_bytes(weight, use):
    """What goes with a copy of the weight besides its own memory, after `use`."""
    def going(use):
        w = weight.clone().requires_grad_()
        torch.backends.empty_cache()
        use(w)
        before = cached_nbytes()
        del w
        return cached_nbytes() - before

    return going(use) - going(lambda w: None)


def test_a_form_is_kept_at_the_second_use_of_a_version(weight, image):
    def twice(w):
        convolve(image, w)
        convolve(image, w)

    assert kept_bytes(weight, lambda w: convolve(image, w)) == 0
    assert kept_bytes(weight, twice) >= weight.numel() * 4


def test_training_keeps_no_forms(weight, image):
    image.requires_grad_()

    def train(w):
        optimizer = torch.optim.SGD([w], lr=0.1)
        for _ in range(3):
            convolve(image, w).sum().backward()
            optimizer.step()
        w.grad = image.grad = None

    assert kept_bytes(weight, train) == 0


def test_several_sizes_and_groups_of_one_weight(weight):
    """The forms of one weight do not get in each other's way."""
    for size in (2, 3, 7, 12, 30, 2, 12):
        for batch in (1, 3, 14):
            image = torch.randn(batch, CHANNELS, size, size)
            for _ in range(3):
                assert torch.equal(convolve(image, weight), fresh(image, weight))
    part = weight[:, :4]
    grouped = torch.randn(2, CHANNELS, 6, 6)
    for view in (part, part.contiguous(), weight[:, 4:8]):
        assert torch.equal(F.conv2d(grouped, view, groups=4),
                           F.conv2d(grouped, view.clone(), groups=4))


def test_a_form_is_not_taken_for_one_of_another_dtype():
    """Two views of one memory, alike but for their dtype."""
    memory = torch.randn(2 * CHANNELS * CHANNELS)
    single = memory[:CHANNELS * CHANNELS].view(CHANNELS, CHANNELS, 1, 1)
    double = memory.view(dtype=torch.float64).view(CHANNELS, CHANNELS, 1, 1)
    image = torch.randn(3, CHANNELS, 9, 9)
    for _ in range(3):
        assert torch.equal(F.conv2d(image, single), F.conv2d(image, single.clone()))
        assert torch.equal(F.conv2d(image.double(), double),
                           F.conv2d(image.double(), double.clone()))


def test_conv2d_epilogue_equals_the_separate_operations():
    from minitorch._ops.conv import conv2d_epilogue
    for dtype, layout in ((torch.float32, torch.channels_last), (torch.float64,
                          torch.channels_last), (torch.float32, torch.contiguous_format)):
        x = torch.randn(3, 20, 9, 8).to(dtype).contiguous(memory_format=layout)
        w = torch.randn(24, 20, 3, 3).to(dtype)
        bn = torch.nn.BatchNorm2d(24, dtype=dtype).eval()
        bn.running_mean.normal_()
        bn.running_var.uniform_(0.5, 2)
        torch.nn.init.normal_(bn.weight)
        residual = torch.randn(3, 24, 9, 8).to(dtype)
        scale = bn.weight.detach() * (1 / (bn.running_var + bn.eps).sqrt())
        offset = bn.bias.detach() - bn.running_mean * scale
        kept = residual.clone()
        found = conv2d_epilogue(x, w, 1, 1, 1, 1, scale, offset, residual, True)
        assert torch.equal(residual, kept)
        wanted = (F.conv2d(x, w, padding=1) * scale[:, None, None] + offset[:, None, None]
                  + residual).relu()
        assert torch.allclose(found, wanted, rtol=1e-5, atol=1e-5)
        assert found.is_contiguous(memory_format=layout) and not found.requires_grad
        with pytest.raises(RuntimeError, match="residual has size"):
            conv2d_epilogue(x, w, 1, 1, 1, 1, None, None, residual[:1], False)
        with pytest.raises(RuntimeError, match="scale must have 24 elements"):
            conv2d_epilogue(x, w, 1, 1, 1, 1, scale[:3], None, None, False)


def test_winograd_switch():
    conv = torch.backends.conv
    assert conv.winograd is True
    x, w = torch.randn(2, 16, 20, 20), torch.randn(16, 16, 3, 3)
    fast = F.conv2d(x, w, padding=1)
    exact = F.conv2d(x.double(), w.double(), padding=1)
    conv.winograd = False
    try:
        direct = F.conv2d(x, w, padding=1)
        assert not torch.equal(direct, fast)
        assert (direct - exact).abs().max() < (fast - exact).abs().max()
    finally:
        conv.winograd = True
    assert torch.equal(F.conv2d(x, w, padding=1), fast)
    with pytest.raises(TypeError, match="winograd must be a bool, but is int"):
        conv.winograd = 1
