"""Finding a weight file, or downloading it: never a half file, never an unchecked one.

Search order: the cache of minitorch, ``./weights``, PyTorch's own hub cache; then the download
into the first of them. A file counts only if its sha256 begins with the hex digits in its name.
"""

import hashlib
import os
import re
import sys
import uuid
import warnings

from minitorch.utils.digest import sha256_of

__all__ = ["DownloadError", "download", "expected_hash", "locate", "search_folders"]

_CHUNK = 128 * 1024
_TIMEOUT = 30.0  # seconds without a byte before a connection counts as dead
_MIN_HASH_DIGITS = 8
_HASH_IN_NAME = re.compile(r"-([a-f0-9]*)\.")


class DownloadError(OSError, RuntimeError):
    """A weight file could not be had: no network, a server's refusal, a cut, a wrong hash.

    PyTorch raises ``RuntimeError`` for the hash and an ``OSError`` for the rest, so this is both.
    """


def _home(variable, name):
    """``${variable:-${XDG_CACHE_HOME:-~/.cache}/name}``"""
    home = os.environ.get(variable)
    if not home:
        home = os.path.join(os.environ.get("XDG_CACHE_HOME") or "~/.cache", name)
    return os.path.expanduser(home)


def search_folders():
    """The folders in which pretrained weights are looked for, the download folder first."""
    return [
        os.path.join(_home("MINITORCH_HOME", "minitorch"), "checkpoints"),
        os.path.join(os.curdir, "weights"),
        os.path.join(_home("TORCH_HOME", "torch"), "hub", "checkpoints"),
    ]


def file_name_of(url):
    """Last part of the URL's path."""
    from urllib.parse import urlparse

    name = os.path.basename(urlparse(url).path)
    if not name:
        raise ValueError(f"the URL {url!r} names no file")
    return name


def expected_hash(file_name):
    """The hex digits in a name such as ``resnet18-f37072fd.pth``.

    Raises
    ------
    ValueError
        The name holds fewer than 8: nothing could be verified (PyTorch skips the check silently).
    """
    match = _HASH_IN_NAME.search(file_name)
    digits = match.group(1) if match else ""
    if len(digits) < _MIN_HASH_DIGITS:
        raise ValueError(
            f"cannot verify {file_name!r}: its name must hold at least {_MIN_HASH_DIGITS} hex "
            "digits of the file's sha256, as in 'resnet18-f37072fd.pth'; "
            "check_hash=False loads it unverified"
        )
    return digits


def _verified(path, prefix):
    """Whether the file's hash is right; a warning names one that is not."""
    if prefix is None:
        return True
    got = sha256_of(path)
    if got.startswith(prefix):
        return True
    warnings.warn(
        f'ignoring {path}: invalid hash value (expected "{prefix}", got "{got}")', stacklevel=5
    )
    return False


def locate(url, *, check_hash=True, progress=True, model_dir=None, file_name=None):
    """Path of the file for ``url``, from a cache or freshly downloaded.

    Parameters
    ----------
    url : str
    check_hash : bool
        Verify the sha256 prefix in the file's name, of cached and downloaded files alike.
    progress : bool
        Show a bar on stderr while downloading.
    model_dir : str, optional
        The only folder to look in and to download to.
    file_name : str, optional
        Name of the file, where it is not the URL's.

    Raises
    ------
    ValueError
        ``check_hash`` with a name that holds no hash.
    DownloadError
        No usable file here, and none to be had from the URL.

    Warns
    -----
    UserWarning
        A cached file whose hash is wrong; it is passed over.
    """
    name = file_name or file_name_of(url)
    prefix = expected_hash(name) if check_hash else None
    folders = search_folders() if model_dir is None else [os.path.expanduser(model_dir)]
    for folder in folders:
        path = os.path.join(folder, name)
        if os.path.isfile(path) and _verified(path, prefix):
            return path
    target = os.path.join(folders[0], name)
    sys.stdout.write(f'Downloading: "{url}" to {target}\n')
    sys.stdout.flush()
    try:
        download(url, target, prefix, progress=progress)
    except DownloadError as error:
        raise DownloadError(f"{error}\n{_advice(name, folders)}") from error
    return target


def _advice(name, folders):
    listed = "\n".join(f"  {os.path.abspath(folder)}" for folder in folders)
    return (
        f"{name} was looked for in\n{listed}\n"
        "Without a network: copy the file into one of these folders, or use a weight file that "
        "you have, with model.load_state_dict(minitorch.load(FILE)) or --weights FILE."
    )


def download(url, target, hash_prefix=None, *, progress=True):
    """Fetch ``url`` into ``target``; the file appears there whole and verified, or not at all.

    The bytes go to ``<target>.<random>.partial`` in the same folder, which is flushed to disk and
    renamed after the last byte, when length and hash are right.

    Raises
    ------
    DownloadError
        The server cannot be reached or answers with an error, the connection is cut, the hash is
        wrong, or the folder cannot be written.
    """
    folder = os.path.dirname(target) or os.curdir
    partial = f"{target}.{uuid.uuid4().hex}.partial"
    try:
        os.makedirs(folder, exist_ok=True)
        file = open(partial, "xb")  # noqa: SIM115 - closed below, before the rename
    except OSError as error:
        raise DownloadError(f"cannot write to {folder}: {error}") from error
    try:
        with file:
            digest = _fetch(url, file, progress)
            file.flush()
            os.fsync(file.fileno())
        if hash_prefix is not None and not digest.startswith(hash_prefix):
            raise DownloadError(f'invalid hash value (expected "{hash_prefix}", got "{digest}")')
        os.replace(partial, target)
    finally:
        if os.path.exists(partial):
            os.remove(partial)


def _fetch(url, file, progress):
    """Copy the URL's body into ``file``; return its sha256."""
    from http.client import HTTPException
    from urllib.error import HTTPError
    from urllib.request import Request, urlopen

    request = Request(url, headers={"User-Agent": "minitorch"})
    try:
        with urlopen(request, timeout=_TIMEOUT) as response:
            length = response.headers.get("Content-Length")
            return _copy(response, file, int(length) if length else None, progress)
    except DownloadError:
        raise
    except HTTPError as error:
        error.close()
        raise DownloadError(
            f"cannot download {url}: HTTP Error {error.code}: {error.reason}"
        ) from error
    except (OSError, HTTPException, ValueError) as error:
        reason = getattr(error, "reason", None) or error
        raise DownloadError(f"cannot download {url}: {reason!s}") from error


def _copy(response, file, length, progress):
    from tqdm import tqdm

    digest = hashlib.sha256()
    copied = 0
    bar = tqdm(total=length, disable=not progress, unit="B", unit_scale=True, unit_divisor=1024)
    with bar:
        while block := response.read(_CHUNK):
            file.write(block)
            digest.update(block)
            copied += len(block)
            bar.update(len(block))
    if length is not None and copied != length:
        raise DownloadError(
            f"cannot download {response.url}: the connection was cut after {copied} of "
            f"{length} bytes"
        )
    return digest.hexdigest()
