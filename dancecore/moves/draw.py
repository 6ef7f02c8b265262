"""Stick figures: a pose drawn into a picture, and a move as a strip of frames."""

from dataclasses import dataclass
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from dancecore.moves.body import NEUTRAL, Proportions, joints
from dancecore.moves.camera import Camera
from dancecore.moves.motion import Motion
from dancecore.moves.sequence import retime
from dancecore.skeleton import BONES, INDEX, JOINTS
from dancecore.types import Image

Colour = tuple[int, int, int]


@dataclass(frozen=True, slots=True)
class Ink:
    """RGB colours of the dancer's left limbs, right limbs and middle, and of the paper."""

    left: Colour = (31, 119, 180)
    right: Colour = (214, 69, 65)
    middle: Colour = (60, 60, 60)
    paper: Colour = (255, 255, 255)


INK = Ink()


def _colour(a: int, b: int, ink: Ink) -> Colour:
    sides = {side for side in ("left", "right") if side in JOINTS[a] and side in JOINTS[b]}
    return ink.left if sides == {"left"} else ink.right if sides == {"right"} else ink.middle


def draw_pose(
    image: Image, xy: NDArray[Any], visibility: NDArray[Any], ink: Ink = INK, thickness: int = 3, seen: float = 0.2
) -> None:
    """Draw a stick figure into `image` (H, W, 3) uint8 RGB, in place.

    xy (33, 2) pixels, visibility (33,) in 0..1: a bone is drawn when both its ends are finite and more visible than
    `seen`.
    """
    shown = (visibility > seen) & np.isfinite(xy).all(axis=1)
    at = np.where(shown[:, None], xy, 0).round().astype(int)
    for a, b in BONES:
        if shown[a] and shown[b]:
            start, end = (tuple(map(int, at[i])) for i in (a, b))
            cv2.line(image, start, end, _colour(a, b, ink), thickness, cv2.LINE_AA)
    ears = [INDEX["left_ear"], INDEX["right_ear"], INDEX["nose"]]
    if shown[ears].all():
        radius = 0.6 * np.linalg.norm(xy[INDEX["left_shoulder"]] - xy[INDEX["right_shoulder"]]).clip(4 * thickness) / 2
        centre = tuple(map(int, xy[ears].mean(axis=0).round()))
        cv2.circle(image, centre, max(int(radius), 2 * thickness), ink.middle, max(thickness - 1, 1), cv2.LINE_AA)


def preview(motion: Motion, camera: Camera, bpm: float, rate_hz: float, body: Proportions = NEUTRAL) -> Image:
    """(N, H, W, 3) uint8 RGB: the motion danced at `bpm` by a stick figure, `rate_hz` frames a second."""
    world = joints(retime(motion, bpm, rate_hz), body)
    frames = np.full((len(world), camera.height, camera.width, 3), INK.paper, dtype=np.uint8)
    for frame, xy in zip(frames, camera.project(world), strict=True):
        draw_pose(frame, xy, np.ones(len(JOINTS)))
    return frames
