"""Small folders of generated images, for the tests of training and of the commands."""

import numpy as np
from PIL import Image

COLOURS = {"blue sky": (40, 80, 220), "grün": (60, 190, 70), "red": (220, 50, 40)}


def picture(colour, seed, size=(48, 40)):
    """A noisy RGB image of one colour."""
    noise = np.random.RandomState(seed).randint(-30, 31, (size[1], size[0], 3))
    return Image.fromarray(np.clip(np.asarray(colour) + noise, 0, 255).astype(np.uint8))


def save_in_mode(image, path, mode):
    """Save an image in one of the modes that real folders hold."""
    if mode == "I;16":
        grey = np.asarray(image.convert("L")).astype(np.uint16) * 257
        Image.fromarray(grey).save(path)
    elif mode == "CMYK":
        image.convert("CMYK").save(path.with_suffix(".jpg"))
    else:
        image.convert(mode).save(path)


def make_folder(root, per_class=6, colours=COLOURS, modes=("RGB",)):
    """Fill ``root/class/`` with images; their modes take turns.  Returns `root`."""
    for place, (name, colour) in enumerate(colours.items()):
        folder = root / name
        folder.mkdir(parents=True)
        for index in range(per_class):
            path = folder / f"{index:02d}.png"
            save_in_mode(picture(colour, 100 * place + index), path, modes[index % len(modes)])
    return root


def truncate(path, keep=0.5):
    """Cut a file in the middle: its header is sound, its pixels are not."""
    data = path.read_bytes()
    path.write_bytes(data[: int(len(data) * keep)])
