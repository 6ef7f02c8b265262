"""Writing dances: `danceapp compose`."""

import json
import sys
from collections.abc import Sequence
from dataclasses import asdict, dataclass, replace
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
from dancecore.composer.decoder.running import chosen
from dancecore.composer.exports.making import FORMATS, Maker, Showing, checked
from dancecore.composer.parsing import Parsed
from dancecore.composer.planning import Plan
from dancecore.composer.scoring import Part
from dancecore.composer.suggesting import Suggestion
from dancecore.composer.wish import Wish
from dancecore.composer.writing import Writer
from dancecore.errors import DanceError
from dancecore.moves.taxonomy import load_taxonomy
from jobs.music import track_of


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
        self.writer = Writer(Book(self.taxonomy, counts, chosen(settings.decoder.file, TAXONOMY)), settings.composer)
        self.names = self.writer.names

    def write(self, title: str, text: str, wish: Wish, bars: int | None) -> Written:
        """The dance that a text names, going on to as many bars as were asked for; without a text a plan."""
        parsed = self.writer.understood(text) if text.strip() else Parsed((), (), ())
        planned = self.writer.plan(parsed.steps, wish) if bars or not text.strip() else Plan(parsed.steps, 0.0, ())
        return self._written(title, wish.bpm, planned, parsed.remarks)

    def change(self, before: Composition, order: int | None, keep: int | None, wish: Wish) -> Written:
        """A dance with one step swapped, the rest after `keep` steps planned anew, or continued to more bars."""
        if order is not None:
            made = self.writer.swap(before.steps, order, wish)
        elif keep is not None:
            made = self.writer.regenerate(before.steps, keep, wish)
        else:
            made = self.writer.plan(before.steps, wish)
        return self._written(before.title, before.bpm, made, ())

    def suggest(self, text: str, before: Composition | None, wish: Wish) -> list[Suggestion]:
        """What could come next, after what a text names or else a dance."""
        steps = self.writer.understood(text).steps if text.strip() else before.steps if before else ()
        return self.writer.suggest(steps, wish)

    def _written(self, title: str, bpm: float, plan: Plan, remarks: Sequence[str]) -> Written:
        made = compose(title, bpm, plan.steps, self.taxonomy.semver)
        said = [*self.remarks, *remarks, *self.writer.remarks(made)]
        if made.missing:
            said.append(f"bar {made.bars} lacks {made.missing:g} beats; --bars {made.bars} fills it")
        return Written(made, plan.parts, tuple(said))


def _learned(corpus: str | None) -> tuple[Counts, list[str]]:
    """What was learned of a corpus; of the index, where no other is named and nothing was, nothing."""
    migrate()
    name = corpus or INDEX
    if corpus is None and name not in corpora(engine()):
        return Counts(), ["nothing was learned of people's dances yet: danceapp choreograph"]
    return counts_of(engine(), name), []


def read_composition(path: Path | None) -> Composition | None:
    """The composition in a file, if there is one. Raises DanceError: FILE_NOT_FOUND, INVALID_INPUT."""
    if path is None:
        return None
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
class Music:
    """To what a film is danced instead of clicks: a file, and its beats (`music.v1`) where they are not to be heard."""

    track: Path | None
    grid: Path | None


def export(written: Composition, formats: str, out: Path, composer: Composer, how: Showing, music: Music) -> list[Path]:
    """Write a composition into a folder, in these formats (by commas; all of them where none is named); the paths.

    Raises DanceError as `making.checked` and `track_of` do.
    """
    names = checked(written, [name.strip() for name in formats.split(",") if name.strip()] or list(FORMATS))
    if music.track is not None and {"mp4", "body.mp4"} & set(names):
        how = replace(how, track=track_of(music.track, music.grid, composer.settings))
    out.mkdir(parents=True, exist_ok=True)
    settings = composer.settings
    maker = Maker(written, composer.taxonomy, composer.names, settings.media.rate_hz, settings.composer, how, _progress)
    paths = [out / f"dance.{name}" for name in names]
    for name, path in zip(names, paths, strict=True):
        maker.make(name, path)
    return paths


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
