"""A dance as keypoints alone is the same dance as the rendered one."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from cluster.settings import settings
from dancecore.media import frames, write_video
from dancecore.moves.taxonomy import Taxonomy
from dancecore.skeleton import INDEX as J
from dancecore.synthetic.body import Body
from dancecore.synthetic.clip import staged
from dancecore.synthetic.dance import Knobs, draw_knobs
from dancecore.synthetic.keypoints import Keypoints, make_keypoints, on_show

RATE = 20


def knobs(seed: int, taxonomy: Taxonomy, **changed: object) -> Knobs:
    """A short clip."""
    numbers = settings().synthetic
    short = replace(numbers.dance, seconds=(4.0, 6.0), bpm=(100.0, 120.0), **changed)  # type: ignore[arg-type]
    return draw_knobs(seed, replace(numbers, dance=short), taxonomy)


def keypoints(seed: int, taxonomy: Taxonomy, **changed: object) -> tuple[Knobs, Keypoints]:
    drawn = knobs(seed, taxonomy, **changed)
    return drawn, make_keypoints(drawn, taxonomy, settings().observe, RATE, f"syn_{seed}")


@pytest.mark.parametrize(("fps", "count"), [(24, 37), (25, 50), (30, 31), (20, 20), (60, 61)])
def test_pictures_on_show_are_those_that_a_reader_takes(fps: int, count: int, tmp_path: Path) -> None:
    grey = [np.full((16, 16, 3), 2 * i + 20, np.uint8) for i in range(count)]
    write_video(tmp_path / "grey.mp4", iter(grey), fps, crf=1)
    read = list(frames(tmp_path / "grey.mp4", RATE))
    level = np.concatenate([batch.images[:, 8, 8, 1] for batch in read])
    shown, time_ns = on_show(count, fps, RATE)
    np.testing.assert_allclose(level, 2 * shown + 20, atol=1)
    np.testing.assert_array_equal(np.concatenate([batch.time_ns for batch in read]), time_ns)


@pytest.mark.parametrize("seed", [1, 2, 5])
def test_joints_are_those_of_the_rendered_clip(seed: int, bodies: dict[str, Body], taxonomy: Taxonomy) -> None:
    """To a few millimetres, which are as many pixels' fractions."""
    drawn, made = keypoints(seed, taxonomy)
    stage = staged(drawn, taxonomy)
    shown, _ = on_show(len(stage.path), drawn.fps, RATE)
    apart = np.linalg.norm(made.joints.world_m - stage.joints[:, shown], axis=-1)
    assert np.median(apart) < 0.003
    assert apart.max() < 0.04
    np.testing.assert_allclose(made.joints.camera.focal_px, stage.path.focal_px[shown], rtol=0.02)
    off = np.linalg.norm(
        made.joints.xy_px - np.stack([stage.path.project(each)[shown] for each in stage.joints]), axis=-1
    )
    assert np.nanmedian(off) < 2


def test_everybody_has_a_track_that_is_about_where_they_are(bodies: dict[str, Body], taxonomy: Taxonomy) -> None:
    for seed in range(6):
        drawn, made = keypoints(seed, taxonomy)
        assert [track.dancer for track in made.tracks] == list(range(len(drawn.dancers)))
        for number, track in enumerate(made.tracks):
            off = np.linalg.norm(track.xy_px - made.joints.xy_px[number], axis=-1)
            size = np.ptp(made.joints.xy_px[number][..., 1], axis=-1)
            hips = made.joints.xy_px[number][:, [J["left_hip"], J["right_hip"]]]
            inside = ((hips > 0) & (hips < [track.width, track.height])).all(2)
            assert not track.present[~inside.any(1)].any()
            assert not inside.all() or track.present.mean() > 0.9
            if track.present.any():
                assert np.nanmedian(off / size[:, None]) < 0.05
        assert made.truth.segments[0].start_ms == 0
        assert made.truth.segments[-1].end_ms == pytest.approx(1000 * len(made.tracks[0]) / RATE, abs=100)


def test_cuts_are_where_takes_begin(bodies: dict[str, Body], taxonomy: Taxonomy) -> None:
    drawn, made = keypoints(3, taxonomy, cut_share=1.0)
    assert len(drawn.dance.takes) > 1
    assert made.tracks[0].cut.sum() == len(drawn.dance.takes) - 1
    leap = np.linalg.norm(np.diff(made.joints.camera.centre, axis=0), axis=1)
    assert set(np.flatnonzero(leap > 0.2) + 1) <= set(np.flatnonzero(made.tracks[0].cut))


def test_the_same_seed_gives_the_same_keypoints(bodies: dict[str, Body], taxonomy: Taxonomy) -> None:
    (_, one), (_, again), (_, other) = (keypoints(seed, taxonomy) for seed in (4, 4, 7))
    np.testing.assert_array_equal(one.tracks[0].xy_px, again.tracks[0].xy_px)
    np.testing.assert_array_equal(one.tracks[0].visibility, again.tracks[0].visibility)
    assert (
        one.tracks[0].xy_px.shape != other.tracks[0].xy_px.shape or (one.tracks[0].xy_px != other.tracks[0].xy_px).any()
    )
