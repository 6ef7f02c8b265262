"""From the steps of a dance to one motion, frame by frame, and what is danced when."""

from dataclasses import dataclass

import numpy as np

from dancecore.moves.camera import Camera
from dancecore.moves.keyframes import FRAMES_PER_BEAT
from dancecore.moves.motion import Motion
from dancecore.moves.sequence import around, join, mirrored, sample
from dancecore.moves.style import styled
from dancecore.moves.taxonomy import Taxonomy
from dancecore.skeleton import INDEX
from dancecore.synthetic.dance import Knobs, Step, View
from dancecore.synthetic.idle import load_non_dance
from dancecore.types import OTHER, Float64, IntT

MARGIN = 0.03
"""Of the picture's sides: no joint comes nearer to the edge."""

CROWN_M = 0.14
"""The top of the head over the eyes, hair and all."""

EYES = [INDEX["left_eye"], INDEX["right_eye"]]


@dataclass(frozen=True, slots=True)
class Danced:
    """What is danced from `start_ms` to `end_ms`."""

    start_ms: int
    end_ms: int
    move_id: str
    mirror: bool


def choreograph(knobs: Knobs, taxonomy: Taxonomy) -> Motion:
    """The whole dance at `knobs.fps`: frame f is shown f / fps seconds into the clip."""
    parts = [_part(step, knobs, taxonomy) for step in knobs.steps]
    dance = join(parts, knobs.blend_beats)
    per_frame = knobs.bpm / 60 / knobs.fps
    beats = np.arange(knobs.first_beat, dance.beats[-1], per_frame)
    return sample(dance, beats)


def _part(step: Step, knobs: Knobs, taxonomy: Taxonomy) -> Motion:
    move = taxonomy.moves[step.move_id] if step.dance else load_non_dance()[step.move_id]
    grid = np.arange(step.beats * FRAMES_PER_BEAT + 1) / FRAMES_PER_BEAT
    repeated = around(move.motion, grid)
    return styled(mirrored(repeated) if step.mirror else repeated, knobs.style)


def segments(knobs: Knobs) -> tuple[Danced, ...]:
    """What is danced when, covering the clip without gaps; steps that are no dance are OTHER."""
    ends = np.cumsum([step.beats for step in knobs.steps])
    at = _ms(np.concatenate([[knobs.first_beat], ends]) - knobs.first_beat, knobs.bpm)
    return tuple(
        Danced(int(at[i]), int(at[i + 1]), step.move_id if step.dance else OTHER, step.mirror)
        for i, step in enumerate(knobs.steps)
    )


def beats_ms(knobs: Knobs) -> IntT:
    """(B,) when the beats are heard; the first is the second beat of the first bar unless the clip starts on one."""
    total = sum(step.beats for step in knobs.steps)
    first = int(np.ceil(knobs.first_beat))
    return _ms(np.arange(first, total, dtype=np.float64) - knobs.first_beat, knobs.bpm)


def _ms(beats: Float64, bpm: float) -> IntT:
    return np.round(beats * 60_000 / bpm).astype(np.int64)


def frame(view: View, joints: Float64) -> Camera:
    """The camera from which a dancer with these joints (F, 33, 3) fills `view.body_share` of the picture's height,
    or less where the dance would leave the picture."""
    crown = joints[:, EYES] + np.array([0.0, CROWN_M, 0.0])
    seen = np.concatenate([joints, crown], axis=1)
    low, high = seen.reshape(-1, 3).min(0), seen.reshape(-1, 3).max(0)
    stature = float(np.percentile(crown[..., 1].max(1) - joints[..., 1].min(1), 80))
    middle = np.array([(low[0] + high[0]) / 2, stature / 2, (low[2] + high[2]) / 2])
    distance = stature / float(2 * np.tan(np.radians(view.fov) / 2) * view.body_share)
    size = np.array([view.width, view.height])
    while True:
        camera = _aimed(view, middle, distance)
        spare = np.minimum(camera.project(seen), size - camera.project(seen)) / size
        if np.nanmin(spare) > MARGIN and np.isfinite(spare).all():
            return camera
        distance *= 1.03


def _aimed(view: View, middle: Float64, distance: float) -> Camera:
    """The camera with the point `middle` off the picture's centre as the view says."""
    camera = Camera(view.width, view.height, view.yaw, view.pitch, view.roll, distance, view.fov, _point(middle))
    metre = min(view.width, view.height) * distance / camera.focal_px
    right, down, _ = camera.rotation()
    moved = middle - metre * (view.off_x * right + view.off_y * down)
    return Camera(view.width, view.height, view.yaw, view.pitch, view.roll, distance, view.fov, _point(moved))


def _point(place: Float64) -> tuple[float, float, float]:
    return float(place[0]), float(place[1]), float(place[2])
