"""A synthetic dance as a video with its ground truth."""

import json
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np

from dancecore.media import write_video
from dancecore.moves.camera import CameraPath
from dancecore.moves.taxonomy import Taxonomy
from dancecore.synthetic import choreography, music, picture, render
from dancecore.synthetic.body import Body, build
from dancecore.synthetic.choreography import Danced
from dancecore.synthetic.clothes import dress
from dancecore.synthetic.dance import Dance, Knobs
from dancecore.synthetic.scene import camera_path
from dancecore.types import Float, Float64, Image, IntT


@dataclass(frozen=True, slots=True)
class Truth:
    """What is known of a synthetic clip; `segments` cover it without gaps, `knobs` made it."""

    video_id: str
    taxonomy: str
    fps: float
    segments: tuple[Danced, ...]
    flags: tuple[str, ...]
    bpm: float
    beats_ms: tuple[int, ...]
    knobs: dict[str, Any]


@dataclass(frozen=True, slots=True)
class Staged:
    """A dance ready to be drawn or observed: transforms (F, B, 3, 4) and joints (F, 33, 3), world metres, and in which
    take (F,) and where the camera is."""

    body: Body
    transforms: Float64
    joints: Float64
    take: IntT
    path: CameraPath


def make_clip(knobs: Knobs, taxonomy: Taxonomy, out: Path, *, with_joints: bool = False) -> Truth:
    """Write the dance to `out` (an MP4; its stem is the video_id) and its truth beside it as JSON.

    `with_joints` also writes an NPZ with the true joints of each frame: world_m (F, 33, 3) float32, metres, and
    xy_px (F, 33, 2) float32, pixels. Raises DanceError("MISSING_EXTRA") without anny.
    """
    stage = staged(knobs, taxonomy)
    seconds = len(stage.joints) / knobs.fps
    sound = _sound(knobs.dance, seconds)
    write_video(out, frames(knobs, stage), knobs.fps, sound, music.RATE, knobs.scene.crf)
    truth = describe(knobs, taxonomy, out.stem)
    out.with_suffix(".json").write_text(json.dumps(asdict(truth), indent=1) + "\n", encoding="utf-8")
    if with_joints:
        seen = {"world_m": stage.joints, "xy_px": stage.path.project(stage.joints)}
        np.savez_compressed(out.with_suffix(".npz"), **{name: x.astype(np.float32) for name, x in seen.items()})  # type: ignore[arg-type]
    return truth


def describe(knobs: Knobs, taxonomy: Taxonomy, video_id: str) -> Truth:
    """The ground truth of a dance (CONTRACTS, section 4, with beats and knobs added)."""
    flags = ("single_dancer", "synthetic") + (() if knobs.scene.backdrop.kind == "room" else ("clear_bg",))
    beats = tuple(int(at) for at in choreography.beats_ms(knobs.dance))
    segments = choreography.segments(knobs.dance)
    return Truth(video_id, taxonomy.semver, knobs.fps, segments, flags, knobs.dance.bpm, beats, asdict(knobs))


def staged(knobs: Knobs, taxonomy: Taxonomy) -> Staged:
    """The dancer and the camera of these knobs."""
    body = build(knobs.dancers[0].shape)
    transforms = body.transforms(choreography.motions(knobs, taxonomy)[0])
    joints = body.joints(transforms)
    take, seconds = np.zeros(len(joints), np.int64), np.arange(len(joints)) / knobs.fps
    return Staged(body, transforms, joints, take, camera_path(knobs.scene, joints[None], take, seconds))


def frames(knobs: Knobs, stage: Staged) -> Iterator[Image]:
    """Each frame of the clip, (H, W, 3) uint8 RGB."""
    mesh, colours = dress(stage.body, knobs.dancers[0].look)
    faces, seconds = stage.body.rest.faces, np.arange(len(stage.joints)) / knobs.fps
    people = ([render.Mesh(stage.body.skin(frame, mesh), faces, colours)] for frame in stage.transforms)
    return picture.frames(knobs.scene, stage.path, stage.take, seconds, people, stage.joints[None])


def _sound(dance: Dance, seconds: float) -> Float:
    """The music, cut where the picture begins: within the first beat."""
    before = dance.takes[0].start_beat * 60 / dance.bpm
    beats_s = np.arange(sum(step.beats for step in dance.steps)) * 60 / dance.bpm
    whole = music.compose(beats_s, dance.bpm, before + seconds, dance.music_seed)
    return whole[round(before * music.RATE) :]
