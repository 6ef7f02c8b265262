"""The steps of an analysis between what is stored: the same for the batch job and the service, so that both find the
same segments in the same clip.

Each step starts from the stored form of the one before, never from what was in memory: an analysis that was interrupted
ends as one that was not.
"""

import io
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from cluster import keys
from cluster.artifacts import unpack_beats, unpack_segments
from cluster.index import ClipRecord, Embeddings, StateChange
from cluster.objects import Objects
from dancecore.errors import DanceError
from dancecore.settings import AnalysisSettings, FeatureSettings, PoseSettings
from dancecore.types import BeatGrid, ClipInfo, Features, Float, PoseTrack, Segment, Versions

if TYPE_CHECKING:
    from dancecore.matching.bank import Bank
    from dancecore.matching.enrolled import Enrolled
    from dancecore.models.bundle import Bundle
    from dancecore.models.classify import Classifier, FrameScores


def pack_poses(tracks: Sequence[PoseTrack], settings: PoseSettings) -> bytes:
    """Every dancer cleaned, the one to index first, as stored."""
    from dancecore.pose import clean, primary
    from dancecore.pose.packing import pack_tracks

    first = primary(tracks, settings)
    ordered = (first, *(track for track in tracks if track is not first))
    return pack_tracks([clean(track, settings) for track in ordered])


def pack_features(poses: bytes, settings: FeatureSettings) -> bytes:
    """The features of the dancer to index, as stored."""
    from dancecore.features import extract
    from dancecore.features.packing import pack
    from dancecore.pose.packing import unpack_tracks

    return pack(extract(unpack_tracks(poses)[0], settings))


@dataclass(frozen=True)
class Found:
    """The segments of a dancer. With a classifier, else None: embeddings, as stored, and how it and the templates
    differ, as dancecore.decoding.fusion.disagreement tells it."""

    segments: list[Segment]
    embeddings: bytes | None = None
    differ: dict[str, float] | None = None


def find_segments(
    features: bytes, poses: bytes, beats: BeatGrid | None, bank: "Bank", classifier: "Classifier | None",
    own: "Enrolled | None", settings: AnalysisSettings, version: str,
) -> Found:  # fmt: skip
    """The segments of the dancer to index, of stored features, of this version, and poses, who dances to these
    beats."""
    from dancecore.decoding.fusion import disagreement
    from dancecore.features.packing import unpack
    from dancecore.pipeline import compare, name
    from dancecore.pose.packing import unpack_tracks

    danced = unpack(features)
    compared = compare(danced, beats, bank, settings, own.within(unpack_tracks(poses)[0]) if own else None)
    if classifier is None:
        return Found(name(compared, None, beats, settings))
    said = classifier(danced)
    found = name(compared, said, beats, settings)
    differ = disagreement(
        said, compared.spans, compared.distance, compared.readings, settings.decoding.other_distance
    )  # fmt: skip
    return Found(found, _pack_embeddings(said, found, classifier.bundle, version), differ)


def clip_record(
    info: ClipInfo, versions: Versions, segments: bytes, features: bytes, timeline: tuple[StateChange, ...] = (),
    metrics: dict[str, float] | None = None, embeddings: bytes | None = None, beats: bytes = b"null",
) -> ClipRecord:  # fmt: skip
    """What the database keeps of a clip, from its stored segments, features and beats; without a classifier segments
    have no embeddings."""
    from dancecore.features.packing import unpack

    found = unpack_segments(segments)
    vectors = mean_features(unpack(features), found)
    known = None if embeddings is None else unpack_embeddings(embeddings)
    return ClipRecord(info, versions, found, vectors, metrics or {}, timeline, known, unpack_beats(beats))


def stored_beats(store: Objects, clip: str, model: str) -> bytes:
    """The beats of a clip, as stored: "null" of clips that were analysed before beats were kept."""
    try:
        return store.get(keys.beats(clip, model))
    except DanceError as error:
        if error.code != "OBJECT_MISSING":
            raise
        return b"null"


def mean_features(features: Features, segments: Sequence[Segment]) -> Float:
    """(len(segments), 128) float32: the mean features of each segment."""
    edges = [np.searchsorted(features.time_ns, [part.start_ns, part.end_ns]) for part in segments]
    means = [features.values[lo:hi].mean(axis=0) for lo, hi in edges]
    return np.array(means, np.float32).reshape(len(segments), features.values.shape[1])


def _pack_embeddings(said: "FrameScores", segments: Sequence[Segment], bundle: "Bundle", features: str) -> bytes:
    from dancecore.models.embed import EMBEDDING_VERSION, embed

    out = io.BytesIO()
    version = np.asarray(f"{EMBEDDING_VERSION}.{bundle.model_id}.{bundle.sha256[:8]}.{features}")
    np.savez(out, version=version, vectors=embed(said, segments))
    return out.getvalue()


def unpack_embeddings(data: bytes) -> Embeddings:
    """The embeddings of a clip's segments, as stored by `find_segments`."""
    with np.load(io.BytesIO(data), allow_pickle=False) as stored:
        return Embeddings(str(stored["version"]), stored["vectors"])
