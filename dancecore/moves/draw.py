"""Stick figures: a pose drawn into a picture, and a move danced frame by frame."""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from itertools import pairwise
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from dancecore.moves.body import NEUTRAL, joints
from dancecore.moves.camera import Camera
from dancecore.moves.motion import Motion
from dancecore.moves.sequence import around, travel
from dancecore.skeleton import INDEX, JOINTS
from dancecore.types import Float64, Image

Colour = tuple[int, int, int]


@dataclass(frozen=True, slots=True)
class Ink:
    """RGB colours of the dancer's left and right limbs, trunk and head, chest, back, paper and lines on the floor."""

    left: Colour = (31, 119, 180)
    right: Colour = (214, 69, 65)
    middle: Colour = (60, 60, 60)
    chest: Colour = (240, 240, 240)
    back: Colour = (150, 150, 150)
    paper: Colour = (255, 255, 255)
    floor: Colour = (222, 222, 222)


INK = Ink()

LIMBS: tuple[tuple[int, ...], ...] = tuple(
    tuple(INDEX[f"{side}_{name}"] for name in limb)
    for side in ("left", "right")
    for limb in (("shoulder", "elbow", "wrist", "index"), ("hip", "knee", "ankle", "heel", "foot_index", "ankle"))
)
TRUNK = tuple(INDEX[name] for name in ("left_shoulder", "right_shoulder", "right_hip", "left_hip", "left_shoulder"))
HEAD = tuple(INDEX[name] for name in ("left_ear", "right_ear", "nose", "left_shoulder", "right_shoulder"))
SUBPIXEL = 4
"""Bits after the point of the coordinates that OpenCV draws with."""
EARS_APART, NOSE_AHEAD, HEAD_RADIUS = 0.68, 0.5, 0.42
"""Shares of a head's height, as `body.joints` places ears and nose. From any side one of the two distances is seen."""
FLOOR_M, FLOOR_SPACING = 3.0, 0.5
"""Metres to which the floor's lines reach, and between them."""


def draw_pose(
    image: Image, xy: NDArray[Any], visibility: NDArray[Any], depth: NDArray[Any] | None = None,
    ink: Ink = INK, thickness: int = 3, seen: float = 0.2,
) -> None:  # fmt: skip
    """Draw a stick figure into `image` (H, W, 3) uint8 RGB, in place.

    xy (33, 2) pixels, visibility (33,) in 0..1: what joins two joints is drawn when both are finite and more visible
    than `seen`. With depth (33,), growing away from the camera, far limbs are drawn first and near ones with a thin
    edge of paper about them, so that one sees which is in front.
    """
    shown = (visibility > seen) & np.isfinite(xy).all(axis=1)
    at = np.where(shown[:, None], xy, 0.0)
    parts = [TRUNK, HEAD, *LIMBS]
    if depth is not None:
        parts.sort(key=lambda part: -float(depth[list(part)].mean()))
    for part in parts:
        if part is HEAD:
            _head(image, at, shown, ink, thickness)
            continue
        if part is TRUNK and shown[list(TRUNK)].all():
            colour = ink.chest if _is_front(*at[list(TRUNK[:3])]) else ink.back
            cv2.fillPoly(image, [_fixed(at[list(TRUNK)])], colour, cv2.LINE_AA, SUBPIXEL)
        lines = [at[[a, b]] for a, b in pairwise(part) if shown[a] and shown[b]]
        if part is not TRUNK and depth is not None:
            _lines(image, lines, ink.paper, 2 * thickness + 1)
        _lines(image, lines, _colour(part, ink), thickness)


def _is_front(left: NDArray[Any], right: NDArray[Any], below: NDArray[Any]) -> bool:
    """Whether one sees these points, all (2,) pixels, from the front, where the dancer's left is on the right."""
    across, down = left - right, below - right
    return bool(across[0] * down[1] > across[1] * down[0])


def _colour(part: tuple[int, ...], ink: Ink) -> Colour:
    sides = {JOINTS[joint].split("_")[0] for joint in part}
    return ink.left if sides == {"left"} else ink.right if sides == {"right"} else ink.middle


def draw_line(image: Image, ends: NDArray[Any], colour: Colour, thickness: int) -> None:
    """Draw a line between `ends` (2, 2) pixels, in place."""
    _lines(image, [ends], colour, thickness)


def _lines(image: Image, lines: list[NDArray[Any]], colour: Colour, thickness: int) -> None:
    points = [_fixed(line) for line in lines]
    cv2.polylines(image, points, False, colour, thickness, cv2.LINE_AA, SUBPIXEL)


def _fixed(points: NDArray[Any]) -> NDArray[np.int32]:
    return np.asarray((points * 2**SUBPIXEL).round(), np.int32)


def _head(image: Image, at: NDArray[Any], shown: NDArray[np.bool_], ink: Ink, thickness: int) -> None:
    """A ring on a neck; a line to the nose shows where the dancer looks, a filled one the back of the head."""
    left, right, nose, *shoulders = HEAD
    if not shown[list(HEAD)].all():
        return
    centre, neck = at[[left, right]].mean(axis=0), at[shoulders].mean(axis=0)
    ears, ahead = np.linalg.norm(at[left] - at[right]), np.linalg.norm(at[nose] - centre)
    radius = HEAD_RADIUS * np.hypot(ears / EARS_APART, ahead / NOSE_AHEAD)
    front = _is_front(at[left], at[right], neck)
    _lines(image, [np.stack([neck, centre])], ink.middle, thickness)
    x, y = map(int, _fixed(centre))
    for colour, width in ((ink.paper if front else ink.back, -1), (ink.middle, thickness)):
        cv2.circle(image, (x, y), max(1, int(radius * 2**SUBPIXEL)), colour, width, cv2.LINE_AA, SUBPIXEL)
    if front:
        _lines(image, [np.stack([centre, at[nose]])], ink.middle, thickness)


def draw_floor(image: Image, camera: Camera, drift: Float64, spacing: Float64, ink: Ink = INK) -> None:
    """Draw the lines of a floor that has moved by `drift` (2,) metres (x, z), `spacing` (2,) apart, in place."""
    lines = []
    for axis in (0, 1):
        reach = int(FLOOR_M / spacing[axis])
        along = np.arange(-reach, reach + 1) * spacing[axis] + drift[axis] % spacing[axis]
        ends = np.zeros((len(along), 2, 3))
        ends[..., 2 * axis], ends[..., 2 - 2 * axis] = along[:, None], (-FLOOR_M, FLOOR_M)
        lines.append(ends)
    xy = camera.project(np.concatenate(lines))
    _lines(image, list(xy[np.isfinite(xy).all(axis=(1, 2))]), ink.floor, 1)


def on_the_spot(motion: Motion, beats: Float64) -> tuple[Motion, Float64]:
    """The motion at any `beats` (N,) as on a treadmill: the floor travels, not the dancer.

    The second value (N, 2) is how far the floor has moved (x, z), metres of the neutral body. One phrase of it closes
    without a jump, if it turns by whole turns.
    """
    danced = around(motion, beats)
    run = (beats - motion.beats[0]) / (motion.beats[-1] - motion.beats[0])
    floor = -run[:, None] * travel(motion)[1]
    return Motion(danced.beats, danced.rotation, danced.root + floor), floor[:, [0, 2]] * NEUTRAL.leg


def fitting(points: Float64, width: int, height: int, yaw: float, pitch: float = 8.0, margin: float = 0.07) -> Camera:
    """The camera from `yaw` degrees that is just far enough to have all points (..., 3), metres, in its picture.

    `margin` of the picture stays free on each side; nobody is shown larger than a dancer who stands.
    """
    low, high = points.reshape(-1, 3).min(axis=0), points.reshape(-1, 3).max(axis=0)
    low[1], high[1] = 0.0, max(high[1], 1.8)
    middle = (low + high) / 2
    camera = Camera(width, height, yaw, pitch, 0.0, 0.0, 35.0, tuple(middle.tolist()))
    stands = middle * [1, 0, 1] + [[0.0, low[1], 0.0], [0.0, high[1], 0.0]]
    about = camera.see(np.concatenate([points.reshape(-1, 3), stands]))
    half = (1 - 2 * margin) * np.array([width, height]) / 2 / camera.focal_px
    return replace(camera, distance=float((np.abs(about[:, :2]) / half - about[:, 2:]).max()))


def preview(motion: Motion, beats: Float64, camera: Camera, ink: Ink = INK) -> Iterator[Image]:
    """(H, W, 3) uint8 RGB for each of the `beats` (N,): the motion danced on the spot by a stick figure."""
    danced, drift = on_the_spot(motion, beats)
    spacing = floor_spacing(motion)
    for world, moved in zip(joints(danced), drift, strict=True):
        frame = np.full((camera.height, camera.width, 3), ink.paper, np.uint8)
        draw_floor(frame, camera, moved, spacing, ink)
        draw_pose(frame, camera.project(world), np.ones(len(JOINTS)), camera.see(world)[:, 2], ink)
        yield frame


def floor_spacing(motion: Motion) -> Float64:
    """(2,) metres between the lines of the floor, about FLOOR_SPACING, such that one phrase moves it by whole lines."""
    far = np.abs(travel(motion)[1][[0, 2]]) * NEUTRAL.leg
    return np.where(far > 0.01, far / np.maximum(1, (far / FLOOR_SPACING).round()), FLOOR_SPACING)
