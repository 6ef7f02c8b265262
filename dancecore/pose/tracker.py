"""Follows dancers along clips: joints found in one frame say where to look in the next (Bazarevsky et al. 2020).

A dancer who is lost is looked for at once in the whole frame, and then closer. Several clips advance together, a frame
each, so that one inference serves them all; no clip ever has more than its current batch of frames in memory.
"""

from collections.abc import Iterator, Sequence

import numpy as np

from dancecore.errors import DanceError
from dancecore.pose.clip import Clip, Slot
from dancecore.pose.detector import detect
from dancecore.pose.landmarks import read
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
    """`estimate` for several clips that advance together, a frame each; a clip's error stands in its own place."""
    states = [Clip(batches, settings) for batches in clips]
    running = states
    while running := [clip for clip in running if clip.advance()]:
        _follow([slot for clip in running for slot in clip.followed()], model, settings)
        for clip in running:
            clip.drop_twins()
        _search([clip for clip in running if clip.wants_search()], model, settings)
        _search([clip for clip in running if clip.wants_closer_search()], model, settings, settings.closer_zoom)
        for clip in running:
            clip.drop_twins()
            clip.hand_over()
            clip.record()
    return [clip.result() for clip in states]


def _follow(slots: list[Slot], model: PoseModel, settings: PoseSettings) -> None:
    """Read the joints of every dancer whose region is known; one whose region holds nobody is lost."""
    if not slots:
        return
    found = read([slot.clip.image for slot in slots], np.array([slot.region for slot in slots]), model, settings)
    for i, slot in enumerate(slots):
        if found.presence[i] >= settings.presence_confidence and found.next[i, 2] > 1:
            slot.keep(found, i)
        else:
            slot.lose()


def _search(clips: list[Clip], model: PoseModel, settings: PoseSettings, zoom: int = 1) -> None:
    """Look for dancers in the whole frame of each clip, at `zoom` of its size, and read those not yet followed."""
    if not clips:
        return
    regions = detect([clip.image for clip in clips], model, settings, zoom)
    started = [slot for clip, found in zip(clips, regions, strict=True) for slot in clip.take(found)]
    _right([slot for slot in started if slot.upside_down], model, settings)
    _follow(started, model, settings)


def _right(slots: list[Slot], model: PoseModel, settings: PoseSettings) -> None:
    """Turn regions that were found head down where the body in them is surer the other way up.

    The detector takes some who stand for handstands, the landmark network then hangs joints on them upside down, and
    they would stay so.
    """
    if not slots:
        return
    images = [slot.clip.image for slot in slots]
    found = np.array([slot.region for slot in slots])
    turned = found + np.array([0.0, 0.0, 0.0, np.pi])
    down, up = (read(images, regions, model, settings).presence for regions in (found, turned))
    for slot, region, surer in zip(slots, turned, up > down, strict=True):
        if surer:
            slot.region = region
