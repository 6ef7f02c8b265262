"""Renders dancers and lets BlazePose look at them: the samples that `fitting` and `mapping` learn from."""

from collections.abc import Sequence
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np

from dancecore.errors import DanceError
from dancecore.media import frames, write_video
from dancecore.moves.camera import CameraPath
from dancecore.moves.taxonomy import Taxonomy
from dancecore.pose import PoseModel, estimate
from dancecore.settings import PoseSettings
from dancecore.synthetic import clip
from dancecore.synthetic.choreography import motions
from dancecore.synthetic.dance import Knobs
from dancecore.synthetic.keypoints import on_show
from dancecore.synthetic.landmarks import load_landmarks
from dancecore.synthetic.samples import Sample
from dancecore.types import Float64, IntT, PoseTrack


def take_sample(knobs: Knobs, taxonomy: Taxonomy, model: PoseModel, settings: PoseSettings, rate_hz: int) -> Sample:
    """Film the dance, compressed as clips are, and note what is reported of the lead beside where they were."""
    stage = clip.staged(knobs, taxonomy)
    with TemporaryDirectory() as folder:
        video = Path(folder) / "clip.mp4"
        write_video(video, clip.frames(knobs, stage), knobs.fps, crf=knobs.scene.crf)
        try:
            tracks = estimate(frames(video, rate_hz), model, settings)
        except DanceError as error:
            if error.code != "NO_PERSON":
                raise
            tracks = []
    shown, time_ns = on_show(len(stage.path), knobs.fps, rate_hz)
    path = stage.path
    camera = CameraPath(path.width, path.height, path.rotation[shown], path.centre[shown], path.focal_px[shown])
    joints = stage.joints[:, shown]
    rotation = motions(knobs, taxonomy)[0].world_rotation()[shown]
    track = _of_lead(tracks, camera.project(joints[0]), time_ns, camera)
    return Sample(joints[0], joints[1:], load_landmarks().offset, rotation, stage.bodies[0].leg_m, camera, track)


def _of_lead(tracks: Sequence[PoseTrack], true: Float64, time_ns: IntT, camera: CameraPath) -> PoseTrack:
    """The track that lies nearest to the true image points (T, 33, 2); one that is empty where there is none."""
    if tracks:
        return min(tracks, key=lambda track: float(np.nanmedian(np.linalg.norm(track.xy_px - true, axis=-1))))
    nowhere = np.full((len(time_ns), 33, 3), np.nan, np.float32)
    unseen, uncut = np.zeros(nowhere.shape[:2], np.float32), np.zeros(len(time_ns), np.bool_)
    return PoseTrack(time_ns, nowhere[..., :2].copy(), nowhere, unseen, uncut, camera.width, camera.height)
