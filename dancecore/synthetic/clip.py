"""A synthetic dance as a video with its ground truth."""

import json
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from pathlib import Path

import numpy as np

from dancecore.learning.datasets.joints import TrueJoints, pack_joints
from dancecore.media import write_video
from dancecore.moves.camera import CameraPath
from dancecore.moves.taxonomy import Taxonomy
from dancecore.synthetic import choreography, music, picture, render, timeline
from dancecore.synthetic.body import Body, build
from dancecore.synthetic.dance import Dance, Knobs
from dancecore.synthetic.dressing import dress
from dancecore.synthetic.scene import camera_path
from dancecore.synthetic.timeline import Danced
from dancecore.types import SECOND, Float, Float64, Image, IntT


@dataclass(frozen=True, slots=True)
class Truth:
    """What is known of a synthetic clip. `segments` are the lead's, `creator`'s, and cover the clip without gaps;
    `cuts_ms` is where another take begins; `knobs` made it all."""

    video_id: str
    taxonomy: str
    creator: str
    fps: float
    duration_ms: int
    segments: tuple[Danced, ...]
    flags: tuple[str, ...]
    bpm: float
    beats_ms: tuple[int, ...]
    cuts_ms: tuple[int, ...]
    knobs: Knobs


@dataclass(frozen=True, slots=True)
class Staged:
    """A dance ready to be drawn or observed: D dancers over F frames.

    transforms: (F, B, 3, 4) of each dancer's bones; joints (D, F, 33, 3) world metres; take (F,) and the camera's path.
    """

    bodies: tuple[Body, ...]
    transforms: tuple[Float64, ...]
    joints: Float64
    take: IntT
    path: CameraPath


def make_clip(knobs: Knobs, taxonomy: Taxonomy, out: Path, *, with_joints: bool = False) -> Truth:
    """Write the dance to `out` (an MP4; its stem is the video_id) and its truth beside it as JSON.

    `with_joints` also writes an NPZ with the true joints of everybody in every frame, see `pack_joints`.
    Raises DanceError("MISSING_EXTRA") without anny.
    """
    stage = staged(knobs, taxonomy)
    film(knobs, stage, out)
    truth = describe(knobs, taxonomy, out.stem)
    out.with_suffix(".json").write_text(json.dumps(asdict(truth), indent=1) + "\n", encoding="utf-8")
    if with_joints:
        out.with_suffix(".npz").write_bytes(pack_joints(true_joints(stage, knobs.fps)))
    return truth


def film(knobs: Knobs, stage: Staged, out: Path) -> None:
    """Write the dance to `out` as an MP4 with its music, whole or not at all."""
    write_video(out, frames(knobs, stage), knobs.fps, _sound(knobs.dance), music.RATE, knobs.scene.crf)


def describe(knobs: Knobs, taxonomy: Taxonomy, video_id: str) -> Truth:
    """The ground truth of a dance, whose video is called `video_id`."""
    flags = (("single_dancer",) if len(knobs.dancers) == 1 else ()) + ("synthetic",)
    flags += ("clear_bg",) if knobs.scene.backdrop.kind in ("plain", "gradient") else ()
    *cuts_ms, duration_ms = (round(1000 * at) for at in timeline.cuts_s(knobs.dance)[1:])
    return Truth(
        video_id=video_id,
        taxonomy=taxonomy.semver,
        creator=knobs.dancers[0].creator,
        fps=knobs.fps,
        duration_ms=duration_ms,
        segments=timeline.segments(knobs.dance),
        flags=flags,
        bpm=knobs.dance.bpm,
        beats_ms=tuple(int(at) for at in timeline.beats_ms(knobs.dance)),
        cuts_ms=tuple(cuts_ms),
        knobs=knobs,
    )


def staged(knobs: Knobs, taxonomy: Taxonomy) -> Staged:
    """The dancers and the cameras of these knobs."""
    bodies = tuple(build(dancer.shape) for dancer in knobs.dancers)
    motions = choreography.motions(knobs, taxonomy)
    transforms = tuple(body.transforms(motion) for body, motion in zip(bodies, motions, strict=True))
    joints = np.stack([body.joints(each) for body, each in zip(bodies, transforms, strict=True)])
    _, take = timeline.timeline(knobs.dance, knobs.fps)
    seen = np.array([dancer.role != "bystander" for dancer in knobs.dancers])
    path = camera_path(knobs.scene, joints[seen], take, np.arange(len(take)) / knobs.fps)
    return Staged(bodies, transforms, joints, take, path)


def true_joints(stage: Staged, rate_hz: float) -> TrueJoints:
    """Where everybody's joints really are, `rate_hz` frames a second, the lead's first."""
    time_ns = np.round(np.arange(len(stage.take)) * SECOND / rate_hz).astype(np.int64)
    xy = np.stack([stage.path.project(each) for each in stage.joints])
    return TrueJoints(time_ns, stage.joints.astype(np.float32), xy.astype(np.float32), stage.path)


def frames(knobs: Knobs, stage: Staged) -> Iterator[Image]:
    """Each frame of the clip, (H, W, 3) uint8 RGB."""
    seconds = np.arange(len(stage.take)) / knobs.fps
    return picture.frames(knobs.scene, stage.path, stage.take, seconds, _people(knobs, stage), stage.joints)


def _people(knobs: Knobs, stage: Staged) -> Iterator[list[render.Mesh]]:
    """Everybody's mesh, frame by frame."""
    dancers = zip(stage.bodies, knobs.dancers, strict=True)
    dressed = [dress(body, dancer.person, dancer.outfit) for body, dancer in dancers]
    for f in range(len(stage.take)):
        yield [
            render.Mesh(each.pose(transforms[f]), each.faces, each.colours)
            for each, transforms in zip(dressed, stage.transforms, strict=True)
        ]


def _sound(dance: Dance) -> Float:
    """The music as the clip lets it be heard."""
    beats_s = timeline.beat_times(dance)
    whole = music.compose(beats_s[:-1], dance.swing, float(beats_s[-1]), dance.music_seed, dance.drums)
    return timeline.heard(whole, music.RATE, dance)
