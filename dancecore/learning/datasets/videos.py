"""Labelled videos: a table of whole clips, or annotations of one video in the style of StreamPoseML."""

import csv
import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from dancecore.errors import DanceError
from dancecore.learning.datasets.entries import Label
from dancecore.media import probe
from dancecore.settings import MediaSettings


@dataclass(frozen=True, slots=True)
class LabelledVideo:
    """A video with its labels, which may overlap; its poses are still to be estimated. `creator`: see `Entry`."""

    path: Path
    creator: str
    labels: tuple[Label, ...]


def read_table(table: Path, media: MediaSettings) -> list[LabelledVideo]:
    """Videos of a CSV with the columns path and move (and creator), each danced from its beginning to its end.

    Paths are taken from the table's folder or one above it. Without creators every clip is its own. Raises
    DanceError: INVALID_INPUT for another table, FILE_NOT_FOUND for a video that is not there, or what `probe` raises.
    """
    try:
        with table.open(encoding="utf-8", newline="") as opened:
            rows = list(csv.DictReader(opened))
    except (UnicodeDecodeError, csv.Error) as error:
        raise DanceError("INVALID_INPUT", f"{table} is no table in UTF-8: {error}") from error
    if not rows or not all(row.get("path") and row.get("move") for row in rows):
        raise DanceError("INVALID_INPUT", f"{table}: want columns path and move, filled in every row")
    videos = []
    for row in rows:
        path = _beside(table, row["path"])
        label = Label(0, probe(path, media).duration_ms, row["move"], None)
        videos.append(LabelledVideo(path, row.get("creator") or path.stem, (label,)))
    return videos


def read_annotations(annotations: Path, video: Path) -> LabelledVideo:
    """A video and its frame labels: {annotations: [{label, metadata: {system: {startTime, endTime}}}]}, in seconds.

    Raises DanceError("INVALID_INPUT") for any other file.
    """
    try:
        raw = json.loads(annotations.read_text(encoding="utf-8"))
        labels = tuple(sorted(map(_label, raw["annotations"]), key=lambda label: (label.start_ms, label.end_ms)))
    except (ValueError, KeyError, TypeError) as error:
        raise DanceError("INVALID_INPUT", f"{annotations}: not annotations of a video: {error!r}") from error
    return LabelledVideo(video, video.stem, labels)


def _label(raw: dict[str, Any]) -> Label:
    system = raw["metadata"]["system"]
    return Label(round(1000 * system["startTime"]), round(1000 * system["endTime"]), raw["label"], None)


def _beside(table: Path, name: str) -> Path:
    plain = not Path(name).is_absolute() and ".." not in Path(name).parts
    for folder in table.resolve().parents if plain else ():
        if (folder / name).is_file():
            return folder / name
    raise DanceError("FILE_NOT_FOUND", f"{table.name} names {name}, which is not there")
