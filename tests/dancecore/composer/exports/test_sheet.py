"""The tutorial sheet, read and looked at by another maker's program."""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime

import numpy as np
import pypdfium2 as pdfium
import pytest

from dancecore.composer.composition import Composition
from dancecore.composer.exports import fonts
from dancecore.composer.exports.figures import poses
from dancecore.composer.exports.sheet import to_pdf
from dancecore.composer.steps import Step
from dancecore.errors import DanceError
from dancecore.moves.taxonomy import Taxonomy

NOW = datetime(2026, 11, 28, tzinfo=UTC)


def composition(*steps: Step, title: str = "Sunday") -> Composition:
    return Composition(title, 112.0, steps, "tx-0.1", NOW)


DANCE = composition(
    Step("mv_floss", 4), Step("mv_dab", 4, True), Step("mv_two_step", 8, notes="small steps"), Step("mv_spin", 4)
)


@contextmanager
def opened(data: bytes) -> Iterator[list[pdfium.PdfPage]]:
    document = pdfium.PdfDocument(data)
    pages = list(document)
    yield pages
    for page in pages:
        page.close()
    document.close()


def text(page: pdfium.PdfPage) -> str:
    reader = page.get_textpage()
    said = reader.get_text_range()
    reader.close()
    return said


def test_it_says_everything(taxonomy: Taxonomy) -> None:
    with opened(to_pdf(DANCE, taxonomy, "For Ann")) as pages:
        (said,) = map(text, pages)
    wanted = (
        "Sunday", "112 bpm", "5 bars", "4 steps", "0:11", "1. Floss", "2. Dab ⇋ mirror", "3. Two-step", "4. Spin",
        "4 counts, from bar 2, count 1", "8 counts, from bar 3, count 1. small steps", "For Ann",
    )  # fmt: skip
    for words in wanted:
        assert words in said, words


def test_every_step_has_figures_in_color_and_every_bar_four_cells(taxonomy: Taxonomy) -> None:
    with opened(to_pdf(DANCE, taxonomy)) as pages:
        picture = np.asarray(pages[0].render(scale=2).to_pil().convert("RGB")).astype(int)
    red = (picture[..., 0] > 180) & (picture[..., 1] < 110) & (picture[..., 2] < 110)
    blue = (picture[..., 2] > 150) & (picture[..., 0] < 90)
    orange = (picture[..., 0] > 220) & (abs(picture[..., 1] - 150) < 40) & (picture[..., 2] < 90)
    columns = [slice(0, picture.shape[1] // 2), slice(picture.shape[1] // 2, None)]
    for colour in (red, blue, orange):
        assert all(colour[:, column].sum() > 100 for column in columns)
    tint = np.abs(picture - [222, 237, 250]).sum(axis=-1) < 12
    assert tint.sum() > 20_000, "bars of the first and third step"


@pytest.mark.parametrize("move", ["mv_floss", "mv_dab", "mv_grapevine"])
def test_three_to_five_pictures_on_counts(move: str, taxonomy: Taxonomy) -> None:
    shown = poses(taxonomy.moves[move].motion)
    assert 3 <= len(shown) <= 5
    assert shown[0].beat == 0
    assert all(pose.beat % 0.25 == 0 for pose in shown)
    assert np.allclose(shown[0].then, shown[1].xy)
    assert all(abs(pose.xy[[23, 24], 0].mean()) < 0.05 for pose in shown), "each stands in its place"


def test_long_dances_take_more_pages(taxonomy: Taxonomy) -> None:
    long = composition(*(Step(move, taxonomy.moves[move].beats * 2) for move in list(taxonomy.moves)[:40]))
    with opened(to_pdf(long, taxonomy)) as pages:
        assert len(pages) > 3
        said = "".join(map(text, pages))
    assert all(f"{i + 1}. {taxonomy.moves[step.move_id].name}" in said for i, step in enumerate(long.steps))


TITLES = [
    "Été à Łódź",
    "夏のダンス",
    "한여름 밤",
    "舞蹈",
    "Танец — «лето»",
    "Χορός",
    "🙂 smile",
    "a\nb\tc",
    "<b>&amp;</b>",
    "x" * 300,
]


@pytest.mark.parametrize("title", TITLES)
def test_any_title(title: str, taxonomy: Taxonomy) -> None:
    with opened(to_pdf(composition(Step("mv_dab", 4), title=title), taxonomy)) as pages:
        said = text(pages[0])
    if title.isascii() and len(title) < 100:
        assert "".join(c for c in title if c.isprintable()) in said
    fonts.register()
    parts = fonts.runs(title, fonts.BOLD)
    assert all(part for _, part in parts)
    assert "".join(part for _, part in parts).replace("\N{REPLACEMENT CHARACTER}", "") in title.replace(
        "\n", ""
    ).replace("\t", "").replace("🙂", "")


def test_right_to_left_is_written_as_it_is_seen() -> None:
    fonts.register()
    assert fonts.runs("שלום dance", fonts.BOLD) == [(fonts.BOLD, "dance םולש")]
    ((font, arabic),) = fonts.runs("رقص", fonts.BOLD)
    assert font == fonts.BOLD
    assert [ord(letter) for letter in arabic] == [0xFEBA, 0xFED7, 0xFEAD], "their joined forms, the last one first"


def test_what_has_no_pictures_is_refused(taxonomy: Taxonomy) -> None:
    with pytest.raises(DanceError, match="no pictures of plié"):
        to_pdf(composition(Step("plié", 4)), taxonomy)


def test_it_is_the_same_every_time(taxonomy: Taxonomy) -> None:
    assert to_pdf(DANCE, taxonomy) == to_pdf(DANCE, taxonomy)
