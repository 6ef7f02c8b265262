"""The deployments that write dances and make their files. Each adapts functions of dancecore, no more."""

import tempfile
from collections.abc import Sequence
from dataclasses import asdict, replace
from pathlib import Path
from typing import Any

import numpy as np
from sqlalchemy import Engine

from cluster import keys
from cluster.choreographies import INDEX, graph_version, learned
from cluster.library import TAXONOMY, pose_version
from cluster.objects import LocalObjects, S3Objects
from cluster.settings import Settings
from dancecore.composer.book import Book
from dancecore.composer.comparing import compare
from dancecore.composer.composition import Composition, from_json
from dancecore.composer.dancing import danced, warm_up
from dancecore.composer.decoder.running import chosen
from dancecore.composer.exports.making import Maker, Showing
from dancecore.composer.parsing import Parsed
from dancecore.composer.performance import of_motion, of_track
from dancecore.composer.planning import Plan
from dancecore.composer.preview import frames_json
from dancecore.composer.steps import Step
from dancecore.composer.suggesting import Suggestion
from dancecore.composer.wish import Wish
from dancecore.composer.writing import Writer
from dancecore.moves.taxonomy import Taxonomy, load_taxonomy
from dancecore.pose.packing import unpack_tracks


class Choreographer:
    """Writes dances with what was learned of the index; see serve.composing.Composing."""

    def __init__(self, pool: Engine, settings: Settings, taxonomy: Taxonomy | None = None) -> None:
        self.pool, self.settings = pool, settings
        self.taxonomy = taxonomy or load_taxonomy(TAXONOMY)
        self.version: int | None = None
        self.writers: dict[str, Writer] = {}
        self.decoder = chosen(settings.decoder.file, TAXONOMY)
        warm_up(self.taxonomy, settings.composer)
        self.reload()

    def reload(self) -> bool:
        """Take up what was learned since; whether there was anything. What is being answered goes on as it began."""
        version = graph_version(self.pool, INDEX)
        if self.writers and version == self.version:
            return False
        known = learned(self.pool, INDEX).among(self.taxonomy.moves)  # what somebody enrolled is theirs alone
        book, numbers = Book(self.taxonomy, known, self.decoder), self.settings.composer
        book.seen_after  # noqa: B018  (made now, not while somebody waits for a plan)
        self.writers = {
            name: Writer(book, replace(numbers, weights=numbers.weights | changed))
            for name, changed in self.settings.experiment.variants.items()
        }
        self.version = version
        return True

    def suggest(self, before: Sequence[Step], wish: Wish, variant: str) -> list[Suggestion]:
        return self.writers[variant].suggest(before, wish)

    def plan(self, before: Sequence[Step], wish: Wish, variant: str) -> Plan:
        return self.writers[variant].plan(before, wish)

    def swap(self, steps: Sequence[Step], order: int, wish: Wish, variant: str) -> Plan:
        return self.writers[variant].swap(steps, order, wish)

    def regenerate(self, steps: Sequence[Step], keep: int, wish: Wish, variant: str) -> Plan:
        return self.writers[variant].regenerate(steps, keep, wish)

    def parse(self, text: str) -> Parsed:
        return self._any.read(text)

    def preview(self, made: Composition) -> str:
        rate = self.settings.media.rate_hz
        dance = danced(made.steps, self.taxonomy, made.bpm, rate, self.settings.composer)
        return frames_json(made, dance.motion, self._any.names, rate)

    @property
    def _any(self) -> Writer:
        """For what no variant changes."""
        return next(iter(self.writers.values()))


class FileMaker:
    """Makes the files of compositions, and compares takes with them; see serve.composing.Exporting."""

    def __init__(self, store: LocalObjects | S3Objects, settings: Settings, taxonomy: Taxonomy | None = None) -> None:
        self.store, self.settings = store, settings
        self.taxonomy = taxonomy or load_taxonomy(TAXONOMY)
        self.names = {move.move_id: move.name for move in self.taxonomy.moves.values()}

    def export(self, key: str, name: str, written: str, how: dict[str, Any]) -> None:
        made, numbers = from_json(written), self.settings
        maker = Maker(made, self.taxonomy, self.names, numbers.media.rate_hz, numbers.composer, Showing(**how))
        with tempfile.TemporaryDirectory() as folder:
            path = Path(folder) / f"dance.{name}"
            maker.make(name, path)
            self.store.put(key, path)

    def compare(self, written: str, video: str, mirror: bool) -> dict[str, Any]:
        made, numbers = from_json(written), self.settings.composer
        dance = danced(made.steps, self.taxonomy, made.bpm, self.settings.media.rate_hz, numbers)
        track = unpack_tracks(self.store.get(keys.keypoints(video, pose_version(self.settings))))[0]
        take = of_track(track.mirrored() if mirror else track, numbers.compare_hz)
        beats = [made.seconds(beat) for beat in range(int(made.beats))]
        found = compare(of_motion(dance.motion, made.bpm, numbers.compare_hz), take, beats, numbers)
        counts = [asdict(count) | {"late_ms": _number(count.late_ms)} for count in found.counts]
        return asdict(found) | {"counts": counts}


def _number(value: float) -> float | None:
    """JSON has no NaN."""
    return value if np.isfinite(value) else None
