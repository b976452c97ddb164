"""Where bytes come from: pipes, devices, folders, streams, and files that change meanwhile."""

import io
import os
import struct
import subprocess
import sys
import zipfile

import numpy as np
import pytest

import minitorch
from minitorch.serialization import CheckpointError, _source, safetensors
from minitorch.serialization._open import open_checkpoint


@pytest.fixture
def path(tmp_path):
    target = tmp_path / "a.pth"
    minitorch.save({"w": minitorch.arange(100_000.0)}, target)
    return target


@pytest.mark.parametrize("read", [minitorch.load, safetensors.load_file,
                                  safetensors.load_metadata])  # fmt: skip
@pytest.mark.parametrize("kind", ["fifo", "device"])
def test_pipe_or_device_is_refused_at_once(tmp_path, read, kind):
    target = tmp_path / "pipe"
    if kind == "fifo":
        os.mkfifo(target)  # nobody writes to it: opening it as a file would wait for ever
    else:
        target = "/dev/zero"
    with pytest.raises(CheckpointError, match="a pipe or a device") as info:
        read(target)
    assert info.value.file == str(target)


def test_folder(tmp_path):
    with pytest.raises(IsADirectoryError):
        minitorch.load(tmp_path)


def test_stream_that_cannot_seek(path):
    class Pipe(io.RawIOBase):
        def __init__(self, data):
            self.data = data

        def readable(self):
            return True

        def readinto(self, buffer):
            part, self.data = self.data[: min(len(buffer), 7000)], self.data[7000:]
            buffer[: len(part)] = part
            return len(part)

    found = minitorch.load(Pipe(path.read_bytes()))
    np.testing.assert_array_equal(found["w"].numpy(), np.arange(100_000.0))


def test_file_object_is_read_from_where_it_stands(path):
    stream = io.BytesIO(b"1234" + path.read_bytes())
    stream.seek(4)
    assert minitorch.load(stream)["w"].numel() == 100_000


def test_name_of_a_file_may_be_any_bytes(tmp_path):
    name = os.fsencode(tmp_path) + b"/odd \xff\n\x1b[31m"
    with open(name, "wb") as file:
        file.write(b"nonsense, but long enough")
    with pytest.raises(CheckpointError) as info:
        minitorch.load(os.fsdecode(name))
    assert str(info.value).isprintable()


def test_file_cut_after_it_was_opened_changes_nothing(path):
    checkpoint, _ = open_checkpoint(path)
    with open(path, "r+b") as file:
        file.truncate(0)  # the kernel kills who reads a mapping behind the new end
    record = checkpoint.value()[0]["w"]
    np.testing.assert_array_equal(record.numpy(), np.arange(100_000.0))


def test_file_cut_while_it_is_read_is_refused(path, monkeypatch):
    size = path.stat().st_size
    real = _source._anonymous

    def cut_now(size):
        os.truncate(path, 50_000)
        return real(size)

    monkeypatch.setattr(_source, "_anonymous", cut_now)
    with pytest.raises(CheckpointError, match="truncated"):
        minitorch.load(path)
    assert size > 50_000


def test_file_that_grows_while_it_is_read(path, monkeypatch):
    real = _source._anonymous

    def grow_now(size):
        with open(path, "ab") as file:
            file.write(b"more")
        return real(size)

    monkeypatch.setattr(_source, "_anonymous", grow_now)
    assert minitorch.load(path)["w"].numel() == 100_000


def test_file_and_its_tensors_are_not_in_memory_twice(tmp_path):
    target = tmp_path / "big.pth"
    minitorch.save([minitorch.ones(4 << 20) for _ in range(8)], target)  # 128 MB
    script = (
        "import resource, sys, minitorch\n"
        "minitorch.load\n"
        "def peak(): return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss >> 10\n"
        "before = peak()\n"
        "kept = minitorch.load(sys.argv[1])\n"
        "print(peak() - before)\n"
    )
    used = subprocess.run([sys.executable, "-c", script, str(target)], capture_output=True,
                          text=True, check=True)  # fmt: skip
    if sys.platform.startswith("linux") and "LD_PRELOAD" not in os.environ:
        assert int(used.stdout) < 128 + 60


# -- tricks of a zip ----------------------------------------------------------------------
def patched(data, marker, field, form, value, which=0):
    """Put a number into a field of the n-th header with such a signature."""
    at = -1
    for _ in range(which + 1):
        at = data.index(marker, at + 1)
    out = bytearray(data)
    struct.pack_into(form, out, at + field, value)
    return bytes(out)


CENTRAL, LOCAL, END, END64, LOCATOR = (b"PK" + tail for tail in (
    b"\1\2", b"\3\4", b"\5\6", b"\6\6", b"\6\7"))  # fmt: skip


@pytest.fixture
def small_zip():
    buffer = io.BytesIO()
    minitorch.save({"w": minitorch.arange(4.0)}, buffer)
    return buffer.getvalue()


@pytest.mark.parametrize("marker, field, form, value, reason", [
    (CENTRAL, 8, "<H", 1, "encrypted"), (CENTRAL, 8, "<H", 0x2000, "encrypted"),
    (CENTRAL, 10, "<H", 8, "compressed"), (CENTRAL, 20, "<I", 7, "two sizes"),
    (CENTRAL, 16, "<I", 1, "checksum"), (CENTRAL, 42, "<I", 2**31, "no header"),
    (CENTRAL, 42, "<I", 1, "no header"), (CENTRAL, 28, "<H", 60000, "directory is damaged"),
    (LOCAL, 8, "<H", 8, "another size"), (LOCAL, 6, "<H", 0, "another size"),
    (LOCAL, 26, "<H", 3, "another name"), (LOCAL, 28, "<H", 60000, "outside the file"),
    (END, 4, "<H", 1, "split"), (END, 8, "<H", 3, "split"), (END, 10, "<H", 3, "split"),
    (END, 12, "<I", 3, "differ"), (END, 16, "<I", 3, "differ"), (END, 20, "<H", 9, "not end"),
    (END64, 32, "<Q", 2**40, "differ"), (END64, 40, "<Q", 2**63, "differ"),
    (END64, 48, "<Q", 2**64 - 1, "differ"), (LOCATOR, 8, "<Q", 0, "64-bit directory"),
    (LOCATOR, 8, "<Q", 2**64 - 1, "64-bit directory"),
])  # fmt: skip
def test_header_that_lies_is_refused(small_zip, marker, field, form, value, reason):
    with pytest.raises(CheckpointError, match=reason) as info:
        minitorch.load(io.BytesIO(patched(small_zip, marker, field, form, value)))
    assert info.value.offset is not None


def test_64_bit_lies_about_everything(small_zip):
    """Both directories say the same huge numbers."""
    data = small_zip
    at = data.index(END)
    tail = bytearray(data[at:])
    struct.pack_into("<2H2I", tail, 8, 0xFFFF, 0xFFFF, 2**32 - 1, 2**32 - 1)
    for field, value in ((32, 2**40), (40, 2**40), (48, 2**63), (40, 0)):
        bad = patched(data[:at] + tail, END64, field, "<Q", value)
        with pytest.raises(CheckpointError, match="members; the limit|at its end|more entries"):
            minitorch.load(io.BytesIO(bad))


def test_fewer_entries_than_there_are(small_zip):
    count = small_zip.count(CENTRAL)
    for fewer in (0, count - 1):
        at = small_zip.index(END)
        tail = bytearray(small_zip[at:])
        struct.pack_into("<2H", tail, 8, fewer, fewer)
        bad = patched(small_zip[:at] + tail, END64, 32, "<Q", fewer)
        with pytest.raises(CheckpointError, match="more entries than it says"):
            minitorch.load(io.BytesIO(bad))


def test_second_directory_in_a_comment_is_refused(small_zip):
    end = small_zip[small_zip.rindex(END) :]
    with pytest.raises(CheckpointError, match="differ|not end|at its end"):
        minitorch.load(io.BytesIO(small_zip + end))
    commented = patched(small_zip, END, 20, "<H", len(end)) + end
    with pytest.raises(CheckpointError, match="at its end"):
        minitorch.load(io.BytesIO(commented))


def test_honest_comment_is_read(small_zip):
    commented = patched(small_zip, END, 20, "<H", 5) + b"hello"
    assert minitorch.load(io.BytesIO(commented))["w"].tolist() == [0, 1, 2, 3]


def test_flipped_number_is_noticed_unless_there_is_no_checksum(small_zip):
    at = small_zip.index(struct.pack("<4f", 0, 1, 2, 3))
    bad = bytearray(small_zip)
    bad[at] ^= 1
    with pytest.raises(CheckpointError, match="data/0 is damaged: its checksum"):
        minitorch.load(io.BytesIO(bytes(bad)))
    for which in range(bad.count(CENTRAL)):  # as PyTorch writes it if told to compute none
        bad = bytearray(patched(bytes(bad), CENTRAL, 16, "<I", 0, which))
        local = bad.index(LOCAL)
        assert bad[local + 6] & 8
    found = minitorch.load(io.BytesIO(bytes(bad)))
    assert found["w"][1:].tolist() == [1, 2, 3] and found["w"][0] != 0


def test_zip64_member_of_pythons_zipfile(small_zip):
    buffer = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(small_zip)) as old, zipfile.ZipFile(buffer, "w") as new:
        for info in old.infolist():
            with new.open(info.filename, "w", force_zip64=True) as member:
                member.write(old.read(info))
    assert minitorch.load(io.BytesIO(buffer.getvalue()))["w"].tolist() == [0, 1, 2, 3]


# -- tricks of a tar ----------------------------------------------------------------------
@pytest.mark.parametrize("kind", [b"1", b"2", b"3", b"4", b"6", b"S", b"L", b"K", b"M", b"V"])
def test_tar_member_that_is_no_file_is_refused(fx, kind):
    buffer = io.BytesIO()
    fx.write_tar(buffer, {"w": fx.record(np.ones(2, np.float32))})
    data = bytearray(buffer.getvalue())
    at = data.index(b"pickle\0") // 512 * 512
    data[at + 156 : at + 157] = kind
    data[at + 148 : at + 156] = b" " * 8
    data[at + 148 : at + 156] = b"%06o\0 " % sum(data[at : at + 512])
    with pytest.raises(CheckpointError, match="not a regular file"):
        minitorch.load(io.BytesIO(bytes(data)))


@pytest.mark.parametrize("record", [b"size=1", b"path=x", b"linkpath=x", b"GNU.sparse.size=1"])
@pytest.mark.parametrize("padding", [0, 70_000])
def test_tar_header_that_moves_a_member_is_refused(fx, record, padding):
    import tarfile

    def pax(text):
        length = len(text) + 3
        while len(b"%d %s\n" % (length, text)) != length:
            length += 1
        return b"%d %s\n" % (length, text)

    body = (pax(b"comment=" + b"x" * padding) if padding else b"") + pax(record)
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w:") as archive:
        info = tarfile.TarInfo("pax")
        info.type, info.size = tarfile.XHDTYPE, len(body)
        archive.addfile(info, io.BytesIO(body))
    with pytest.raises(CheckpointError, match="extended header"):
        minitorch.load(io.BytesIO(buffer.getvalue()))
