"""BlazePose finds the synthetic dancer, and finds the joints where they are."""

from collections.abc import Iterator
from dataclasses import replace

import numpy as np
import pytest

from cluster.settings import home, settings
from dancecore.errors import DanceError
from dancecore.moves.taxonomy import Taxonomy
from dancecore.pose import PoseModel, estimate, load, primary
from dancecore.skeleton import INDEX
from dancecore.synthetic.body import Body
from dancecore.synthetic.clip import frames, staged
from dancecore.synthetic.dance import draw_knobs
from dancecore.types import FrameBatch

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


def middle(xy: np.ndarray, joint: str) -> np.ndarray:
    return xy[:, [INDEX[f"left_{joint}"], INDEX[f"right_{joint}"]]].mean(1)


@pytest.mark.slow
@pytest.mark.parametrize("seed", range(4))
def test_blazepose_finds_the_joints(seed: int, model: PoseModel, bodies: dict[str, Body], taxonomy: Taxonomy) -> None:
    """PCK at 0.2 torso lengths (Yang & Ramanan 2013) of all 33 joints; dancers are found in every frame."""
    knobs = draw_knobs(seed, NUMBERS, taxonomy)
    stage = staged(knobs, taxonomy)
    time_ns = (np.arange(len(stage.take)) * 1e9 / knobs.fps).astype(np.int64)

    def batches() -> Iterator[FrameBatch]:
        for i, image in enumerate(frames(knobs, stage)):
            yield FrameBatch(image[None], time_ns[i : i + 1])

    track = primary(estimate(batches(), model, settings().pose), settings().pose)
    true = stage.path.project(stage.joints[0])
    shoulders, hips = (
        true[:, [INDEX[f"{s}_{part}"] for s in ("left", "right")]].mean(1) for part in ("shoulder", "hip")
    )
    torso = np.median(np.linalg.norm(shoulders - hips, axis=1))
    near = np.linalg.norm(track.xy_px - true, axis=-1) < 0.2 * torso
    assert track.present.all()
    assert near.mean() > 0.9
    assert track.visibility.mean() > 0.85
