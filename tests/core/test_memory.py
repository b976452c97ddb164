"""Storage: alignment, recycling, foreign memory, the buffer protocol, DLPack."""

import gc
import os

import numpy as np
import pytest

import minitorch as torch
from minitorch import backends


def test_memory_is_aligned_and_recycled():
    backends.empty_cache()
    address = torch.empty(1000).data_ptr()
    assert address % 64 == 0
    assert backends.cached_nbytes() >= 4000
    assert torch.empty(1000).data_ptr() == address
    backends.empty_cache()
    assert backends.cached_nbytes() == 0


def test_recycling_is_bounded_and_can_be_switched_off():
    backends.set_cache_limit(0)
    try:
        for size in (1, 100, 10**6):
            torch.empty(size)
        assert backends.cached_nbytes() == 0
    finally:
        backends.set_cache_limit(1 << 30)
    with pytest.raises(ValueError, match="negative"):
        backends.set_cache_limit(-1)


@pytest.mark.parametrize("nbytes", [0, 1, 63, 64, 65, 127, 128, 129, 1023, 4097, 10**5 + 7])
def test_every_size_class_holds_what_was_asked_for(nbytes):
    tensors = [torch.full((nbytes,), i, dtype=torch.uint8) for i in range(5)]
    for i, tensor in enumerate(tensors):
        assert (tensor == i).all()


def test_too_much_memory_is_an_error_not_a_crash():
    with pytest.raises(RuntimeError, match="allocate memory"):
        torch.empty(1 << 50)
    with pytest.raises(RuntimeError, match="overflow"):
        torch.empty(1 << 40, 1 << 40)
    with pytest.raises(RuntimeError, match="negative dimension"):
        torch.empty(2, -1)


def test_numpy_shares_memory_both_ways():
    array = np.arange(6.0).reshape(2, 3)
    tensor = torch.from_numpy(array)
    tensor[0, 0] = 9
    array[1, 2] = 7
    assert array[0, 0] == 9
    assert tensor[1, 2] == 7
    assert np.shares_memory(tensor.numpy(), array)
    assert tensor.t().numpy().strides == array.T.strides


def test_tensor_keeps_the_memory_it_shows_alive():
    tensor = torch.from_numpy(np.full(10**6, 3.0))
    array = torch.full((10**6,), 4.0).numpy()
    gc.collect()
    junk = [np.zeros(10**6) for _ in range(3)]
    assert (tensor == 3).all() and (array == 4).all() and len(junk) == 3


def test_read_only_memory_refuses_in_place_operations():
    array = np.zeros(3)
    array.setflags(write=False)
    tensor = torch.from_numpy(array)
    with pytest.raises(RuntimeError, match="read-only"):
        tensor.add_(1)
    assert (tensor + 1).tolist() == [1, 1, 1]


@pytest.mark.parametrize("array", [np.zeros(3, np.complex64), np.array(["a"]),
                                   np.zeros(2, np.uint16)], ids=["complex", "text", "uint16"])
def test_arrays_without_a_dtype_of_ours_are_refused(array):
    with pytest.raises(TypeError, match="can't convert np.ndarray"):
        torch.from_numpy(array)


def test_negative_strides_are_refused():
    with pytest.raises(ValueError, match="stride"):
        torch.from_numpy(np.arange(3)[::-1])


def test_buffer_protocol_shows_shape_strides_and_format():
    view = memoryview(torch.arange(6, dtype=torch.int32).reshape(2, 3).t())
    assert (view.format, view.shape, view.strides) == ("i", (3, 2), (4, 12))
    assert view.tolist() == [[0, 3], [1, 4], [2, 5]]
    with pytest.raises(BufferError, match="requires grad"):
        memoryview(torch.ones(2, requires_grad=True))
    with pytest.raises(BufferError, match="bfloat16"):
        memoryview(torch.ones(2, dtype=torch.bfloat16))


def test_frombuffer_reads_any_bytes():
    data = bytearray(np.arange(4, dtype=np.float32).tobytes())
    tensor = torch.frombuffer(data, dtype=torch.float32, offset=4)
    assert tensor.tolist() == [1, 2, 3]
    with pytest.raises(ValueError, match="multiple of element size"):
        torch.frombuffer(bytearray(7), dtype=torch.float32)
    with pytest.raises(ValueError, match="must not be greater"):
        torch.frombuffer(bytearray(8), dtype=torch.float32, count=3)


def test_dlpack_shares_memory_both_ways():
    tensor = torch.zeros(2, 3)
    array = np.from_dlpack(tensor)
    array[0, 1] = 5
    assert tensor[0, 1] == 5
    source = np.zeros(4, np.int64)
    back = torch.from_dlpack(source)
    back[2] = 8
    assert source[2] == 8
    assert tensor.__dlpack_device__() == (1, 0)


def test_numpy_of_a_tensor_that_requires_grad_is_refused():
    tensor = torch.ones(2, requires_grad=True)
    with pytest.raises(RuntimeError, match="Can't call numpy\\(\\) on Tensor that requires grad"):
        tensor.numpy()
    assert tensor.numpy(force=True).tolist() == [1, 1]


@pytest.mark.skipif(not hasattr(os, "fork"), reason="needs fork")
@pytest.mark.filterwarnings("ignore:This process:DeprecationWarning")
def test_a_forked_child_computes():
    expected = (torch.ones(300, 300) @ torch.ones(300, 300)).sum().item()
    child = os.fork()
    if child == 0:
        found = (torch.ones(300, 300) @ torch.ones(300, 300)).sum().item()
        os._exit(0 if found == expected else 1)
    assert os.waitpid(child, 0)[1] == 0
