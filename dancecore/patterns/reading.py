"""Patterns as people write them: "mv_a then mv_b (mirrored) within 8 counts, no mv_c or mv_d between".

    pattern   = step { "then" step { [","] condition } }
    step      = name [ "(" ( "mirrored" | "straight" ) ")" ]
    condition = "within" number unit | ( "no" | "without" ) step { "or" step } [ "between" ]
    unit      = "counts" | "beats" | "bars" | "s" | "ms"

A condition is of the step before it and the one before that. Names may be ids, aliases, and have typing errors; one
that holds a word of the grammar stands in quotes.
"""

import re
from collections.abc import Collection
from dataclasses import dataclass
from typing import Literal

from dancecore.composer.names import Names, plain
from dancecore.errors import DanceError

MOST_STEPS = 12
"""Of a pattern: longer than any phrase that is danced twice alike."""

LONGEST = 1000.0
"""Of "within", in its unit: more than the longest clip has of any but ms."""

WORD = re.compile(r"""\s*(?:(?P<quoted>"[^"]*")|(?P<mark>[(),])|(?P<word>[^\s(),"]+))""")
KEYWORDS = frozenset({"then", "within", "no", "without", "or", "between"})
SIDES = {"mirror": True, "mirrored": True, "straight": False}
UNITS: dict[str, tuple[Literal["beats", "ms"], float]] = {
    **dict.fromkeys(("count", "counts", "beat", "beats"), ("beats", 1.0)),
    **dict.fromkeys(("bar", "bars"), ("beats", 4.0)),
    **dict.fromkeys(("s", "second", "seconds"), ("ms", 1000.0)),
    "ms": ("ms", 1.0),
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Step:
    """A move, danced mirrored, straight, or (None) either way."""

    move_id: str
    mirror: bool | None = None


@dataclass(frozen=True, slots=True)
class Link:
    """What lies between two steps, from where the first ends to where the second begins: at most so many beats of the
    clip's own music, at most so many ms, and nothing of `without`."""

    beats: float | None = None
    ms: float | None = None
    without: tuple[Step, ...] = ()


@dataclass(frozen=True, slots=True)
class Pattern:
    """Steps in order, and the len(steps) - 1 links between them. `remarks`: what was read other than it was written."""

    steps: tuple[Step, ...]
    links: tuple[Link, ...]
    remarks: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class _Token:
    """A word, a quoted name or a mark of the text, and where it begins."""

    text: str
    at: int
    quoted: bool = False

    @property
    def key(self) -> str:
        return "" if self.quoted else self.text.lower()


def read(text: str, names: Names, sideless: Collection[str] = ()) -> Pattern:
    """The pattern that a text says. `sideless`: moves whose mirror image is the same dance; their sides are not asked.

    Raises DanceError: INVALID_INPUT where it is none, UNKNOWN_MOVE for a name that is no move or could be several;
    `details` tell at which character, what was found there, and what could stand there instead.
    """
    return _Reader(text, names, sideless).pattern()


class _Reader:
    """Goes through the tokens of a text once."""

    def __init__(self, text: str, names: Names, sideless: Collection[str]) -> None:
        self.text, self.names, self.sideless, self.place = text, names, sideless, 0
        self.tokens, self.remarks = _tokens(text), dict[str, None]()

    def pattern(self) -> Pattern:
        steps, links = [self._step()], []
        while self.place < len(self.tokens):
            self._want("then")
            steps.append(self._step())
            links.append(self._link())
        if len(steps) > MOST_STEPS:
            raise DanceError("INVALID_INPUT", f"a pattern has at most {MOST_STEPS} steps, not {len(steps)}")
        return Pattern(tuple(steps), tuple(links), tuple(self.remarks))

    def _link(self) -> Link:
        beats, ms, without = None, None, list[Step]()
        while self._key() in (",", "within", "no", "without"):
            if self._take(","):
                self._want("within", "no", "without", ahead=True)
            if self._take("within"):
                measure, most = self._distance()
                beats, ms = (most, ms) if measure == "beats" else (beats, most)
            else:
                self._want("no", "without")
                without.append(self._step())
                while self._take("or"):
                    without.append(self._step())
                self._take("between")
        return Link(beats, ms, tuple(without))

    def _distance(self) -> tuple[Literal["beats", "ms"], float]:
        said = self._next("a number, such as 8")
        number = re.fullmatch(r"(\d{1,6}(?:\.\d{1,3})?)([a-z]*)", said.key)
        if number is None:
            raise self._wrong(said, ["a number, such as 8"])
        unit = number[2] or self._next(*UNITS).key
        if unit not in UNITS:
            raise self._wrong(self.tokens[self.place - 1], ["counts", "beats", "bars", "s", "ms"])
        measure, size = UNITS[unit]
        if float(number[1]) > LONGEST and unit != "ms":
            raise self._wrong(said, [f"a number up to {LONGEST:g}"])
        return measure, float(number[1]) * size

    def _step(self) -> Step:
        first = self._next("the name of a move")
        if not first.quoted and (first.key in KEYWORDS or first.text in "(),"):
            raise self._wrong(first, ["the name of a move"])
        words = [first.text]
        while not first.quoted and self.place < len(self.tokens) and self._is_name():
            words.append(self._next().text)
        move, side = self._move(" ".join(words), first), self._side()
        if side is not None and move in self.sideless:
            self.remarks[f"{move} is its own mirror image"] = None
            side = None
        return Step(move, side)

    def _is_name(self) -> bool:
        token = self.tokens[self.place]
        return not token.quoted and token.key not in KEYWORDS and token.text not in "(),"

    def _side(self) -> bool | None:
        if not self._take("("):
            return None
        side = self._next(*SIDES)
        if side.key not in SIDES:
            raise self._wrong(side, ["mirrored", "straight"])
        self._want(")")
        return SIDES[side.key]

    def _move(self, name: str, token: _Token) -> str:
        found = self.names.read(name) if plain(name) else None
        if found is None or found.move_id is None:
            could = list(found.candidates) if found else []
            said = f"could be {', '.join(could)}" if could else "is no move that is known, nor like one"
            details = {"at": token.at, "found": name, "expected": could}
            raise DanceError("UNKNOWN_MOVE", f"{name!r}, at character {token.at + 1}, {said}", details)
        if found.guessed:
            self.remarks[f"{name!r} was read as {found.move_id}"] = None
        return found.move_id

    def _key(self) -> str:
        return self.tokens[self.place].key if self.place < len(self.tokens) else ""

    def _take(self, key: str) -> bool:
        taken = self._key() == key
        self.place += taken
        return taken

    def _want(self, *keys: str, ahead: bool = False) -> None:
        """Go past one of these; `ahead`: only see that it is there."""
        if self._next(*keys).key not in keys:
            raise self._wrong(self.tokens[self.place - 1], list(keys))
        self.place -= ahead

    def _next(self, *expected: str) -> _Token:
        if self.place == len(self.tokens):
            raise self._wrong(_Token("", len(self.text.rstrip())), list(expected))
        self.place += 1
        return self.tokens[self.place - 1]

    def _wrong(self, token: _Token, expected: list[str]) -> DanceError:
        found = repr(token.text) if token.text else "the end"
        said = f"at character {token.at + 1} {' or '.join(dict.fromkeys(expected))} is expected, not {found}"
        return DanceError("INVALID_INPUT", said, {"at": token.at, "found": token.text, "expected": expected})


def _tokens(text: str) -> list[_Token]:
    tokens, place = list[_Token](), 0
    while text[place:].strip():
        found = WORD.match(text, place)
        if found is None:
            at = len(text) - len(text[place:].lstrip())
            raise DanceError("INVALID_INPUT", f"the quote at character {at + 1} has no end", {"at": at, "found": '"'})
        kind = str(found.lastgroup)
        tokens.append(_Token(found[kind].strip('"'), found.start(kind), kind == "quoted"))
        place = found.end()
    return tokens
