"""Every truncation and every flipped bit of a small file of each format."""

import io
import random

import numpy as np
import pytest

import minitorch
from minitorch.serialization import CheckpointError, npz, pth_writer, safetensors
from minitorch.serialization._open import open_checkpoint


@pytest.fixture(scope="module")
def written(fx):
    """A small file of each format, by name."""
    records = {"w": fx.record(np.arange(4, dtype=np.float32).reshape(2, 2), requires_grad=True,
                              is_parameter=True),
               "half": fx.record(np.array([1.5, -2.0], np.float16))}  # fmt: skip
    plain = {name: fx.record(record.numpy()) for name, record in records.items()}
    writers = {
        "zip": lambda f: pth_writer.write_zip(f, records),
        "legacy": lambda f: pth_writer.write_legacy(f, records),
        "tar": lambda f: fx.write_tar(f, records),
        "safetensors": lambda f: safetensors.write_records(f, plain, {"format": "pt"}),
        "npz": lambda f: npz.write_records(f, plain),
    }
    files = {}
    for name, write in writers.items():
        buffer = io.BytesIO()
        write(buffer)
        files[name] = buffer.getvalue()
    files["tar"] = files["tar"].rstrip(b"\0") + bytes(1024)
    buffer = io.BytesIO()
    np.savez_compressed(buffer, **{name: record.numpy() for name, record in plain.items()})
    files["npz compressed"] = buffer.getvalue()
    return files


FORMATS = ["zip", "legacy", "tar", "safetensors", "npz", "npz compressed"]


def load(data):
    """Load bytes; tensors become (dtype, shape, bytes), so that results can be compared."""
    found = minitorch.load(io.BytesIO(data))
    if not isinstance(found, dict):
        return found
    return {name: (str(value.dtype), tuple(value.shape), value.detach().numpy().tobytes())
            if isinstance(value, minitorch.Tensor) else value
            for name, value in found.items()}  # fmt: skip


def refused(data):
    """Whether loading raises the one error, with a file, a reason and no surprise."""
    try:
        load(data)
    except CheckpointError as error:
        assert error.file == "BytesIO" and error.reason and str(error).isprintable()
        return True
    return False


@pytest.mark.parametrize("kind", FORMATS)
def test_file_cut_at_any_byte_is_refused(written, kind):
    data = written[kind]
    # Of a tar file the last block of zeros may be missing, as in files cut by old programs.
    needed = len(data) - 512 if kind == "tar" else len(data)
    assert not refused(data)
    for end in range(needed):
        assert refused(data[:end]), end


@pytest.mark.parametrize("kind", ["zip", "npz", "npz compressed"])
def test_flipped_bit_in_a_zip_is_refused_or_changes_nothing(written, kind):
    data = written[kind]
    good = load(data)
    noticed = 0
    for bit in range(8 * len(data)):
        bad = bytearray(data)
        bad[bit // 8] ^= 1 << bit % 8
        try:
            assert load(bytes(bad)) == good, bit  # dates, padding, who made it
        except CheckpointError as error:
            noticed += 1
            assert error.file == "BytesIO"
    assert noticed > 2 * len(data)


@pytest.mark.parametrize("kind", ["legacy", "tar", "safetensors"])
def test_flipped_bit_elsewhere_is_refused_or_loads_as_data(written, kind):
    """These formats have no checksum: a changed number, or letter of a name, cannot be seen."""
    data = written[kind]
    count, kept = len(load(data)), 0
    for at in range(len(data)):
        # Of the zeros, which fill much of a tar file, one bit in each byte will do.
        for bit in range(8) if data[at] else (at % 8,):
            bad = bytearray(data)
            bad[at] ^= 1 << bit
            if not refused(bytes(bad)):
                found = load(bytes(bad))
                kept += len(found) == count if isinstance(found, dict) else 0
    assert kept > 32  # at least the flips in the numbers themselves


@pytest.mark.parametrize("kind", FORMATS)
def test_bytes_before_and_behind(written, kind):
    assert refused(b"\0" + written[kind])
    assert refused(written[kind] + b"x")


@pytest.mark.parametrize("kind", FORMATS)
def test_random_bytes_in_place_of_a_block(written, kind):
    rng, data = random.Random(3), written[kind]
    for _ in range(150):
        at = rng.randrange(len(data))
        bad = data[:at] + rng.randbytes(rng.choice((1, 8, 64)))
        refused(bad + data[len(bad) :])


@pytest.mark.parametrize("kind", FORMATS)
def test_place_of_the_trouble_is_in_the_file(written, kind):
    data = written[kind]
    for end in range(20, len(data) - 513, 97):
        with pytest.raises(CheckpointError) as info:
            open_checkpoint(io.BytesIO(data[:end]))[0].value()
        assert info.value.offset is None or 0 <= info.value.offset <= end
