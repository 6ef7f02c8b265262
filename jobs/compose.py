"""Writing dances: `danceapp compose`."""

import json
import sys
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from rich import box
from rich.console import Console
from rich.table import Table

from cluster.choreographies import INDEX, corpora, counts_of
from cluster.database import engine
from cluster.library import TAXONOMY
from cluster.migrate import migrate
from cluster.settings import Settings
from dancecore.composer.book import Book
from dancecore.composer.composition import Composition, compose, from_json, to_json
from dancecore.composer.counts import Counts
from dancecore.composer.dancing import Dance, at_rate, danced
from dancecore.composer.editing import go_on, regenerate, swap
from dancecore.composer.filming import FPS, film
from dancecore.composer.names import Names
from dancecore.composer.parsing import Parsed, parse
from dancecore.composer.preview import Stage, frames_json
from dancecore.composer.scoring import Part
from dancecore.composer.steps import Step
from dancecore.composer.suggesting import Suggestion, suggest
from dancecore.composer.wish import Wish
from dancecore.errors import DanceError
from dancecore.moves.taxonomy import Taxonomy, load_taxonomy
from jobs.music import track_of

FORMATS = ("json", "csv", "pdf", "mp4", "preview.json", "bvh", "edl", "fcpxml", "vtt")


@dataclass(frozen=True, slots=True)
class Written:
    """A dance with the reasons for each step that was planned, and what there is to say of it."""

    composition: Composition
    parts: tuple[tuple[Part, ...], ...]
    remarks: tuple[str, ...]


class Composer:
    """The taxonomy, and what was learned of a corpus."""

    def __init__(self, corpus: str | None, settings: Settings) -> None:
        self.settings, self.taxonomy = settings, load_taxonomy(TAXONOMY)
        counts, self.remarks = _learned(corpus)
        self.book = Book(self.taxonomy, counts)
        self.names = {move.move_id: move.name for move in self.book.moves}

    def named(self, names: Sequence[str]) -> tuple[str, ...]:
        """The ids of moves by their names. Raises DanceError("UNKNOWN_MOVE")."""
        known, found = Names(self.book.moves), []
        for name in names:
            read = known.read(name)
            if read.move_id is None:
                raise DanceError("UNKNOWN_MOVE", f"which move is {name!r}?{_offered(read.candidates)}",
                                 {"name": name, "candidates": list(read.candidates)})  # fmt: skip
            found.append(read.move_id)
        return tuple(found)

    def read(self, text: str) -> Parsed:
        """The steps of a text. Raises DanceError("UNKNOWN_MOVE") with what must be asked."""
        parsed = parse(text, self.book.profiles)
        if parsed.questions:
            asked = "; ".join(f"{q.text!r}: {q.question}{_offered(q.candidates)}" for q in parsed.questions)
            raise DanceError("UNKNOWN_MOVE", asked, {"questions": [asdict(q) for q in parsed.questions]})
        return parsed

    def write(self, title: str, text: str, wish: Wish | None, bpm: float) -> Written:
        """The dance that a text names; with a wish it goes on from there, to as many bars as that asks for."""
        parsed = self.read(text) if text.strip() else Parsed((), (), ())
        if wish is None:
            return self._written(title, bpm, parsed.steps, (), parsed.remarks)
        made = go_on(parsed.steps, wish, self.book, self.settings.composer)
        return self._written(title, bpm, made.steps, made.parts, parsed.remarks)

    def change(self, before: Composition, order: int | None, keep: int | None, wish: Wish) -> Written:
        """A dance with one step swapped, the rest after `keep` steps planned anew, or continued to more bars."""
        book, numbers = self.book, self.settings.composer
        if order is not None:
            made = swap(before.steps, order, wish, book, numbers)
        elif keep is not None:
            made = regenerate(before.steps, keep, wish, book, numbers)
        else:
            made = go_on(before.steps, wish, book, numbers)
        return self._written(before.title, before.bpm, made.steps, made.parts, ())

    def suggestions(self, before: Sequence[Step], wish: Wish) -> list[Suggestion]:
        """What could come next."""
        return suggest(before, wish, self.book, self.settings.composer)

    def _written(
        self, title: str, bpm: float, steps: Sequence[Step], parts: Sequence[tuple[Part, ...]], remarks: Sequence[str]
    ) -> Written:
        made = compose(title, bpm, steps, self.taxonomy.semver)
        said = [*self.remarks, *remarks]
        for step in dict.fromkeys(step.move_id for step in steps):
            slow, fast = self.book.profiles[step].bpm
            if not slow <= bpm <= fast:
                said.append(f"{self.names[step]} is danced at {slow:g} to {fast:g} bpm")
        number = self.book.number
        for a, b in zip(made.steps, made.steps[1:], strict=False):
            if not self.book.joins[number[a.move_id], number[b.move_id]]:
                said.append(f"from {self.names[a.move_id]} to {self.names[b.move_id]} wants a move between them")
        if made.missing:
            said.append(f"bar {made.bars} lacks {made.missing:g} beats; --bars {made.bars} fills it")
        return Written(made, tuple(parts), tuple(said))


def _learned(corpus: str | None) -> tuple[Counts, list[str]]:
    """What was learned of a corpus; of the index, where no other is named and nothing was, nothing."""
    migrate()
    name = corpus or INDEX
    if corpus is None and name not in corpora(engine()):
        return Counts(), ["nothing was learned of people's dances yet: danceapp choreograph"]
    return counts_of(engine(), name), []


def _offered(candidates: Sequence[str]) -> str:
    return f" ({', '.join(candidates)})" if candidates else ""


def read_composition(path: Path) -> Composition:
    """The composition in a file. Raises DanceError: FILE_NOT_FOUND, INVALID_INPUT."""
    if not path.is_file():
        raise DanceError("FILE_NOT_FOUND", f"there is no {path}")
    return from_json(path.read_text(encoding="utf-8"))


def energy_of(said: str | None) -> str | tuple[float, ...]:
    """A curve by its name, or as grades: "2,5,3". Raises DanceError("INVALID_INPUT")."""
    if said is None:
        return ()
    if not said[:1].isdigit():
        return said
    try:
        return tuple(float(grade) for grade in said.split(","))
    except ValueError:
        raise DanceError("INVALID_INPUT", f"energy is a name or grades 1 to 5 such as 2,5,3, not {said!r}") from None


@dataclass(frozen=True, slots=True)
class Showing:
    """How a dance is filmed, to which music with which beats (`music.v1`), and who is thanked on its sheet."""

    speed: float = 1.0
    loops: int = 1
    mirrored: bool = False
    credits: str = ""
    track: Path | None = None
    grid: Path | None = None


def export(written: Composition, formats: Sequence[str], out: Path, composer: Composer, how: Showing) -> list[Path]:
    """Write a composition into a folder, in these formats; the paths.

    Raises DanceError("INVALID_INPUT") for a format that there is not, or a last bar that is not whole.
    """
    if unknown := [name for name in formats if name not in FORMATS]:
        raise DanceError("INVALID_INPUT", f"there is no format {', '.join(unknown)}; there is: {', '.join(FORMATS)}")
    if written.missing:
        raise DanceError(
            "INVALID_INPUT", f"only whole bars are exported, and bar {written.bars} lacks {written.missing:g} beats"
        )
    out.mkdir(parents=True, exist_ok=True)
    maker = _Maker(written, composer, how)
    paths = []
    for name in dict.fromkeys(formats):
        path = out / f"dance.{name}"
        made = maker.make(name, path)
        if isinstance(made, str):
            path.write_text(made, encoding="utf-8")
        elif made is not None:
            path.write_bytes(made)
        paths.append(path)
    return paths


class _Maker:
    """Makes the formats; the motion once, for those that show it."""

    def __init__(self, written: Composition, composer: Composer, how: Showing) -> None:
        self.written, self.composer, self.how = written, composer, how
        self._dance: Dance | None = None

    def make(self, name: str, path: Path) -> str | bytes | None:
        """A format as text or bytes; None where it is written to `path` already."""
        from dancecore.composer.exports.bvh import to_bvh
        from dancecore.composer.exports.edl import to_edl
        from dancecore.composer.exports.fcpxml import to_fcpxml
        from dancecore.composer.exports.sheet import to_pdf
        from dancecore.composer.exports.table import to_csv
        from dancecore.composer.exports.webvtt import to_webvtt

        made, names, rate = self.written, self.composer.names, self.composer.settings.media.rate_hz
        taxonomy: Taxonomy = self.composer.taxonomy
        size = (Stage().width, Stage().height)
        makers: Mapping[str, Callable[[], str | bytes | None]] = {
            "json": lambda: to_json(made), "csv": lambda: to_csv(made), "vtt": lambda: to_webvtt(made, names),
            "edl": lambda: to_edl(made, names, FPS),
            "fcpxml": lambda: to_fcpxml(made, names, FPS, "dance.mp4", size),
            "bvh": lambda: to_bvh(at_rate(self.dance.motion, made.bpm, FPS), FPS),
            "preview.json": lambda: frames_json(made, self.dance.motion, names, rate),
            "pdf": lambda: to_pdf(made, taxonomy, self.how.credits), "mp4": lambda: self._film(path),
        }  # fmt: skip
        return makers[name]()

    @property
    def dance(self) -> Dance:
        """The motion of the whole dance."""
        if self._dance is None:
            made, settings = self.written, self.composer.settings
            rate = settings.media.rate_hz
            self._dance = danced(made.steps, self.composer.taxonomy, made.bpm, rate, settings.composer)
        return self._dance

    def _film(self, path: Path) -> None:
        how = self.how
        track = None if how.track is None else track_of(how.track, how.grid, self.composer.settings)
        film(
            path, self.written, self.dance.motion, self.composer.names, stage=Stage(mirrored=how.mirrored),
            speed=how.speed, loops=how.loops, track=track, progress=_progress,
        )  # fmt: skip


def _progress(done: int, total: int) -> None:
    if done % 100 == 0 or done == total:
        print(f"\rfilming: {done / total:.0%}", end="\n" if done == total else "", file=sys.stderr, flush=True)


def print_written(written: Written, composer: Composer, as_json: bool) -> None:
    """A line for each step: where, what, how long, and why."""
    for remark in written.remarks:
        print(f"note: {remark}", file=sys.stderr)
    if as_json:
        print(to_json(written.composition), end="")
        return
    made = written.composition
    table = Table(
        title=f"{made.title}: {made.bpm:g} bpm, {made.beats:g} beats in {made.bars} bars", box=box.SIMPLE_HEAD,
        pad_edge=False, padding=(0, 1, 0, 0),
    )  # fmt: skip
    for column in ("#", "bar", "count", "move", "beats", "side", "why"):
        table.add_column(column, no_wrap=column != "why")
    for order, (step, start) in enumerate(zip(made.steps, made.starts, strict=True)):
        why = "; ".join(part.reason for part in written.parts[order][:4]) if written.parts else ""
        place = str(int(start // 4) + 1), f"{start % 4 + 1:g}"
        side = "mirror" if step.mirror else ""
        table.add_row(str(order), *place, composer.names[step.move_id], f"{step.beats:g}", side, why)
    Console(width=max(Console().width, 100)).print(table)


def print_suggestions(found: Sequence[Suggestion], as_json: bool) -> None:
    """Each step that could come next, with its score and the parts that it is the sum of."""
    if as_json:
        print(json.dumps([_said(each) for each in found], indent=2))
        return
    for each in found:
        reasons = "; ".join(f"{part.value:+.2f} {part.reason}" for part in each.parts)
        side = " (mirror)" if each.step.mirror else ""
        print(f"{each.score:5.2f}  {each.name} {each.step.beats:g}{side}: {reasons}")


def _said(each: Suggestion) -> dict[str, Any]:
    step = each.step
    reasons = [asdict(part) for part in each.parts]
    return {
        "move_id": step.move_id,
        "beats": step.beats,
        "mirror": step.mirror,
        "score": each.score,
        "reasons": reasons,
    }
