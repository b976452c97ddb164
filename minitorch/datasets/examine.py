"""All that can be told of one image file: whether it decodes, what is odd, what it looks like."""

import base64
import contextlib
import functools
import hashlib
import os
from dataclasses import asdict, dataclass, field

import numpy as np
from PIL import Image, ImageOps

from minitorch.datasets.images import ImageError, check_sides, open_file, to_rgb
from minitorch.utils.digest import sha256_of_open

__all__ = ["ImageFacts", "THUMB", "examine", "perceptual_hash"]

THUMB = 12                  # pixels along a side of a thumbnail
_HASH_FROM = 32             # pixels along a side of what the perceptual hash looks at
_COMMON = 96                # a multiple of both
_ORIENTATION = 0x0112       # the EXIF tag
_ONE_COLOUR = 3             # grey levels that compression may make of one colour
_VERY_LARGE = 50_000_000    # pixels
_STRIP = 1 << 22            # pixels
_ALPHA = ("RGBA", "LA", "PA", "La", "RGBa")

# What a file that is no image may be instead, told by how it begins.
_OTHERS = (
    (b"<!doctype html", "an HTML page: a download that failed?"),
    (b"<html", "an HTML page: a download that failed?"),
    (b"<svg", "an SVG drawing, which has no pixels"),
    (b"<?xml", "an XML file"),
    (b"version https://git-lfs", "a pointer of Git LFS: 'git lfs pull' brings the image"),
    (b"%pdf", "a PDF document"),
    (b"pk\x03\x04", "a zip archive"),
    (b"{", "a JSON text"),
)


@dataclass
class ImageFacts:
    """What :func:`examine` found; all of it JSON can hold.

    Attributes
    ----------
    path : str
    reason : str or None
        Why the file cannot be used; None for one that can.
    kind : str or None
        ``"empty"``, ``"truncated"``, ``"not an image"``, ``"too thin"``, ``"too large"``,
        ``"no access"`` or ``"damaged"``, with a reason.
    content : str or None
        sha256 of the file's bytes.
    pixels : str or None
        sha256 of the upright RGB image and its size.
    width, height : int
        Of the upright image.
    format, mode : str
        Pillow's names.
    oddities : list of str
        Of ``"animated"``, ``"CMYK"``, ``"16-bit"``, ``"float"``, ``"transparent"``, ``"palette"``,
        ``"rotated"`` (by EXIF), ``"extension"`` (another format than its name says),
        ``"one colour"``, ``"very large"``.
    hash : str
        64 bits as hexadecimal digits, see :func:`perceptual_hash`.
    thumb : str
        The image shrunk to `THUMB` by `THUMB` RGB bytes, base64.
    """

    path: str
    reason: str | None = None
    kind: str | None = None
    content: str | None = None
    pixels: str | None = None
    width: int = 0
    height: int = 0
    format: str = ""
    mode: str = ""
    oddities: list = field(default_factory=list)
    hash: str = ""
    thumb: str = ""

    def to_dict(self):
        """A dictionary that JSON can hold, of what is not empty."""
        return {name: value for name, value in asdict(self).items() if value}

    def thumbnail(self):
        """The shrunk image as an array (THUMB, THUMB, 3) of uint8."""
        flat = np.frombuffer(base64.b64decode(self.thumb), np.uint8)
        return flat.reshape(THUMB, THUMB, 3)


def examine(path):
    """Decode a file fully and describe it; a file that cannot be read is described too.

    Parameters
    ----------
    path : str or os.PathLike

    Returns
    -------
    ImageFacts
    """
    facts = ImageFacts(os.fspath(path))
    try:
        with open_file(path) as file:
            facts.content = sha256_of_open(file)
            file.seek(0)
            _describe(facts, file)
    except (ImageError, OSError) as error:
        cause = error if isinstance(error, OSError) else error.__cause__
        facts.reason = getattr(error, "reason", None) or error.strerror or str(error)
        facts.kind = _kind(facts.reason, cause)
        if facts.kind == "not an image":
            facts.reason += _instead(path)
        facts.pixels = None
    return facts


def _describe(facts, file):
    image = Image.open(file)
    facts.format, facts.mode = image.format or "", image.mode
    image.load()
    turned = image.getexif().get(_ORIENTATION, 1) in range(2, 9)
    upright = ImageOps.exif_transpose(image) if turned else image
    check_sides(facts.path, upright)
    rgb = to_rgb(upright)
    facts.width, facts.height = rgb.size
    facts.pixels = _pixel_digest(rgb)
    # Both look at averages over areas, and so may share a first step.
    small = rgb.resize((_COMMON, _COMMON), Image.Resampling.BOX)
    facts.hash = f"{perceptual_hash(small):016x}"
    shrunk = small.resize((THUMB, THUMB), Image.Resampling.BOX)
    facts.thumb = base64.b64encode(shrunk.tobytes()).decode()
    spread = max(high - low for low, high in rgb.getextrema())
    found = {
        "CMYK": image.mode == "CMYK",
        "16-bit": image.mode.startswith("I"),
        "float": image.mode == "F",
        "palette": image.mode in ("P", "PA"),
        "transparent": _is_transparent(upright),
        "rotated": turned,
        "extension": _is_misnamed(facts.path, image.format),
        "one colour": spread <= _ONE_COLOUR,
        "very large": rgb.width * rgb.height > _VERY_LARGE,
        # Last: counting the frames of some formats moves to another frame.
        "animated": _is_animated(image),
    }
    facts.oddities = [name for name, is_so in found.items() if is_so]


def _pixel_digest(rgb):
    """Over size and pixels, strip by strip: a copy of a huge image might not fit beside it."""
    digest = hashlib.sha256(b"%d %d " % rgb.size)
    rows = max(1, _STRIP // rgb.width)
    for top in range(0, rgb.height, rows):
        is_all = rows >= rgb.height
        strip = rgb if is_all else rgb.crop((0, top, rgb.width, min(top + rows, rgb.height)))
        digest.update(strip.tobytes())
    return digest.hexdigest()


def _is_transparent(image):
    """Whether a pixel is: an alpha channel that is opaque everywhere changes nothing."""
    if image.mode not in _ALPHA and "transparency" not in image.info:
        return False
    return image.convert("RGBA").getchannel("A").getextrema()[0] < 255


def _is_animated(image):
    if image.format == "MPO":       # a photograph with a preview, as many cameras write
        return False
    with contextlib.suppress(Exception):    # a later frame may be damaged; it is not used
        return getattr(image, "n_frames", 1) > 1
    return False


def _is_misnamed(path, found):
    expected = _formats().get(os.path.splitext(path)[1].lower())
    return None not in (expected, found) and {expected, found} not in (
        {expected}, {"JPEG", "MPO"}, {"PPM", "PNM"})


@functools.cache
def _formats():
    return Image.registered_extensions()


def _kind(reason, cause):
    if cause is not None and getattr(cause, "errno", None) is not None:
        return "no access"
    lower = reason.lower()
    for kind, words in (("empty", ("file is empty",)),
                        ("not an image", ("not an image", "not a regular file")),
                        ("too thin", ("too thin",)),
                        ("too large", ("decompression bomb", "exceeds limit")),
                        ("truncated", ("truncated", "unexpected end", "incomplete", "eof"))):
        if any(word in lower for word in words):
            return kind
    return "damaged"


def _instead(path):
    """What the file may be, for the user; nothing if it cannot be told."""
    try:
        if not os.path.isfile(path):
            return ""
        with open(path, "rb") as file:
            head = file.read(512)
    except OSError:
        return ""
    if head[4:12] in (b"ftypheic", b"ftypheix", b"ftypmif1"):
        return " (a HEIC photograph, as iPhones take; export it as JPEG)"
    start = head.lstrip(b"\xef\xbb\xbf \t\r\n").lower()
    for beginning, what in _OTHERS:
        if start.startswith(beginning):
            return f" ({what})"
    if not head.strip(b"\0"):
        return " (nothing but zeros: a copy that failed?)"
    return ""


@functools.cache
def _cosines():
    """The 8 lowest frequencies of the discrete cosine transform of `_HASH_FROM` values."""
    frequency, place = np.ogrid[:8, :_HASH_FROM]
    return np.cos(np.pi * frequency * (2 * place + 1) / (2 * _HASH_FROM))


def perceptual_hash(image):
    """64 bits that change little when an image is resized, recompressed or brightened.

    The grey image shrunk to 32 by 32, its 8 by 8 lowest frequencies; a bit says whether one of
    them is above their median.  The mean (frequency 0) stands outside of the median.

    Parameters
    ----------
    image : PIL.Image.Image
        Mode RGB.

    Returns
    -------
    int
    """
    small = image.resize((_HASH_FROM, _HASH_FROM), Image.Resampling.BOX).convert("L")
    cosines = _cosines()
    waves = (cosines @ np.asarray(small, np.float64) @ cosines.T).ravel()
    bits = waves > np.median(waves[1:])
    return int.from_bytes(np.packbits(bits).tobytes(), "big")
