"""Drawing with pillow alone: lines and text without jagged edges."""

import io
import unicodedata

__all__ = ["Pen", "drawable", "png", "INK", "MUTED", "GRID", "PAPER", "SCALE"]

SCALE = 2           # drawn twice as large, then reduced: pillow's lines are not antialiased
INK, MUTED, GRID, PAPER = "#1f2328", "#656d76", "#e4e7eb", "#ffffff"


def drawable(text):
    """`text` in the letters that pillow's own font has shapes for: accents go, others are ``?``."""
    letters = (each for each in unicodedata.normalize("NFD", text)
               if not unicodedata.combining(each))
    return "".join(each if " " <= each <= "~" or each == "…" else "?" for each in letters)


def png(image):
    """The bytes of an image as PNG."""
    buffer = io.BytesIO()
    image.save(buffer, format="PNG", optimize=True)
    return buffer.getvalue()


class Pen:
    """Drawing in the picture's own coordinates, whatever the scale."""

    def __init__(self, draw):
        self.draw = draw
        self.fonts = {}

    def font(self, size):
        if size not in self.fonts:
            from PIL import ImageFont
            try:
                self.fonts[size] = ImageFont.load_default(size * SCALE)
            except TypeError:       # pillow before 10.1 has one bitmap font only
                self.fonts[size] = ImageFont.load_default()
        return self.fonts[size]

    def text(self, at, text, size, colour=INK, anchor="la"):
        text = drawable(text)
        font = self.font(size)
        point = (at[0] * SCALE, at[1] * SCALE)
        if hasattr(font, "getmask2") and hasattr(font, "path"):
            self.draw.text(point, text, colour, font, anchor=anchor)
        else:
            self.draw.text(point, text, colour, font)

    def vertical(self, at, text, size, colour=INK):
        """Text that reads upwards and begins at the point `at`, its line centred there."""
        from PIL import Image, ImageDraw
        mask = Image.new("L", (round(self.width(text, size) * SCALE) + 1, 2 * size * SCALE))
        pen = Pen(ImageDraw.Draw(mask))
        pen.text((0, size), text, size, 255, anchor="lm")
        mask = mask.transpose(Image.Transpose.ROTATE_90)
        corner = (round(at[0] * SCALE - mask.width / 2), round(at[1] * SCALE - mask.height))
        self.draw.bitmap(corner, mask, colour)

    def width(self, text, size):
        return self.draw.textlength(drawable(text), self.font(size)) / SCALE

    def clipped(self, text, size, width):
        """`text`, or its beginning with an ellipsis if it is wider than `width`."""
        if self.width(text, size) <= width:
            return text
        low, high = 0, len(text)
        while low < high:
            middle = (low + high + 1) // 2
            if self.width(text[:middle] + "…", size) <= width:
                low = middle
            else:
                high = middle - 1
        return text[:low] + "…"

    def line(self, points, colour, width):
        self.draw.line([(x * SCALE, y * SCALE) for x, y in points], colour, width * SCALE,
                       joint="curve")

    def curve(self, points, colour):
        if len(points) > 1:
            self.line(points, colour, 3)
        radius = 5 * SCALE
        for x, y in points if len(points) <= 30 else points[-1:]:
            x, y = x * SCALE, y * SCALE
            self.draw.ellipse((x - radius, y - radius, x + radius, y + radius), colour, PAPER,
                              SCALE)
