"""The steps of an analysis between what is stored: the same for the batch job and the service, so that both find the
same segments in the same clip.

Each step starts from the stored form of the one before, never from what was in memory: an analysis that was interrupted
ends as one that was not.
"""

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np

from cluster.artifacts import unpack_segments
from cluster.index import ClipRecord, Embeddings, StateChange
from dancecore.settings import AnalysisSettings, FeatureSettings, PoseSettings
from dancecore.types import BeatGrid, ClipInfo, Features, Float, PoseTrack, Segment, Versions

if TYPE_CHECKING:
    from dancecore.matching.bank import Bank
    from dancecore.matching.enrolled import Enrolled
    from dancecore.models.classify import Classifier


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


def find_segments(
    features: bytes, poses: bytes, beats: BeatGrid | None, bank: "Bank", classifier: "Classifier | None",
    own: "Enrolled | None", settings: AnalysisSettings,
) -> list[Segment]:  # fmt: skip
    """The segments of the dancer to index, of stored features and poses, who dances to these beats."""
    from dancecore.features.packing import unpack
    from dancecore.pipeline import identify
    from dancecore.pose.packing import unpack_tracks

    within = own.within(unpack_tracks(poses)[0]) if own else None
    return identify(unpack(features), beats, bank, settings, classifier, within)


def clip_record(
    info: ClipInfo, versions: Versions, segments: bytes, features: bytes, timeline: tuple[StateChange, ...] = (),
    metrics: dict[str, float] | None = None,
) -> ClipRecord:  # fmt: skip
    """What the database keeps of a clip, from its stored segments and features."""
    from dancecore.features.packing import unpack

    found = unpack_segments(segments)
    vectors = mean_features(unpack(features), found)
    embeddings = Embeddings(f"mean.{versions.features}", unit(vectors))
    return ClipRecord(info, versions, found, vectors, metrics or {}, timeline, embeddings)


def mean_features(features: Features, segments: Sequence[Segment]) -> Float:
    """(len(segments), 128) float32: the mean features of each segment."""
    edges = [np.searchsorted(features.time_ns, [part.start_ns, part.end_ns]) for part in segments]
    means = [features.values[lo:hi].mean(axis=0) for lo, hi in edges]
    return np.array(means, np.float32).reshape(len(segments), features.values.shape[1])


def unit(vectors: Float) -> Float:
    """(N, D) float32: each row scaled to length 1, a row of zeros left as it is.

    Of mean features this is the plain embedding of a segment: how the dancer stood and how much moved on average, from
    one side, without the order of things.
    """
    lengths = np.linalg.norm(vectors, axis=1, keepdims=True)
    return (vectors / np.where(lengths > 0, lengths, 1)).astype(np.float32)
