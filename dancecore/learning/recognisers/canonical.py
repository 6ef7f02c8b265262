"""The taxonomy's own motions as exemplars, for recognisers that have no other way to learn them."""

from collections.abc import Iterable

import numpy as np

from dancecore.matching.enrol import Exemplar
from dancecore.matching.templates import LOOPS, landmarks, see, viewpoint
from dancecore.moves.body import joints
from dancecore.moves.sequence import around
from dancecore.moves.taxonomy import Move
from dancecore.pose.cleaning import clean
from dancecore.settings import PoseSettings, TemplateSettings
from dancecore.types import SECOND, Span


def canonical(
    moves: Iterable[Move], rate_hz: int, settings: TemplateSettings, pose: PoseSettings
) -> dict[str, list[Exemplar]]:
    """One loop of each move from each view of the settings, seen as its templates are."""
    return {move.move_id: _views(move, rate_hz, settings, pose) for move in moves if not move.deprecated}


def _views(move: Move, rate_hz: int, settings: TemplateSettings, pose: PoseSettings) -> list[Exemplar]:
    bpm = float(np.clip(settings.bpm, *move.bpm))
    loop_ns = round(move.beats * 60 / bpm * SECOND)
    time_ns = np.arange(0, LOOPS * loop_ns, SECOND // rate_hz)
    loops = around(move.motion, (time_ns / loop_ns - LOOPS // 2) * move.beats)
    world = landmarks(joints(loops), settings.torso_stretch)
    middle = Span(LOOPS // 2 * loop_ns, (LOOPS // 2 + 1) * loop_ns)
    views = []
    for yaw in settings.views:
        track = clean(see(world, time_ns, viewpoint(yaw, settings), settings.depth_slope), pose)
        views.append(Exemplar(f"{move.move_id}@{yaw:g}", track, middle, bpm))
    return views
