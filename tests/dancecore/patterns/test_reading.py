"""Patterns as they are written: what is read, and what an error points at."""

from dataclasses import dataclass

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dancecore.composer.names import Names
from dancecore.errors import DanceError
from dancecore.patterns import Link, Pattern, Step, read


@dataclass(frozen=True)
class Move:
    move_id: str
    name: str
    aliases: tuple[str, ...] = ()


NAMES = Names(
    [
        Move("mv_floss", "Floss", ("backpack kid dance",)), Move("mv_dab", "Dab"), Move("mv_spin", "Spin", ("turn",)),
        Move("mv_body_roll", "Body roll"), Move("mv_turn", "Three-step turn", ("turn",)),
        Move("mv_then", "Now and then"),
    ]
)  # fmt: skip
FLOSS, DAB, ROLL = Step("mv_floss"), Step("mv_dab"), Step("mv_body_roll")

READ: dict[str, Pattern] = {
    "floss": Pattern((FLOSS,), ()),
    "mv_floss then mv_dab": Pattern((FLOSS, DAB), (Link(),)),
    "mv_floss then mv_dab within 8 counts, no mv_spin between": Pattern(
        (FLOSS, DAB), (Link(8.0, None, (Step("mv_spin"),)),)
    ),
    "Floss THEN dab Within 2 Bars then body roll": Pattern((FLOSS, DAB, ROLL), (Link(8.0), Link())),
    "backpack kid dance (mirrored) then body-roll(straight)": Pattern(
        (Step("mv_floss", True), Step("mv_body_roll", False)), (Link(),)
    ),
    "floss then dab within 1.5 s within 4 beats": Pattern((FLOSS, DAB), (Link(4.0, 1500.0),)),
    "floss then dab within 500ms": Pattern((FLOSS, DAB), (Link(None, 500.0),)),
    "floss then dab without body roll or dab (mirror)": Pattern(
        (FLOSS, DAB), (Link(None, None, (ROLL, Step("mv_dab", True))),)
    ),
    "floss then dab no body roll between, no floss between": Pattern((FLOSS, DAB), (Link(None, None, (ROLL, FLOSS)),)),
    '"now and then" then dab': Pattern((Step("mv_then"), DAB), (Link(),)),
    " floss\nthen\tfloss ": Pattern((FLOSS, FLOSS), (Link(),)),
}


@pytest.mark.parametrize(("text", "want"), READ.items(), ids=READ)
def test_what_is_read(text: str, want: Pattern) -> None:
    assert read(text, NAMES) == want


def test_a_typing_error_is_told() -> None:
    pattern = read("flosss then body rol", NAMES)
    assert pattern.steps == (FLOSS, ROLL)
    assert pattern.remarks == ("'flosss' was read as mv_floss", "'body rol' was read as mv_body_roll")


def test_a_move_without_sides_is_found_on_any() -> None:
    pattern = read("floss (mirrored) then dab (mirrored)", NAMES, {"mv_floss"})
    assert pattern.steps == (FLOSS, Step("mv_dab", True))
    assert pattern.remarks == ("mv_floss is its own mirror image",)


WRONG: dict[str, tuple[str, int, str]] = {
    "": ("INVALID_INPUT", 0, "the name of a move is expected, not the end"),
    "floss then": ("INVALID_INPUT", 10, "the name of a move is expected, not the end"),
    "floss dab then": ("UNKNOWN_MOVE", 0, "'floss dab'"),
    "floss, dab": ("INVALID_INPUT", 5, "then is expected, not ','"),
    "floss within 8 counts": ("INVALID_INPUT", 6, "then is expected, not 'within'"),
    "floss then dab within": ("INVALID_INPUT", 21, "a number, such as 8 is expected, not the end"),
    "floss then dab within dab": ("INVALID_INPUT", 22, "a number, such as 8 is expected, not 'dab'"),
    "floss then dab within -1 s": ("INVALID_INPUT", 22, "a number"),
    "floss then dab within nan s": ("INVALID_INPUT", 22, "a number"),
    "floss then dab within 8 clowns": ("INVALID_INPUT", 24, "or s or ms is expected, not 'clowns'"),
    "floss then dab within 8": ("INVALID_INPUT", 23, "not the end"),
    "floss then dab within 5000 bars": ("INVALID_INPUT", 22, "up to 1000"),
    "floss then dab,": ("INVALID_INPUT", 15, "within or no or without is expected"),
    "floss then dab, spin": ("INVALID_INPUT", 16, "within or no or without is expected, not 'spin'"),
    "floss then dab no": ("INVALID_INPUT", 17, "the name of a move"),
    "floss (sideways)": ("INVALID_INPUT", 7, "mirrored or straight is expected, not 'sideways'"),
    "floss (mirrored": ("INVALID_INPUT", 15, ") is expected, not the end"),
    "floss then then dab": ("INVALID_INPUT", 11, "the name of a move is expected, not 'then'"),
    "floss then turn": ("UNKNOWN_MOVE", 11, "could be Spin, Three-step turn"),
    "floss then zzzz": ("UNKNOWN_MOVE", 11, "is no move that is known"),
    "floss then -": ("UNKNOWN_MOVE", 11, "'-'"),
    '"floss then dab': ("INVALID_INPUT", 0, "the quote at character 1 has no end"),
    " then ".join(["dab"] * 13): ("INVALID_INPUT", -1, "at most 12 steps"),
}  # fmt: skip


@pytest.mark.parametrize(("text", "want"), WRONG.items(), ids=WRONG)
def test_an_error_points_at_the_place(text: str, want: tuple[str, int, str]) -> None:
    with pytest.raises(DanceError) as caught:
        read(text, NAMES)
    assert (caught.value.code, caught.value.details.get("at", -1)) == want[:2]
    assert want[2] in caught.value.message


WORDS = [
    "floss",
    "dab",
    "then",
    "within",
    "8",
    "4s",
    "counts",
    "no",
    "or",
    "between",
    ",",
    "(",
    ")",
    "mirrored",
    '"',
    "x",
]


@given(st.one_of(st.text(max_size=60), st.lists(st.sampled_from(WORDS), max_size=12).map(" ".join)))
def test_whatever_is_written_is_read_or_refused_at_a_place(text: str) -> None:
    try:
        pattern = read(text, NAMES)
    except DanceError as refused:
        pattern, error = None, refused
    if pattern is None:
        assert error.code in ("INVALID_INPUT", "UNKNOWN_MOVE")
        assert 0 <= error.details["at"] <= len(text)
    else:
        assert len(pattern.links) == len(pattern.steps) - 1
