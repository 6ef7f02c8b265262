"""Samples are what BlazePose reports of rendered dancers, beside where these are."""

from dataclasses import replace

import numpy as np
import pytest

from cluster.settings import home, settings
from dancecore.errors import DanceError
from dancecore.moves.taxonomy import Taxonomy
from dancecore.pose import PoseModel, load
from dancecore.synthetic.body import Body
from dancecore.synthetic.dance import draw_knobs
from dancecore.synthetic.residuals import followed
from dancecore.synthetic.sampling import take_sample


@pytest.fixture(scope="module")
def model() -> PoseModel:
    try:
        return load("full", home() / "weights", settings().pose)
    except DanceError as error:
        pytest.skip(str(error))


@pytest.mark.slow
def test_a_sample_is_a_dancer_and_what_is_seen_of_them(
    model: PoseModel, bodies: dict[str, Body], taxonomy: Taxonomy
) -> None:
    numbers = settings().synthetic
    short = replace(numbers.dance, seconds=(3.2, 4.5), bpm=(110.0, 130.0), cut_share=0.0)
    alone = replace(numbers.people, company_shares=(1.0, 0.0, 0.0))
    knobs = draw_knobs(11, replace(numbers, dance=short, people=alone), taxonomy)
    sample = take_sample(knobs, taxonomy, model, settings().pose, 20)
    assert len(sample.joints) == len(sample.rotation) == len(sample.track) == len(sample.camera)
    assert sample.others.shape == (0, *sample.joints.shape)
    assert followed(sample)
    true = sample.camera.project(sample.joints)
    size = np.ptp(true[..., 1], axis=1)[:, None]
    assert np.nanmedian(np.linalg.norm(sample.track.xy_px - true, axis=-1) / size) < 0.03
