"""The SHA-256 of files."""

import hashlib

__all__ = ["sha256_of", "sha256_of_open"]


def sha256_of(path):
    """Digest of the bytes of the file at `path`, in hexadecimal."""
    with open(path, "rb") as file:
        return sha256_of_open(file)


def sha256_of_open(file):
    """Digest of what is left to read of an open file, in hexadecimal."""
    digest = hashlib.sha256()
    while block := file.read(1 << 20):
        digest.update(block)
    return digest.hexdigest()
