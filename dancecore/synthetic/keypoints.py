"""A synthetic dance as keypoints alone: no body mesh, no picture, a fiftieth of the time of a rendered clip."""

from dataclasses import dataclass, replace

import numpy as np

from dancecore.learning.datasets.joints import TrueJoints
from dancecore.moves.camera import CameraPath
from dancecore.moves.taxonomy import Taxonomy
from dancecore.synthetic.choreography import motions
from dancecore.synthetic.clip import Truth, describe
from dancecore.synthetic.dance import Knobs
from dancecore.synthetic.fast_body import fast_body
from dancecore.synthetic.observe import observe
from dancecore.synthetic.observe_settings import ObserveSettings
from dancecore.synthetic.scene import camera_path
from dancecore.synthetic.timeline import timeline
from dancecore.types import SECOND, IntT, PoseTrack


@dataclass(frozen=True, slots=True)
class Keypoints:
    """What BlazePose would report of a clip, a track for each dancer over the same frames, the lead's first; where the
    joints really were in these frames; the ground truth."""

    tracks: list[PoseTrack]
    joints: TrueJoints
    truth: Truth


def make_keypoints(
    knobs: Knobs, taxonomy: Taxonomy, settings: ObserveSettings, rate_hz: int, video_id: str
) -> Keypoints:
    """The dance of these knobs as if it had been rendered, and looked at `rate_hz` times a second.

    Raises DanceError("MISSING_EXTRA") without anny. The first clip of a body takes 30 ms longer.
    """
    bodies = [fast_body(dancer.shape) for dancer in knobs.dancers]
    danced = motions(knobs, taxonomy)
    joints = np.stack([body.joints(motion) for body, motion in zip(bodies, danced, strict=True)])
    _, take = timeline(knobs.dance, knobs.fps)
    lead = np.array([dancer.role != "bystander" for dancer in knobs.dancers])
    path = camera_path(knobs.scene, joints[lead], take, np.arange(len(take)) / knobs.fps)
    shown, time_ns = on_show(len(take), knobs.fps, rate_hz)
    camera = CameraPath(path.width, path.height, path.rotation[shown], path.centre[shown], path.focal_px[shown])
    joints, cut = joints[:, shown], np.diff(take[shown], prepend=take[0]) != 0
    tracks = []
    for number, own in enumerate(joints):
        others = [other for i, other in enumerate(joints) if i != number]
        track = observe(own, time_ns, camera, settings, seed=knobs.seed * len(joints) + number, others=others)
        tracks.append(replace(track, cut=cut.copy(), dancer=number))
    seen = np.stack([camera.project(each) for each in joints]).astype(np.float32)
    true = TrueJoints(time_ns, joints.astype(np.float32), seen, camera)
    return Keypoints(tracks, true, describe(knobs, taxonomy, video_id))


def on_show(count: int, fps: int, rate_hz: int) -> tuple[IntT, IntT]:
    """shown (T,): which of `count` pictures at `fps` is on show at each tick of a clock of `rate_hz`, and time_ns (T,)
    when: as `media.frames` takes them from a clip, whose motion halts and leaps a little where the rates differ."""
    ticks = np.arange(-(-count * rate_hz // fps), dtype=np.int64)
    return ticks * fps // rate_hz, ticks * SECOND // rate_hz
