"""Make the bundled digits file from the copy that scikit-learn ships.

    pip install scikit-learn
    python tools/make_digits.py

Writes ``minitorch/datasets/_data/digits.npz``: ``images`` (1797, 8, 8) uint8 with the source's
values 0 ... 16, and ``labels`` (1797,) uint8. The same input gives the same bytes.
"""

import argparse
import gzip
import importlib.util
import io
import pathlib
import zipfile

import numpy as np

TARGET = pathlib.Path(__file__).parents[1] / "minitorch" / "datasets" / "_data" / "digits.npz"


def source_file():
    """digits.csv.gz of the installed scikit-learn (which is not imported)."""
    spec = importlib.util.find_spec("sklearn")
    if spec is None:
        raise SystemExit("make_digits: scikit-learn is not installed (pip install scikit-learn)")
    return pathlib.Path(spec.origin).parent / "datasets" / "data" / "digits.csv.gz"


def read(path):
    """Images (N, 8, 8) and labels (N,), both uint8."""
    with gzip.open(path, "rt") as file:
        table = np.loadtxt(file, delimiter=",")
    images, labels = table[:, :-1].reshape(-1, 8, 8), table[:, -1]
    if images.shape != (1797, 8, 8) or images.min() < 0 or images.max() > 16:
        raise SystemExit(f"make_digits: {path} is not the file expected")
    return images.astype(np.uint8), labels.astype(np.uint8)


def write(path, **arrays):
    """An npz with fixed dates, which ``numpy.savez_compressed`` does not give."""
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED, compresslevel=9) as archive:
        for name, array in arrays.items():
            buffer = io.BytesIO()
            np.lib.format.write_array(buffer, array, allow_pickle=False)
            entry = zipfile.ZipInfo(f"{name}.npy", date_time=(1980, 1, 1, 0, 0, 0))
            entry.compress_type = zipfile.ZIP_DEFLATED
            archive.writestr(entry, buffer.getvalue())


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--source", type=pathlib.Path, help="digits.csv.gz to read instead")
    parser.add_argument("--target", type=pathlib.Path, default=TARGET)
    options = parser.parse_args()
    images, labels = read(options.source or source_file())
    options.target.parent.mkdir(parents=True, exist_ok=True)
    write(options.target, images=images, labels=labels)
    print(f"{options.target}: {len(images)} images, {options.target.stat().st_size} bytes")


if __name__ == "__main__":
    main()
