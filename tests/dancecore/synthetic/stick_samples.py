"""Samples of the taxonomy's stick figure, for tests of what is fitted on samples: no body, no picture, no estimator."""

import numpy as np

from dancecore.moves import body as stick
from dancecore.moves.camera import Camera, CameraPath, still
from dancecore.moves.motion import Motion
from dancecore.moves.sequence import around, retime
from dancecore.moves.taxonomy import Taxonomy
from dancecore.synthetic.observe import observe
from dancecore.synthetic.observe_settings import ObserveSettings
from dancecore.synthetic.samples import Sample

MOVES = ("mv_two_step", "mv_floss", "mv_body_roll", "mv_sprinkler", "mv_swim", "mv_twist")


def dance(taxonomy: Taxonomy, move: str = "mv_two_step", beats: int = 24) -> Motion:
    """So many beats of a move at 20 Hz and 120 bpm."""
    return retime(around(taxonomy.moves[move].motion, np.arange(0, beats, 1 / 16)), 120.0, 20.0)


def times(count: int) -> np.ndarray:
    """(count,) nanoseconds at 20 Hz."""
    return np.arange(count, dtype=np.int64) * 50_000_000


def filmed(frames: int, yaw: float = 25.0, **changed: float) -> CameraPath:
    """A camera that stands still."""
    return still(Camera(360, 640, yaw=yaw, pitch=5.0, **changed), frames)  # type: ignore[arg-type]


def samples(taxonomy: Taxonomy, settings: ObserveSettings, count: int, beats: int = 24) -> list[Sample]:
    """Dances seen from all around, observed with these settings."""
    made = []
    for number in range(count):
        motion = dance(taxonomy, MOVES[number % len(MOVES)], beats)
        joints = stick.joints(motion)
        camera = filmed(len(joints), yaw=360.0 * number / count)
        track = observe(joints, times(len(joints)), camera, settings, seed=number)
        nobody, rotation = np.zeros((0, *joints.shape)), motion.world_rotation()
        made.append(Sample(joints, nobody, np.zeros((33, 3)), rotation, stick.NEUTRAL.leg, camera, track))
    return made
