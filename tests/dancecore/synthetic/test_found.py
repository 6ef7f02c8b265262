"""BlazePose finds the synthetic dancer, and finds the joints where they are."""

from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import pytest

from cluster.settings import home, settings
from dancecore.errors import DanceError
from dancecore.media import frames as frames_of
from dancecore.media import write_video
from dancecore.moves.taxonomy import Taxonomy
from dancecore.pose import PoseModel, estimate, load, primary
from dancecore.skeleton import INDEX
from dancecore.synthetic.body import Body
from dancecore.synthetic.clip import frames, staged
from dancecore.synthetic.dance import draw_knobs
from dancecore.types import SECOND, BoolT

ALL = settings().synthetic
NUMBERS = replace(
    ALL,
    dance=replace(ALL.dance, seconds=(3.2, 4.5), bpm=(110.0, 130.0), cut_share=0.0),
    people=replace(ALL.people, company_shares=(1.0,)),
)


@pytest.fixture(scope="module")
def model() -> PoseModel:
    try:
        return load("full", home() / "weights", settings().pose)
    except DanceError as error:
        pytest.skip(str(error))


SEEDS = range(8)


@dataclass
class Found:
    """One clip: in which frames (T,) somebody is found, and which joints (T, 33) are where they should be, of those in
    the picture; how far the camera turns from the dancer's front."""

    present: BoolT
    near: BoolT
    shown: BoolT
    yaw: float


@pytest.fixture(scope="module")
def found(
    model: PoseModel, bodies: dict[str, Body], taxonomy: Taxonomy, tmp_path_factory: pytest.TempPathFactory
) -> list[Found]:
    return [_found(seed, model, taxonomy, tmp_path_factory.mktemp("found")) for seed in SEEDS]


def _found(seed: int, model: PoseModel, taxonomy: Taxonomy, folder: Path) -> Found:
    """What BlazePose sees of the clip of this seed, written and read as any clip is."""
    knobs = draw_knobs(seed, NUMBERS, taxonomy)
    stage, path = staged(knobs, taxonomy), folder / "clip.mp4"
    write_video(path, frames(knobs, stage), knobs.fps, crf=knobs.scene.crf)
    batches = frames_of(path, settings().media.rate_hz)
    track = primary(estimate(batches, model, settings().pose), settings().pose)
    shown = (track.time_ns * knobs.fps + SECOND // 1000) // SECOND
    true = stage.path.project(stage.joints[0])[shown]
    shoulders, hips = (
        true[:, [INDEX[f"{s}_{part}"] for s in ("left", "right")]].mean(1) for part in ("shoulder", "hip")
    )
    torso = np.median(np.linalg.norm(shoulders - hips, axis=1))
    inside = ((true > 0) & (true < [knobs.scene.width, knobs.scene.height])).all(-1)
    near = np.linalg.norm(track.xy_px - true, axis=-1) < 0.2 * torso
    return Found(track.present, near, inside, knobs.scene.views[0].yaw)


@pytest.mark.slow
def test_dancers_are_found_with_every_knob_on(found: list[Found]) -> None:
    assert np.concatenate([each.present for each in found]).mean() >= 0.97


@pytest.mark.slow
def test_joints_are_found_where_they_are(found: list[Found]) -> None:
    """PCK at 0.2 torso lengths (Yang & Ramanan 2013) of all 33 joints that the picture shows, but from behind."""
    front = [each for each in found if abs(each.yaw) <= 90]
    assert len(front) > 4
    assert np.concatenate([each.near[each.shown] for each in front]).mean() > 0.9
