"""A dance to watch: frames as compact JSON for a browser, and as pictures."""

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Literal

import cv2
import numpy as np

from dancecore.composer.composition import Composition
from dancecore.composer.dancing import at_rate
from dancecore.composer.exports.timecode import shown
from dancecore.composer.wish import BAR
from dancecore.moves.body import NEUTRAL, joints
from dancecore.moves.camera import Camera
from dancecore.moves.draw import FLOOR_SPACING, INK, draw_floor, draw_pose, fitting
from dancecore.moves.motion import Motion
from dancecore.moves.sequence import sample
from dancecore.skeleton import BONES, JOINTS
from dancecore.types import Float64, Image

SCHEMA_NAME = "preview.v1"

MM = 1000
"""In a metre: whole millimetres are finer than a screen."""

FOLLOW_S = 2.0
"""Seconds over which the camera follows a dancer who travels: it goes along, and does not swing."""

SIDE_DEG = 20.0
"""Of the camera from the front: one sees both arms and what goes forward."""


SPACING = np.array([FLOOR_SPACING, FLOOR_SPACING])


def frames_json(composition: Composition, motion: Motion, names: Mapping[str, str], rate_hz: int) -> str:
    """`preview.v1`: `frames`, so many a second, each the joints' x, y, z in millimetres one after the other; `joints`
    names them and `bones` are pairs of them. x is to the dancer's left, y up, z to the front. `steps` in ms."""
    world = joints(at_rate(motion, composition.bpm, rate_hz))
    ends = [*composition.starts[1:], composition.beats]
    steps = [
        {"order": i, "move_id": step.move_id, "name": shown(step, names), "beats": step.beats, "mirror": step.mirror,
         "start_ms": round(1000 * composition.seconds(a)), "end_ms": round(1000 * composition.seconds(b))}
        for i, (step, a, b) in enumerate(zip(composition.steps, composition.starts, ends, strict=True))
    ]  # fmt: skip
    said = {
        "schema": SCHEMA_NAME, "title": composition.title, "bpm": composition.bpm, "fps": rate_hz, "steps": steps,
        "joints": JOINTS, "bones": BONES,
        "frames": (MM * world).round().astype(int).reshape(len(world), -1).tolist(),
    }  # fmt: skip
    return json.dumps(said, ensure_ascii=False, separators=(",", ":"))


@dataclass(frozen=True, slots=True)
class Stage:
    """How a dance is drawn: size of the picture, pixels; `mirrored`: as a teacher in a mirror shows it; `figure`: a
    stick figure, or a body, which needs the extra `synthetic`; from how far aside, degrees."""

    width: int = 640
    height: int = 640
    mirrored: bool = False
    figure: Literal["stick", "body"] = "stick"
    side_deg: float = SIDE_DEG


def pictures(
    composition: Composition, motion: Motion, beats: Float64, names: Mapping[str, str], stage: Stage, fps: float
) -> Iterator[Image]:
    """(H, W, 3) uint8 RGB at each of the `beats` (N,), which lie in the motion: a figure that the camera follows, what
    it dances, and the count of the bar. Raises DanceError("MISSING_EXTRA") for a body without anny."""
    shown_at = sample(motion, beats)
    world = joints(shown_at)
    path = _followed(world, fps)
    camera = fitting(world - path[:, None], stage.width, stage.height, stage.side_deg, margin=0.12)
    figures = _bodies(shown_at, path, camera) if stage.figure == "body" else _sticks(world, path, camera)
    starts = np.array(composition.starts)
    for drawn, beat in zip(figures, beats, strict=True):
        step = composition.steps[int(np.searchsorted(starts, beat + 1e-9, side="right")) - 1]
        frame = np.ascontiguousarray(drawn[:, ::-1]) if stage.mirrored else drawn
        _tell(frame, shown(step, names), float(beat))
        yield frame


def _followed(world: Float64, fps: float) -> Float64:
    """(N, 3) where the dancer is over the floor, slowly: the mean over FOLLOW_S of where the hips are."""
    hips = world[:, [JOINTS.index("left_hip"), JOINTS.index("right_hip")]].mean(axis=1)
    width = max(1, round(FOLLOW_S * fps)) | 1
    padded = np.pad(hips, ((width // 2, width // 2), (0, 0)), mode="edge")
    sums = np.cumsum(np.concatenate([np.zeros((1, 3)), padded]), axis=0)
    return (sums[width:] - sums[:-width]) / width * np.array([1.0, 0.0, 1.0])


def _sticks(world: Float64, path: Float64, camera: Camera) -> Iterator[Image]:
    for pose, here in zip(world - path[:, None], path, strict=True):
        frame = np.full((camera.height, camera.width, 3), INK.paper, np.uint8)
        draw_floor(frame, camera, -here[[0, 2]], SPACING)
        draw_pose(frame, camera.project(pose), np.ones(len(JOINTS)), camera.see(pose)[:, 2])
        yield frame


def _bodies(motion: Motion, path: Float64, camera: Camera) -> Iterator[Image]:
    from dancecore.synthetic import mannequin

    followed = Motion(motion.beats, motion.rotation, motion.root - path / NEUTRAL.leg)
    return mannequin.drawn(followed, -path[:, [0, 2]], SPACING, camera)


def _tell(frame: Image, name: str, beat: float) -> None:
    """Write the move's name, as far as the font has its letters, and a dot for each count, the dark one for now."""
    height, width, _ = frame.shape
    said = name.encode("ascii", "replace").decode()
    cv2.putText(
        frame, said, (width // 32, height // 14), cv2.FONT_HERSHEY_SIMPLEX, width / 900, INK.middle, 1, cv2.LINE_AA
    )
    for count in range(BAR):
        place = (width // 2 + round(width / 20 * (count - (BAR - 1) / 2)), height - height // 32)
        runs = count == int(beat + 1e-9) % BAR
        cv2.circle(frame, place, max(3, width // 90), INK.middle if runs else INK.floor, -1, cv2.LINE_AA)
