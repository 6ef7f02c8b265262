"""Changing a dance: only what was asked for changes, and the rest still joins."""

from itertools import pairwise

import pytest

from dancecore.composer.book import Book
from dancecore.composer.editing import go_on, regenerate, swap
from dancecore.composer.planning import plan
from dancecore.composer.settings import ComposerSettings
from dancecore.composer.steps import Step
from dancecore.composer.wish import Wish
from dancecore.errors import DanceError

WISH = Wish(8, 104)


@pytest.fixture(scope="module")
def steps(book: Book, numbers: ComposerSettings) -> tuple[Step, ...]:
    return plan(WISH, book, numbers).steps


def joined(steps: tuple[Step, ...], book: Book) -> bool:
    return all(
        a.move_id != b.move_id and book.joins[book.number[a.move_id], book.number[b.move_id]]
        for a, b in pairwise(steps)
    )


def test_a_swap_changes_one_step(steps: tuple[Step, ...], book: Book, numbers: ComposerSettings) -> None:
    for order in range(len(steps)):
        made = swap(steps, order, WISH, book, numbers).steps
        after = len(steps) - order - 1
        assert made[:order] == steps[:order]
        assert made[len(made) - after :] == steps[order + 1 :]
        assert sum(step.beats for step in made) == 32
        assert made[order].move_id != steps[order].move_id
        assert joined(made, book)


def test_the_rest_is_planned_anew(steps: tuple[Step, ...], book: Book, numbers: ComposerSettings) -> None:
    drawn = [regenerate(steps, 3, Wish(8, 104, seed=seed), book, numbers).steps for seed in (1, 2)]
    assert all(made[:3] == steps[:3] and joined(made, book) for made in drawn)
    assert drawn[0] != drawn[1]
    assert regenerate(steps, len(steps), WISH, book, numbers).steps == steps


def test_a_dance_goes_on(steps: tuple[Step, ...], book: Book, numbers: ComposerSettings) -> None:
    made = go_on(steps, Wish(12, 104, last="mv_dab"), book, numbers).steps
    assert made[: len(steps)] == steps
    assert sum(step.beats for step in made) == 48
    assert made[-1].move_id == "mv_dab"
    ragged = go_on([Step("mv_floss", 2)], Wish(2, 104), book, numbers).steps
    assert (ragged[0].beats, ragged[1].beats) == (2, 2), "the bar is filled first"


def test_what_cannot_be_changed_is_refused(steps: tuple[Step, ...], book: Book, numbers: ComposerSettings) -> None:
    with pytest.raises(DanceError, match="INVALID_INPUT: the steps are numbered"):
        swap(steps, len(steps), WISH, book, numbers)
    with pytest.raises(DanceError, match="INVALID_INPUT: there are"):
        regenerate(steps, -1, WISH, book, numbers)
    with pytest.raises(DanceError, match="INVALID_INPUT: the steps fill 8 bars"):
        go_on(steps, Wish(7, 104), book, numbers)
