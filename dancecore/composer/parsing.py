"""Dances typed as people say them: "two-step x4, body roll, dab (mirror), floss 4"."""

import re
from collections.abc import Mapping
from dataclasses import dataclass

from dancecore.composer.names import Names, plain
from dancecore.composer.profiles import Profile
from dancecore.composer.steps import LONGEST_BEATS, Step
from dancecore.errors import DanceError

MOST_STEPS = 1000
"""Of a text: repeats of repeats grow quickly."""

SEPARATORS = re.compile(r"\s*(?:[,;\n|]|->|→|\bthen\b|(?<=\s)\+(?=\s))\s*", re.IGNORECASE)
TIMES = re.compile(
    r"^(?:(\d+)\s*[x×*]\s+|[x×*]\s*(\d+)\s+)|(?:\s+|(?<=\)))[x×*]\s*(\d+)$|\s+(\d+)\s*[x×*]$", re.IGNORECASE
)
UNIT = r"(beats?|counts?|bars?|b)?"
SPAN = re.compile(
    rf"[\s:]+(?:for\s+)?(\d+(?:\.\d+)?|half an?)\s*{UNIT}$|\s*\((\d+(?:\.\d+)?)\s*{UNIT}\)$", re.IGNORECASE
)
SIDE = re.compile(r"(?:\s*[(\[]\s*|\s+)(mirror(?:ed)?|other side|flip(?:ped)?)\s*[)\]]?$", re.IGNORECASE)
GROUP = re.compile(r"\(([^()]*[,;\n|][^()]*)\)")
"""Parentheses about several steps."""


@dataclass(frozen=True, slots=True)
class Question:
    """Something in a text that could mean several things, or nothing known: where it is, why it is asked, and what to
    write instead."""

    text: str
    question: str
    candidates: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Parsed:
    """The steps of a text. `remarks`: what was read other than it was written. With `questions` it is not understood,
    and there are no steps."""

    steps: tuple[Step, ...]
    remarks: tuple[str, ...]
    questions: tuple[Question, ...]


@dataclass(frozen=True, slots=True)
class _Item:
    """One item of a text: a name with how often, for how long and to which side."""

    text: str
    name: str
    times: int
    beats: float | None
    mirror: bool


def parse(text: str, moves: Mapping[str, Profile]) -> Parsed:
    """The steps that a text names, one for each time; without a length a move is danced for one phrase.

    Items are parted by commas, semicolons, lines, arrows or "then". Each is a name or an alias, with how often
    ("x4", "4x"), how many beats ("4", "for 8 counts", "2 bars") and "(mirror)" if it likes; "(a, b) x2" repeats both.
    What a name means is asked back unless it is clear; so is a length that would cut a move.
    Raises DanceError("INVALID_INPUT") for a text without steps, or with too many.
    """
    names, steps, remarks, questions = Names(moves.values()), list[Step](), dict[str, None](), dict[Question, None]()
    for item in _items(text):
        read = names.read(item.name)
        if read.move_id is None:
            asked = "which move is this?" if read.candidates else "there is no move of this name, nor one like it"
            questions[Question(item.text, asked, read.candidates)] = None
            continue
        move = moves[read.move_id]
        if read.guessed:
            remarks[f"{item.name!r} was read as {move.name}"] = None
        beats = move.phrase if item.beats is None else item.beats
        if beats % move.phrase or (not move.loopable and beats != move.phrase):
            questions[_cut(item, move, beats)] = None
            continue
        if item.mirror and not move.mirrorable:
            remarks[f"{move.name} is its own mirror image"] = None
        steps += [Step(move.move_id, beats, item.mirror and move.mirrorable)] * item.times
    if questions:
        return Parsed((), tuple(remarks), tuple(questions))
    return Parsed(tuple(steps), tuple(remarks), ())


def _items(text: str) -> list[_Item]:
    whole = _unfolded(text)
    items = [_item(part) for part in SEPARATORS.split(whole) if part.strip()]
    if not items:
        raise DanceError("INVALID_INPUT", 'name some moves, such as "two-step x4, body roll, dab (mirror), floss 4"')
    if sum(item.times for item in items) > MOST_STEPS:
        raise DanceError("INVALID_INPUT", f"this is more than {MOST_STEPS} steps")
    return items


def _unfolded(text: str) -> str:
    """The text with repeated groups written out."""
    while found := GROUP.search(text):
        before, after = text[: found.start()], text[found.end() :]
        times = re.match(r"\s*(?:[x×*]\s*(\d+)|(\d+)\s*[x×*])", after, re.IGNORECASE)
        ahead = re.search(r"(\d+)\s*[x×*]\s*$", before, re.IGNORECASE)
        number = int(times[1] or times[2]) if times else int(ahead[1]) if ahead else 1
        if not 1 <= number <= MOST_STEPS or number * len(found[1]) > 100 * MOST_STEPS:
            raise DanceError("INVALID_INPUT", f"a group is repeated 1 to {MOST_STEPS} times, not {number}")
        before = before[: ahead.start()] if ahead and not times else before
        text = before + ", ".join([found[1]] * number) + (after[times.end() :] if times else after)
    return text


def _item(text: str) -> _Item:
    """An item taken apart from its end, marks in any order."""
    name, times, beats, mirror = text.strip(), 1, None, False
    while True:
        if found := SIDE.search(name):
            mirror = True
        elif found := TIMES.search(name):
            times *= int(next(filter(None, found.groups())))
        elif beats is None and (found := SPAN.search(name)):
            beats = _beats(found[1] or found[3], (found[2] or found[4] or "").lower())
        else:
            break
        name = f"{name[: found.start()]} {name[found.end() :]}".strip()
    if not plain(name):
        raise DanceError("INVALID_INPUT", f"{text.strip()!r} names no move")
    if not 1 <= times <= MOST_STEPS or (beats is not None and not 0 < beats <= LONGEST_BEATS):
        raise DanceError("INVALID_INPUT", f"{text.strip()!r}: a move is danced 1 to {MOST_STEPS} times, for some beats")
    return _Item(text.strip(), name, times, beats, mirror)


def _beats(number: str, unit: str) -> float:
    if number.lower().startswith("half"):
        return 2.0 if unit.startswith("bar") else 0.5
    return float(number) * (4 if unit.startswith("bar") else 1)


def _cut(item: _Item, move: Profile, beats: float) -> Question:
    """The question about a length that no whole number of phrases has."""
    if not move.loopable:
        return Question(
            item.text, f"{move.name} lasts {move.phrase:g} beats, not {beats:g}", (f"{move.name} {move.phrase:g}",)
        )
    less = beats // move.phrase * move.phrase
    near = [length for length in (less, less + move.phrase) if length]
    asked = f"{move.name} has phrases of {move.phrase:g} beats: {beats:g} would cut it"
    return Question(item.text, asked, tuple(f"{move.name} {length:g}" for length in near))
