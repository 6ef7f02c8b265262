"""A dance to watch: frames as compact JSON for a browser, and as pictures."""

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

import cv2
import numpy as np

from dancecore.composer.composition import Composition
from dancecore.composer.dancing import at_rate
from dancecore.composer.exports.timecode import shown
from dancecore.composer.wish import BAR
from dancecore.moves.body import joints
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
    """How a dance is drawn: size of the picture, pixels; `mirrored`: as a teacher in a mirror shows it."""

    width: int = 640
    height: int = 640
    mirrored: bool = False


def pictures(
    composition: Composition, motion: Motion, beats: Float64, names: Mapping[str, str], stage: Stage, fps: float
) -> Iterator[Image]:
    """(H, W, 3) uint8 RGB at each of the `beats` (N,), which lie in the motion: a stick figure that the camera follows,
    what it dances, and the count of the bar."""
    world = joints(sample(motion, beats))
    path = _followed(world, fps)
    camera = fitting(world - path[:, None], stage.width, stage.height, SIDE_DEG, margin=0.12)
    starts, paper = np.array(composition.starts), np.full((stage.height, stage.width, 3), INK.paper, np.uint8)
    for pose, here, beat in zip(world - path[:, None], path, beats, strict=True):
        step = composition.steps[int(np.searchsorted(starts, beat + 1e-9, side="right")) - 1]
        frame = _figure(paper, pose, here, camera)
        frame = np.ascontiguousarray(frame[:, ::-1]) if stage.mirrored else frame
        _tell(frame, shown(step, names), float(beat))
        yield frame


def _followed(world: Float64, fps: float) -> Float64:
    """(N, 3) where the dancer is over the floor, slowly: the mean over FOLLOW_S of where the hips are."""
    hips = world[:, [JOINTS.index("left_hip"), JOINTS.index("right_hip")]].mean(axis=1)
    width = max(1, round(FOLLOW_S * fps)) | 1
    padded = np.pad(hips, ((width // 2, width // 2), (0, 0)), mode="edge")
    sums = np.cumsum(np.concatenate([np.zeros((1, 3)), padded]), axis=0)
    return (sums[width:] - sums[:-width]) / width * np.array([1.0, 0.0, 1.0])


def _figure(paper: Image, pose: Float64, here: Float64, camera: Camera) -> Image:
    frame = paper.copy()
    draw_floor(frame, camera, -here[[0, 2]], np.array([FLOOR_SPACING, FLOOR_SPACING]))
    draw_pose(frame, camera.project(pose), np.ones(len(JOINTS)), camera.see(pose)[:, 2])
    return frame


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
