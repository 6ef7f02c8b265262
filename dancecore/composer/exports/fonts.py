"""Fonts for any text: DejaVu, which comes with matplotlib, and for what it lacks the fonts that PDF readers have."""

import unicodedata
from functools import cache
from itertools import groupby
from pathlib import Path

import matplotlib
from arabic_reshaper import reshape
from bidi import get_display
from reportlab.pdfbase import pdfmetrics
from reportlab.pdfbase.cidfonts import UnicodeCIDFont
from reportlab.pdfbase.ttfonts import TTFont
from reportlab.pdfgen.canvas import Canvas

PLAIN, BOLD = "DejaVuSans", "DejaVuSans-Bold"
EASTERN = {"HIRAGANA": "HeiseiKakuGo-W5", "KATAKANA": "HeiseiKakuGo-W5", "HANGUL": "HYGothic-Medium",
           "CJK": "STSong-Light"}  # fmt: skip
"""Adobe's fonts by script, which PDF readers bring themselves, by the first word of a letter's Unicode name."""


@cache
def register() -> None:
    """Make the fonts known to ReportLab, once a process."""
    folder = Path(matplotlib.get_data_path()) / "fonts" / "ttf"
    for name in (PLAIN, BOLD):
        pdfmetrics.registerFont(TTFont(name, str(folder / f"{name}.ttf")))
    for name in set(EASTERN.values()):
        pdfmetrics.registerFont(UnicodeCIDFont(name))


def runs(text: str, font: str) -> list[tuple[str, str]]:
    """The text in stretches from left to right, each with a font that has its letters: Hebrew and Arabic in the order
    in which they are seen, Arabic letters joined. What no font has is written as U+FFFD."""
    shown = get_display(reshape(unicodedata.normalize("NFC", "".join(c for c in text if c.isprintable()))))
    found = [(_font_of(letter, font), letter) for letter in shown]
    stretches = groupby(found, key=lambda one: one[0])
    return [
        (name or font, "".join(letter if name else "\N{REPLACEMENT CHARACTER}" for _, letter in letters))
        for name, letters in stretches
    ]


def width(text: str, font: str, size: float) -> float:
    """Points that a text is wide."""
    return sum(pdfmetrics.stringWidth(part, name, size) for name, part in runs(text, font))


def write(page: Canvas, x: float, y: float, text: str, font: str, size: float, room: float) -> None:
    """Write a line from (x, y) on; what does not fit into `room` points is cut and an ellipsis says so."""
    if width(text, font, size) > room:
        while text and width(f"{text}…", font, size) > room:
            text = text[:-1]
        text = f"{text.rstrip()}…"
    for name, part in runs(text, font):
        page.setFont(name, size)
        page.drawString(x, y, part)
        x += pdfmetrics.stringWidth(part, name, size)


def _font_of(letter: str, font: str) -> str | None:
    if ord(letter) in pdfmetrics.getFont(font).face.charToGlyph:
        return font
    return EASTERN.get(unicodedata.name(letter, "?").split()[0].split("-")[0])
