"""The fit finds the numbers that a track was made with, and the mapping the offsets."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from cluster.settings import settings
from dancecore.moves import body as stick
from dancecore.moves.taxonomy import Taxonomy
from dancecore.skeleton import JOINTS
from dancecore.synthetic.agreement import figures, modelled
from dancecore.synthetic.fitting import fit
from dancecore.synthetic.landmarks import MIRROR, PARTS, load_landmarks, part, side
from dancecore.synthetic.mapping import fit_landmarks
from dancecore.synthetic.observe_settings import ObserveSettings
from dancecore.synthetic.samples import Sample, read_sample, write_sample
from tests.dancecore.synthetic.stick_samples import samples

TRUE = replace(settings().observe, missed_share=0.05, missed_s=0.4)


@pytest.fixture(scope="module")
def observed(taxonomy: Taxonomy) -> list[Sample]:
    return samples(taxonomy, TRUE, 36, beats=48)


@pytest.fixture(scope="module")
def fitted(observed: list[Sample]) -> ObserveSettings:
    return fit(observed)


TOLERANCE = {"steady": 0.008, "jitter": 0.008, "sure": 0.6, "lean": 0.15, "depth_jitter": 0.05, "inherit": 0.25}


@pytest.mark.parametrize(("name", "near"), TOLERANCE.items(), ids=list(TOLERANCE))
def test_the_fit_finds_what_the_parts_err_by(name: str, near: float, fitted: ObserveSettings) -> None:
    np.testing.assert_allclose(getattr(fitted, name), getattr(TRUE, name), atol=near)


def test_the_fit_finds_what_is_common_to_all(fitted: ObserveSettings) -> None:
    assert fitted.torso_m == pytest.approx(TRUE.torso_m, rel=0.05)
    assert fitted.missed_share == pytest.approx(0.05, abs=0.02)
    assert fitted.missed_s == pytest.approx(0.4, rel=0.35)
    arms = [PARTS.index(name) for name in ("elbow", "wrist", "knee")]
    np.testing.assert_allclose(np.array(fitted.hide)[arms], np.array(TRUE.hide)[arms], rtol=0.3)
    for name, told in (("depth_slope", ("elbow", "wrist")), ("depth_apart", ("shoulder", "elbow", "wrist"))):
        parts = [PARTS.index(part) for part in told]
        found, true = (np.array(getattr(each, name))[parts] for each in (fitted, TRUE))
        np.testing.assert_allclose(found[:, :3], true[:, :3], atol=0.3)


def test_figures_of_a_model_agree_with_those_of_what_it_was_fitted_on(
    observed: list[Sample], fitted: ObserveSettings
) -> None:
    real, made = figures(observed), figures(modelled(observed, fitted))
    for name in ("front: PCK@0.2", "back: PCK@0.2", "side: doubted", "wrists: rms", "ankles: depth rms"):
        assert made[name] == pytest.approx(real[name], rel=0.25, abs=0.01)


def test_the_mapping_finds_where_landmarks_are(taxonomy: Taxonomy) -> None:
    """Tracks of landmarks that are off by known offsets, some of them lost."""
    table = replace(load_landmarks(), offset=np.zeros((33, 3)))
    rng = np.random.default_rng(0)
    by_part = {name: rng.uniform(-0.04, 0.04, 3) * (MIRROR == 1 if name == "nose" else 1) for name in PARTS}
    want = np.array([by_part[part(joint)] * side(joint) for joint in JOINTS])
    seen = []
    for sample in samples(taxonomy, TRUE, 12):
        moved = sample.mapped(replace(table, offset=want))
        image = moved.camera.project(moved.joints).astype(np.float32)
        image[::7, 3::5] += 80
        whole = np.ones(image.shape[:2], np.float32)
        seen.append(replace(sample, track=replace(sample.track, xy_px=image, visibility=whole)))
    np.testing.assert_allclose(fit_landmarks(seen, table).offset, want, atol=2e-3)


def test_samples_are_kept_whole(taxonomy: Taxonomy, tmp_path: Path) -> None:
    sample = samples(taxonomy, TRUE, 1)[0]
    path = tmp_path / "deep" / "sample.npz"
    write_sample(sample, path)
    again = read_sample(path)
    np.testing.assert_allclose(again.joints, sample.joints, atol=1e-6)
    np.testing.assert_array_equal(again.track.xy_px, sample.track.xy_px)
    np.testing.assert_array_equal(again.camera.rotation, sample.camera.rotation)
    assert again.leg_m == stick.NEUTRAL.leg
