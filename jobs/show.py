"""What the command line shows: the move index, and one clip with its moves, as text, JSON, CSV or a picture."""

import csv
import json
import sys
from dataclasses import asdict, fields
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

from rich import box
from rich.console import Console
from rich.table import Table

from cluster.ids import video_id
from cluster.move_index import ClipSegments, MoveUse, StoredSegment
from cluster.moves import CatalogueMove
from cluster.settings import settings
from dancecore.decoding.decode import band
from dancecore.errors import DanceError
from dancecore.media import sha256_of
from dancecore.types import OTHER
from jobs.source import Local, source

if TYPE_CHECKING:
    from jobs.remote import Service

STYLE = {"high": "green", "medium": "yellow", "low": "red"}
"""Colours of the words for a confidence."""

WORTH_SAYING = 0.005
"""An alternative less likely would be printed as 0%."""

LINE = 72
"""Characters of the text timeline: fits a terminal of 80."""


def print_index(rows: list[MoveUse], form: str = "table", *, narrowed: bool = False) -> None:
    """Print the move index as a "table", "json" or "csv". `narrowed`: it is not the whole index."""
    names = [field.name for field in fields(MoveUse)]
    plain = [{name: _plain(getattr(row, name)) for name in names} for row in rows]
    if form == "json":
        print(json.dumps(plain, indent=2))
    elif form == "csv":
        writer = csv.DictWriter(sys.stdout, names, lineterminator="\n")
        writer.writeheader()
        writer.writerows(plain)
    else:
        _print_table(rows, narrowed=narrowed)


def print_moves(found: list[tuple[CatalogueMove, float]], as_json: bool) -> None:
    """Print moves and how much each is called like what was asked for."""
    if as_json:
        print(json.dumps([{"move": asdict(move), "likeness": likeness} for move, likeness in found], indent=2))
        return
    if not found:
        print("no move is called like this")
        return
    table = Table(box=box.SIMPLE_HEAD, pad_edge=False, padding=(0, 1, 0, 0))
    for name in ("move", "family", "difficulty", "aliases", "likeness"):
        table.add_column(name, justify="right" if name in ("difficulty", "likeness") else "left")
    for move, likeness in found:
        table.add_row(move.name, move.family, str(move.difficulty), ", ".join(move.aliases), f"{likeness:.0%}")
    Console().print(table)


def show_clip(clip: str, png: Path | None, as_json: bool) -> None:
    """Print the moves of a clip and draw them to `png`. `clip` is an id, a file name, or the path of the file itself.

    Raises DanceError("NOT_FOUND") when it is not stored, or when there is nothing to draw.
    """
    asked = source()
    found = _stored_file(Path(clip), asked) if Path(clip).is_file() else asked.clip(clip)
    if png and not found.segments:
        raise DanceError("NOT_FOUND", f"{found.filename} has no moves to draw{_because(found)}")
    if as_json:
        print(json.dumps(asdict(found), indent=2))
    else:
        _print_clip(found, asked.names(), Console())
    if png:
        from jobs.picture import draw

        draw(found, png)
        print(f"drawn to {png}", file=sys.stderr)


def _stored_file(path: Path, asked: "Local | Service") -> ClipSegments:
    try:
        return asked.clip(video_id(sha256_of(path)))
    except DanceError as error:
        if error.code == "NOT_FOUND":
            raise DanceError("NOT_FOUND", f"{path} is not indexed: danceapp index {path}") from error
        raise


def _print_table(rows: list[MoveUse], narrowed: bool) -> None:
    if not rows:
        print("no moves of this family, or since this day" if narrowed else "no moves yet: danceapp index FOLDER")
        return
    table = Table(title="The move index, most used first", box=box.SIMPLE_HEAD, pad_edge=False, padding=(0, 1, 0, 0))
    for name in ("rank", "move", "family", "uses", "clips", "share", "seconds", "first seen", "trend"):
        table.add_column(name, justify="left" if name in ("move", "family", "first seen") else "right", no_wrap=True)
    for row in rows:
        trend = "" if row.trend is None else f"{row.trend:+.1%}"
        table.add_row(
            str(row.rank), row.name, row.family, str(row.uses), str(row.clips), f"{row.share:.1%}",
            f"{row.total_ms / 1000:.1f}", f"{row.first_seen:%Y-%m-%d}", trend,
        )  # fmt: skip
    Console().print(table)


def _print_clip(found: ClipSegments, names: dict[str, str], console: Console) -> None:
    length = f"{found.duration_ms / 1000:.1f} s" if found.duration_ms else "length unknown"
    console.print(
        f"{found.filename}  {found.video_id}  {length}  {found.state or 'not analysed'}{_because(found)}",
        highlight=False,
    )
    if not found.segments:
        return
    table = Table(box=box.SIMPLE_HEAD, pad_edge=False, padding=(0, 1, 0, 0))
    for name in ("#", "from", "to", "move", "side", "confidence", "or else"):
        table.add_column(name, no_wrap=name != "or else")
    for number, segment in enumerate(found.segments, 1):
        table.add_row(*_cells(number, segment, names))
    console.print(table)
    console.print(timeline(found), markup=False, highlight=False, soft_wrap=True)


def _because(found: ClipSegments) -> str:
    return f" ({found.reason})" if found.reason else ""


def _cells(number: int, segment: StoredSegment, names: dict[str, str]) -> tuple[str, ...]:
    word = band(segment.confidence, settings().decoding)
    likely = [(move, share) for move, share in segment.alternatives[:3] if share >= WORTH_SAYING]
    others = ", ".join(f"{names[move]} {share:.0%}" for move, share in likely)
    return (
        str(number), f"{segment.start_ms / 1000:.2f}", f"{segment.end_ms / 1000:.2f}", segment.name,
        "mirrored" if segment.mirror else "", f"[{STYLE[word]}]{segment.confidence:.0%} {word}[/]", others,
    )  # fmt: skip


def timeline(found: ClipSegments) -> str:
    """One line for the clip, the numbers of its segments where they are, dots for other, spaces between."""
    end_ms = max(found.duration_ms or 0, found.segments[-1].end_ms)
    line = [" "] * LINE
    for number, segment in enumerate(found.segments, 1):
        first, last = (ms * LINE // end_ms for ms in (segment.start_ms, segment.end_ms))
        mark = "." if segment.move_id == OTHER else "="
        room = max(1, last - first)
        line[first : first + room] = f"{number}".ljust(room, mark)[:room]
    return f"|{''.join(line[:LINE])}|  0 .. {end_ms / 1000:.1f} s"


def _plain(value: Any) -> Any:
    return value.isoformat() if isinstance(value, datetime) else value
