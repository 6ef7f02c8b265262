"""Estimation of poses along clips."""

from collections.abc import Iterator, Sequence

from dancecore.errors import DanceError
from dancecore.pose.model import PoseModel
from dancecore.settings import PoseSettings
from dancecore.types import FrameBatch, PoseTrack


def estimate(batches: Iterator[FrameBatch], model: PoseModel, settings: PoseSettings) -> list[PoseTrack]:
    """Follow every dancer of one clip: one track for each, at most `max_dancers`, all over the same frames.

    Raises DanceError("NO_PERSON") when nobody is found in any frame, and whatever DanceError the batches raise.
    """
    (result,) = estimate_many([batches], model, settings)
    if isinstance(result, DanceError):
        raise result
    return result


def estimate_many(
    clips: Sequence[Iterator[FrameBatch]], model: PoseModel, settings: PoseSettings
) -> list[list[PoseTrack] | DanceError]:
    """`estimate` for several clips that advance together, a frame each, sharing every inference."""
    raise NotImplementedError
