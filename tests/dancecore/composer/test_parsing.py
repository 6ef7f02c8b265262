"""Names are enough: what people type, what is asked back."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dancecore.composer.book import Book
from dancecore.composer.names import Names
from dancecore.composer.parsing import parse
from dancecore.composer.steps import Step
from dancecore.errors import DanceError

two, roll, dab, floss, vine = "mv_two_step", "mv_body_roll", "mv_dab", "mv_floss", "mv_grapevine"

UNDERSTOOD = [
    ("two-step x4, body roll, dab (mirror), floss 4",
     [Step(two, 4)] * 4 + [Step(roll, 4), Step(dab, 4, True), Step(floss, 4)]),
    ("Floss", [Step(floss, 2)]),
    ("FLOSS; the floss\nflossing", [Step(floss, 2)] * 3),
    ("mv_floss, two_step", [Step(floss, 2), Step(two, 4)]),
    ("step touch then vine -> hand wave", [Step(two, 4), Step(vine, 8), Step("mv_arm_wave", 4)]),
    ("4x floss", [Step(floss, 2)] * 4),
    ("4 x floss, floss ×2, floss *2, floss 2x", [Step(floss, 2)] * 10),
    ("floss 8 beats, floss for 8 counts, floss: 8, floss (8), floss 2 bars", [Step(floss, 8)] * 5),
    ("floss x2 4", [Step(floss, 4)] * 2),
    ("floss 4 x2", [Step(floss, 4)] * 2),
    ("floss mirrored 4, floss 4 [mirror], floss (mirror) x2",
     [Step(floss, 4, True), Step(floss, 4, True), Step(floss, 2, True), Step(floss, 2, True)]),
    ("(floss, dab) x2, body roll", [Step(floss, 2), Step(dab, 4)] * 2 + [Step(roll, 4)]),
    ("2x (floss, dab)", [Step(floss, 2), Step(dab, 4)] * 2),
    ("((floss, dab) x2, vine) x2", ([Step(floss, 2), Step(dab, 4)] * 2 + [Step(vine, 8)]) * 2),
    ("two step + dab", [Step(two, 4), Step(dab, 4)]),
    ("cha-cha-cha, t-step, v step", [Step("mv_cha_cha", 8), Step("mv_t_step", 8), Step("mv_v_step", 4)]),
    ("floss,, dab,", [Step(floss, 2), Step(dab, 4)]),
    ("bodyroll", [Step(roll, 4)]),
    ("three sixty, jump one eighty", [Step("mv_spin", 4), Step("mv_jump_turn", 4)]),
]  # fmt: skip


@pytest.mark.parametrize(("text", "steps"), UNDERSTOOD, ids=[text for text, _ in UNDERSTOOD])
def test_what_people_type_is_understood(text: str, steps: list[Step], book: Book) -> None:
    read = parse(text, book.profiles)
    assert read.questions == ()
    assert list(read.steps) == steps


TYPOS = [("flos", floss), ("two setp", two), ("body rol", roll), ("grapevien", vine), ("runing man", "mv_running_man"),
         ("chalreston", "mv_charleston"), ("Nae-Nea", "mv_nae_nae")]  # fmt: skip


@pytest.mark.parametrize(("name", "move"), TYPOS, ids=[name for name, _ in TYPOS])
def test_typing_errors_are_read_and_said(name: str, move: str, book: Book) -> None:
    read = parse(f"{name} x2", book.profiles)
    assert [step.move_id for step in read.steps] == [move] * 2
    assert read.remarks == (f"{name!r} was read as {book.profiles[move].name}",)


ASKED = [
    ("turn", "which move", {"Pivot turn", "Spin"}),
    ("slide", "which move", {"Slide and drag", "Moonwalk"}),
    ("wavee", "which move", {"Arm wave"}),
    ("x4", "", set()),
    ("4 beats", "", set()),
    ("xqzw", "no move of this name", set()),
    ("floss 3", "would cut it", {"Floss 2", "Floss 4"}),
    ("grapevine 4", "would cut it", {"Grapevine 8"}),
    ("floss 0.5 beats", "would cut it", {"Floss 2"}),
]


@pytest.mark.parametrize(("text", "why", "offered"), ASKED, ids=[text for text, *_ in ASKED])
def test_what_is_not_clear_is_asked(text: str, why: str, offered: set[str], book: Book) -> None:
    read = parse(f"dab, {text}, dab", book.profiles)
    assert read.steps == ()
    (question,) = read.questions
    assert question.text == text
    assert why in question.question
    assert offered <= set(question.candidates)


def test_every_name_and_alias_is_its_move(book: Book) -> None:
    names = Names(book.moves)
    for move in book.moves:
        for name in (move.name, *move.aliases, move.move_id):
            assert names.read(name).move_id == move.move_id, name
            assert not names.read(name.upper().replace("-", " ")).guessed


def test_a_mirror_image_of_its_own_is_said_so(book: Book) -> None:
    read = parse("body roll (mirror)", book.profiles)
    assert read.steps == (Step(roll, 4),)
    assert read.remarks == ("Body roll is its own mirror image",)


@pytest.mark.parametrize("text", ["", " , ;", "floss x0", "floss x1001", "(floss, dab) x999999"])
def test_what_is_no_dance_is_refused(text: str, book: Book) -> None:
    with pytest.raises(DanceError, match="INVALID_INPUT"):
        parse(text, book.profiles)


@given(st.text(max_size=40))
def test_any_text_is_read_asked_about_or_refused(book: Book, text: str) -> None:
    try:
        read = parse(text, book.profiles)
    except DanceError as refused:
        read, code = None, refused.code
    assert code == "INVALID_INPUT" if read is None else bool(read.steps) != bool(read.questions)
