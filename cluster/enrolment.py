"""Enrolment by example from what is stored already: a span of an analysed video becomes an exemplar of a move."""

from sqlalchemy import Engine, select

from cluster import keys
from cluster.artifacts import unpack_beats
from cluster.database import storable, transact
from cluster.layer import OwnMove, check_enrolment, enrol
from cluster.objects import Objects
from cluster.settings import Settings
from cluster.steps import stored_beats
from cluster.tables import analysis_jobs, moves, videos
from dancecore.errors import DanceError
from dancecore.matching.enrol import Exemplar
from dancecore.pose.packing import unpack_tracks
from dancecore.types import MS, SECOND, Span


def enrol_span(
    pool: Engine, store: Objects, settings: Settings, base: str, name: str, video: str, start_ms: int, end_ms: int
) -> OwnMove:
    """Learn a move from the dancer to index of a video in [start_ms, end_ms); make the move if it is new.

    `base`: the version of the taxonomy that is in use. Raises DanceError: NOT_FOUND for a video that was not analysed;
    INVALID_INPUT as `cluster.layer.enrol` does, and for a span that is not in the video or shows too little.
    """
    check_enrolment(pool, name, 1)
    exemplar = exemplar_of(pool, store, settings, video, start_ms, end_ms)
    return enrol(pool, store, settings, base, name, [exemplar])


def exemplar_of(pool: Engine, store: Objects, settings: Settings, video: str, start_ms: int, end_ms: int) -> Exemplar:
    """What a video shows in [start_ms, end_ms). Raises as `enrol_span` does."""
    query = (
        select(analysis_jobs.c.pose_version, analysis_jobs.c.model_version)
        .join(videos, videos.c.indexed_by == analysis_jobs.c.id)
        .where(videos.c.id == storable(video), videos.c.deleted_at.is_(None))
    )
    versions = transact(pool, lambda tx: tx.execute(query).one_or_none())
    if versions is None:
        raise DanceError("NOT_FOUND", f"{video} has not been analysed yet")
    track = unpack_tracks(store.get(keys.keypoints(video, versions.pose_version)))[0]
    length_ms = (int(track.time_ns[-1]) + SECOND // settings.media.rate_hz) // MS
    if not 0 <= start_ms < end_ms <= length_ms:
        said = f"{start_ms} to {end_ms} ms are not in the {length_ms} ms in which {video} was looked at"
        raise DanceError("INVALID_INPUT", said, {"length_ms": length_ms})
    beats = unpack_beats(stored_beats(store, video, versions.model_version))
    return Exemplar(video, track, Span(start_ms * MS, end_ms * MS), beats.bpm if beats else None)


def own_name(pool: Engine, move: str) -> str:
    """The name of a move that was enrolled. Raises DanceError: NOT_FOUND for no move, INVALID_INPUT for a move that the
    taxonomy has."""
    query = select(moves.c.name, moves.c.metadata["layer"].astext).where(moves.c.id == storable(move))
    found = transact(pool, lambda tx: tx.execute(query).one_or_none())
    if found is None:
        raise DanceError("NOT_FOUND", f"there is no move {move!r}")
    if found[1] is None:
        raise DanceError("INVALID_INPUT", f"{move} is told by its motion in the taxonomy; enrol one of another name")
    name: str = found[0]
    return name
