"""Stick figures drawn with lines onto a PDF page, with arrows along the ways of hands and feet."""

from dataclasses import dataclass
from itertools import pairwise

import numpy as np
from reportlab.pdfgen.canvas import Canvas

from dancecore.moves.body import joints
from dancecore.moves.camera import Camera
from dancecore.moves.draw import EARS_APART, HEAD_RADIUS, INK, LIMBS, NOSE_AHEAD, TRUNK, Colour
from dancecore.moves.motion import Motion
from dancecore.moves.sequence import sample
from dancecore.moves.strip import PITCH, SIDE, phases
from dancecore.skeleton import INDEX, JOINTS
from dancecore.types import Float64

FEWEST, MOST = 3, 5
"""Pictures of a step."""

ARROW_M = 0.25
"""Metres that a hand or foot goes before an arrow says so."""

TALL_M = 2.15
"""Metres that the height of a picture shows: hands above the head of the neutral body."""

BELOW_M = 0.15
"""Of these, below the floor, for feet in front."""

ENDS = tuple(INDEX[f"{side}_{end}"] for side in ("left", "right") for end in ("index", "foot_index"))
ARROW = (240, 150, 30)
HEAD_PT, HEAD_RAD = 3.0, 0.45
"""Points that the head of an arrow is long, and half its angle."""


@dataclass(frozen=True, slots=True)
class Pose:
    """A pose on paper: xy (33, 2) metres right and up from the dancer's place on the floor; depth (33,) away; where
    its joints are in the next picture (33, 2). `beat`: of the phrase."""

    beat: float
    xy: Float64
    depth: Float64
    then: Float64


def poses(phrase: Motion, yaw_sign: float = 1.0) -> list[Pose]:
    """The 3 to 5 pictures that tell a phrase, seen from a little aside; each knows the next, the last the first."""
    length = float(phrase.beats[-1])
    beats = phases(phrase, int(np.clip(length, FEWEST, MOST)))
    world = joints(sample(phrase, np.array(beats)))
    hips = world[:, [INDEX["left_hip"], INDEX["right_hip"]]].mean(axis=1, keepdims=True) * np.array([1.0, 0.0, 1.0])
    seen = (world - hips) @ Camera(1, 1, yaw_sign * SIDE / 2, PITCH).rotation().T
    flat = seen[..., :2] * np.array([1.0, -1.0])
    return [Pose(beat, flat[i], seen[i, :, 2], flat[(i + 1) % len(beats)]) for i, beat in enumerate(beats)]


def draw_figure(page: Canvas, pose: Pose, x: float, y: float, height: float, arrows: bool) -> None:
    """Draw a pose with its place on the floor at (x, y), points; `height` points show TALL_M metres."""
    scale = height / TALL_M
    at = pose.xy * scale + np.array([x, y + BELOW_M * scale])
    page.setLineCap(1)
    page.setLineJoin(1)
    for part in sorted((TRUNK, *LIMBS), key=lambda part: -float(pose.depth[list(part)].mean())):
        _polyline(page, at[list(part)], _colour(part), 1.4, filled=part is TRUNK)
    _head(page, at, pose.depth)
    if arrows:
        there = pose.then * scale + np.array([x, y + BELOW_M * scale])
        for joint in ENDS:
            if np.linalg.norm(pose.then[joint] - pose.xy[joint]) > ARROW_M:
                _arrow(page, at[joint], there[joint])


def _colour(part: tuple[int, ...]) -> Colour:
    sides = {JOINTS[joint].split("_")[0] for joint in part}
    return INK.left if sides == {"left"} else INK.right if sides == {"right"} else INK.middle


def _polyline(page: Canvas, points: Float64, colour: Colour, width: float, *, filled: bool = False) -> None:
    page.setStrokeColorRGB(*(c / 255 for c in colour))
    page.setFillColorRGB(*(c / 255 for c in INK.chest))
    page.setLineWidth(width)
    path = page.beginPath()
    path.moveTo(*points[0].tolist())
    for point in points[1:]:
        path.lineTo(*point.tolist())
    page.drawPath(path, stroke=1, fill=int(filled))


def _head(page: Canvas, at: Float64, depth: Float64) -> None:
    ears, nose = at[[INDEX["left_ear"], INDEX["right_ear"]]], at[INDEX["nose"]]
    centre = ears.mean(axis=0)
    wide, ahead = np.linalg.norm(ears[0] - ears[1]), np.linalg.norm(nose - centre)
    neck = at[[INDEX["left_shoulder"], INDEX["right_shoulder"]]].mean(axis=0)
    _polyline(page, np.stack([neck, centre]), INK.middle, 1.4)
    page.setFillColorRGB(1, 1, 1)
    page.circle(
        *centre.tolist(), float(HEAD_RADIUS * np.hypot(wide / EARS_APART, ahead / NOSE_AHEAD)), stroke=1, fill=1
    )
    if depth[INDEX["nose"]] < depth[[INDEX["left_ear"], INDEX["right_ear"]]].mean():
        _polyline(page, np.stack([centre, nose]), INK.middle, 1.0)


def _arrow(page: Canvas, tail: Float64, head: Float64) -> None:
    way = float(np.arctan2(*(head - tail)[::-1]))
    wings = [head - HEAD_PT * np.array([np.cos(way + turn), np.sin(way + turn)]) for turn in (HEAD_RAD, -HEAD_RAD)]
    for a, b in pairwise([wings[0], head, wings[1]]):
        _polyline(page, np.stack([a, b]), ARROW, 0.8)
    _polyline(page, np.stack([tail, head]), ARROW, 0.8)
