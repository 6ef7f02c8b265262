"""The dances of the index: what was found in analysed clips, as the composer learns it."""

import hashlib
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import groupby
from typing import Any

from sqlalchemy import Engine, any_, literal, select
from sqlalchemy.dialects.postgresql import ARRAY, TEXT

from cluster.artifacts import unpack_beats
from cluster.choreographies import INDEX, Learned, learn, mark_of, marks
from cluster.database import transact
from cluster.objects import Objects
from cluster.steps import stored_beats
from cluster.tables import analysis_jobs, segments, videos
from dancecore.composer.counts import Counts
from dancecore.composer.found import steps_of
from dancecore.composer.profiles import Profile, profiles, twins
from dancecore.composer.steps import Choreography
from dancecore.errors import DanceError
from dancecore.moves.taxonomy import Taxonomy
from dancecore.types import MS, OTHER, BeatGrid, Segment


@dataclass(frozen=True, slots=True)
class _Danced:
    """What is stored of a clip that was analysed."""

    video: str
    model: str
    mark: str
    segments: tuple[Segment, ...]


def learn_index(
    pool: Engine, store: Objects, gap_ms: int, twins: Mapping[str, str], profiles: Mapping[str, Profile],
    only: Collection[str] | None = None,
) -> Learned:  # fmt: skip
    """Bring the corpus INDEX up to date: clips that are new or were analysed anew are counted, deleted ones taken out.

    Clips that are as they were are not touched; with `only`, no others than these are looked at.
    Raises DanceError: DATABASE_UNAVAILABLE, OBJECTS_UNAVAILABLE.
    """
    clips = _clips(pool, f"{gap_ms} {sorted(twins.items())}", only)
    known = marks(pool, INDEX, only)
    fresh = [
        (clip.mark, steps_of(clip.video, clip.segments, _grid(store, clip), gap_ms).merged(twins))
        for clip in clips
        if known.get(clip.video) != clip.mark
    ]
    return learn(pool, INDEX, fresh, known.keys() - {clip.video for clip in clips}, profiles)


def keep_up(pool: Engine, store: Objects, taxonomy: Taxonomy, gap_ms: int, only: Collection[str]) -> Learned:
    """`learn_index` of these clips alone, with what the taxonomy tells of moves."""
    pairs, lent = twins(taxonomy.moves.values()), profiles(taxonomy, Counts())
    return learn_index(pool, store, gap_ms, pairs, lent, only)


def _clips(pool: Engine, made_with: str, only: Collection[str] | None) -> list[_Danced]:
    found = segments.c
    query = (
        select(found.video, analysis_jobs.c.id, analysis_jobs.c.model_version,
               found.start_ms, found.end_ms, found.move, found.confidence, found.mirror)
        .join(videos, videos.c.id == found.video)
        .join(analysis_jobs, analysis_jobs.c.id == videos.c.indexed_by)
        .where(videos.c.deleted_at.is_(None))
        .order_by(found.video, found.start_ms)
    )  # fmt: skip
    if only is not None:
        query = query.where(found.video == any_(literal(list(only), ARRAY(TEXT))))
    rows = transact(pool, lambda tx: tx.execute(query).all())
    return [_clip(list(of), made_with) for _, of in groupby(rows, lambda row: row.video)]


def _clip(rows: Sequence[Any], made_with: str) -> _Danced:
    parts = tuple(
        Segment(row.start_ms * MS, row.end_ms * MS, row.move or OTHER, row.confidence, row.mirror, ()) for row in rows
    )
    said = [made_with, rows[0].id, *(f"{p.start_ns} {p.end_ns} {p.move_id} {p.mirror}" for p in parts)]
    mark = hashlib.sha256("\n".join(said).encode()).hexdigest()[:16]
    return _Danced(rows[0].video, rows[0].model_version, mark, parts)


def _grid(store: Objects, clip: _Danced) -> BeatGrid | None:
    return unpack_beats(stored_beats(store, clip.video, clip.model))


def learn_corpus(
    pool: Engine, name: str, dances: Iterator[Choreography], twins: Mapping[str, str], profiles: Mapping[str, Profile]
) -> Learned:
    """Learn a file of dances under a name, in place of what was learned under it before.

    Raises DanceError("INVALID_INPUT") for the name of the index, and what reading the file raises.
    """
    if name == INDEX:
        raise DanceError("INVALID_INPUT", f"{INDEX!r} is what analysed clips are learned under: give another name")
    merged = [dance.merged(twins) for dance in dances]
    gone = marks(pool, name).keys() - {dance.id for dance in merged}
    return learn(pool, name, ((mark_of(dance), dance) for dance in merged), gone, profiles)
