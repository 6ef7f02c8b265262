"""The moves of a taxonomy on paper: `danceapp taxonomy sheet`, and the strips of the annotation guide."""

from itertools import groupby
from pathlib import Path

import matplotlib
import numpy as np
from PIL import Image as Pillow
from PIL import ImageDraw, ImageFont

from dancecore.moves.draw import INK
from dancecore.moves.strip import strip
from dancecore.moves.taxonomy import Move, Taxonomy
from jobs.taxonomy_show import by_family

DPI = 245
"""Of the sheet: 80 moves fill a page of A3."""
COLUMNS, CELL, MARGIN = 8, (500, 234), 26
"""Moves in a row; pixels of a move, and around the sheet."""
BAND, LINE, HEAD, FOOT = 34, 34, 96, 44
"""Pixels: a family's heading, a line of text, the title and the legend of the sheet."""
STRIP = (720, 190)
"""Pixels of a move's strip in the guide."""
FONTS = Path(matplotlib.get_data_path()) / "fonts" / "ttf"
DARK, GREY = (30, 30, 30), (110, 110, 110)
QUARTERS = ("", "e", "&", "a")
"""How dancers count: one e and a two e and a."""


def count_of(beat: float) -> str:
    """What a dancer counts at a beat: "1" at 0, "2&" at 1.5."""
    return f"{int(beat) + 1}{QUARTERS[int(beat % 1 * 4)]}"


def draw_sheet(taxonomy: Taxonomy, png: Path) -> None:
    """Write all moves, family by family, each with its phases, name, beats and difficulty, as one picture."""
    moves = [move for move in by_family(taxonomy) if not move.deprecated]
    rows = [moves[at : at + COLUMNS] for at in range(0, len(moves), COLUMNS)]
    height = HEAD + len(rows) * (CELL[1] + BAND) + FOOT + 2 * MARGIN
    page = Pillow.new("RGB", (COLUMNS * CELL[0] + 2 * MARGIN, height), "white")
    pen = ImageDraw.Draw(page)
    families = {move.family for move in moves}
    title = f"DanceApp moves, {taxonomy.semver}: {len(moves)} in {len(families)} families"
    pen.text((MARGIN, MARGIN + 6), title, DARK, _font(48, bold=True))
    top = MARGIN + HEAD
    for row in rows:
        _headings(pen, row, top, _colours(taxonomy))
        for at, move in enumerate(row):
            _cell(page, move, MARGIN + at * CELL[0], top + BAND)
        top += CELL[1] + BAND
    _legend(pen, height - MARGIN - FOOT + 16)
    page.save(png, format="PNG", dpi=(DPI, DPI), optimize=True)


def draw_strip(move: Move) -> Pillow.Image:
    """The phases of a move with their counts, in few colours."""
    width, height = STRIP
    drawn = strip(move, width, height - 24, count=6)
    picture = Pillow.new("RGB", STRIP, "white")
    picture.paste(Pillow.fromarray(drawn.image))
    pen = ImageDraw.Draw(picture)
    for beat, centre in zip(drawn.beats, drawn.centres, strict=True):
        pen.text((centre, height - 22), count_of(beat), GREY, _font(14), "mt")
    return picture.quantize(palette=_palette(), dither=Pillow.Dither.NONE)


def _palette() -> Pillow.Image:
    """The inks and what lies between them and paper or chest: small files, and the same ones on every machine."""
    inks = np.array([INK.left, INK.right, INK.middle, INK.back, INK.floor, GREY], float)
    paper = np.array([INK.paper, INK.chest], float)
    mixed = [share * inks + (1 - share) * each for each in paper for share in (1.0, 0.75, 0.5, 0.25)]
    colours = np.concatenate([paper, *mixed]).round().astype(np.uint8)
    palette = Pillow.new("P", (1, 1))
    palette.putpalette(colours.tobytes())
    return palette


def _colours(taxonomy: Taxonomy) -> dict[str, tuple[int, ...]]:
    """A pale colour for each family."""
    pale = matplotlib.colormaps["Set3"]
    return {
        family: tuple(int(255 * part) for part in pale(at % pale.N)[:3]) for at, family in enumerate(taxonomy.families)
    }


def _headings(pen: ImageDraw.ImageDraw, row: list[Move], top: int, colours: dict[str, tuple[int, ...]]) -> None:
    """A band over the moves of each family in the row."""
    at = 0
    for family, members in groupby(row, key=lambda move: move.family):
        left, count = MARGIN + at * CELL[0], len(list(members))
        pen.rectangle((left, top, left + count * CELL[0] - 6, top + BAND - 4), colours[family])
        pen.text((left + 8, top + BAND // 2 - 2), family.upper(), DARK, _font(20, bold=True), "lm")
        at += count


def _cell(page: Pillow.Image, move: Move, left: int, top: int) -> None:
    """Name, beats and difficulty over the phases with their counts."""
    pen = ImageDraw.Draw(page)
    pen.text((left + 6, top + LINE // 2), move.name, DARK, _font(24, bold=True), "lm")
    for dot in range(5):
        x, y = left + CELL[0] - 112 + 20 * dot, top + LINE // 2
        pen.ellipse((x - 7, y - 7, x + 7, y + 7), DARK if dot < move.difficulty else None, DARK, 2)
    pen.text((left + CELL[0] - 130, top + LINE // 2), f"{move.beats} beats", GREY, _font(20), "rm")
    drawn = strip(move, CELL[0] - 12, CELL[1] - LINE - 28)
    page.paste(Pillow.fromarray(drawn.image), (left, top + LINE))
    for beat, centre in zip(drawn.beats, drawn.centres, strict=True):
        pen.text((left + centre, top + CELL[1] - 30), count_of(beat), GREY, _font(18), "mt")


def _legend(pen: ImageDraw.ImageDraw, top: int) -> None:
    words = (
        "Blue: the dancer's left. Red: the dancer's right. Grey: the back. Under each pose its count (1 e & a 2). "
        "Dots: difficulty, 1 to 5. After its beats a move begins again."
    )
    pen.text((MARGIN, top), words, GREY, _font(22))


def _font(size: int, bold: bool = False) -> ImageFont.FreeTypeFont:
    return ImageFont.truetype(FONTS / f"DejaVuSans{'-Bold' if bold else ''}.ttf", size)
