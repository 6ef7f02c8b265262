"""Dances written by naming moves and by wishes: what the command line and the service ask for."""

from collections.abc import Sequence
from dataclasses import asdict, replace

from dancecore.composer.book import Book
from dancecore.composer.composition import Composition
from dancecore.composer.editing import go_on, regenerate, swap
from dancecore.composer.names import Names
from dancecore.composer.parsing import Parsed, parse
from dancecore.composer.planning import Plan
from dancecore.composer.settings import ComposerSettings
from dancecore.composer.steps import Step
from dancecore.composer.suggesting import Suggestion, suggest
from dancecore.composer.wish import Wish
from dancecore.errors import DanceError


class Writer:
    """Writes dances of the moves of a book, which may be called by any of their names.

    Every method raises DanceError("UNKNOWN_MOVE") for a name that no move has, or that could mean several.
    """

    def __init__(self, book: Book, settings: ComposerSettings) -> None:
        self.book, self.settings = book, settings
        self.names = {move.move_id: move.name for move in book.moves}
        self._known = Names(book.moves)

    def named(self, names: Sequence[str]) -> tuple[str, ...]:
        """The ids of moves by their names."""
        return tuple(self._named(name) for name in names)

    def read(self, text: str) -> Parsed:
        """The steps of a text, or the questions it leaves. Raises DanceError as `parse` does."""
        return parse(text, self.book.profiles)

    def understood(self, text: str) -> Parsed:
        """The steps of a text. Raises DanceError("UNKNOWN_MOVE") with what must be asked."""
        parsed = self.read(text)
        if parsed.questions:
            asked = "; ".join(f"{q.text!r}: {q.question}{_offered(q.candidates)}" for q in parsed.questions)
            raise DanceError("UNKNOWN_MOVE", asked, {"questions": [asdict(q) for q in parsed.questions]})
        return parsed

    def suggest(self, before: Sequence[Step], wish: Wish) -> list[Suggestion]:
        """What could come next. Raises DanceError as `suggesting.suggest` does."""
        return suggest(self._steps(before), self._wish(wish), self.book, self.settings)

    def plan(self, before: Sequence[Step], wish: Wish) -> Plan:
        """The dance that begins with these steps and goes on to as many bars as are wished for. Raises as `go_on`."""
        return go_on(self._steps(before), self._wish(wish), self.book, self.settings)

    def swap(self, steps: Sequence[Step], order: int, wish: Wish) -> Plan:
        """The dance with another step in place of one. Raises as `editing.swap`."""
        return swap(self._steps(steps), order, self._wish(wish), self.book, self.settings)

    def regenerate(self, steps: Sequence[Step], keep: int, wish: Wish) -> Plan:
        """The dance with all but its first steps planned anew. Raises as `editing.regenerate`."""
        return regenerate(self._steps(steps), keep, self._wish(wish), self.book, self.settings)

    def remarks(self, made: Composition) -> list[str]:
        """What there is to say of a dance that somebody would want to know before dancing it."""
        said, number = [], self.book.number
        for step in dict.fromkeys(step.move_id for step in made.steps):
            slow, fast = self.book.profiles[step].bpm
            if not slow <= made.bpm <= fast:
                said.append(f"{self.names[step]} is danced at {slow:g} to {fast:g} bpm")
        for a, b in zip(made.steps, made.steps[1:], strict=False):
            if not self.book.joins[number[a.move_id], number[b.move_id]]:
                said.append(f"from {self.names[a.move_id]} to {self.names[b.move_id]} wants a move between them")
        return said

    def _steps(self, steps: Sequence[Step]) -> list[Step]:
        return [replace(step, move_id=self._named(step.move_id)) for step in steps]

    def _wish(self, wish: Wish) -> Wish:
        first, last = (name and self._named(name) for name in (wish.first, wish.last))
        locked = tuple((start, replace(step, move_id=self._named(step.move_id))) for start, step in wish.locked)
        must, never = self.named(wish.must), self.named(wish.never)
        return replace(wish, must=must, never=never, first=first, last=last, locked=locked)

    def _named(self, name: str) -> str:
        if name in self.names:
            return name
        read = self._known.read(name)
        if read.move_id is None:
            said = f"which move is {name!r}?{_offered(read.candidates)}"
            raise DanceError("UNKNOWN_MOVE", said, {"name": name, "candidates": list(read.candidates)})
        return read.move_id


def _offered(candidates: Sequence[str]) -> str:
    return f" ({', '.join(candidates)})" if candidates else ""
