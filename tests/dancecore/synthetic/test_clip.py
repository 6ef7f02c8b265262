"""Whole clips: what is written is a video that shows what its truth says; and the committed samples."""

import json
from dataclasses import fields, replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from cluster.settings import settings
from dancecore.learning.datasets.joints import read_joints
from dancecore.media import audio, probe
from dancecore.moves.taxonomy import Taxonomy
from dancecore.music.beats import track_beats
from dancecore.synthetic.body import Body
from dancecore.synthetic.choreography import motions
from dancecore.synthetic.clip import Truth, describe, frames, make_clip, staged
from dancecore.synthetic.dance import Knobs, draw_knobs
from dancecore.synthetic.pattern import Garment
from dancecore.synthetic.textures import Surface
from dancecore.synthetic.wardrobe import Outfit, Person
from dancecore.types import OTHER
from tests.dancecore.synthetic.test_effects import NONE
from tests.dancecore.synthetic.test_raycast import ROOM

ALL = settings().synthetic
NUMBERS = replace(
    ALL,
    dance=replace(ALL.dance, seconds=(3.2, 4.5), bpm=(110.0, 130.0), cut_share=1.0, cuts=(1,)),
    people=replace(ALL.people, company_shares=(0.0, 1.0)),
    scene=replace(ALL.scene, sizes=((128, 192),), fps=(24,)),
)
CLIPS = Path(__file__).parents[2] / "data" / "clips"
SAMPLES = sorted(CLIPS.glob("*.mp4"))


@pytest.fixture(scope="module")
def knobs(taxonomy: Taxonomy, bodies: dict[str, Body]) -> Knobs:
    return draw_knobs(11, NUMBERS, taxonomy)


def test_a_clip_is_a_video_with_its_truth(knobs: Knobs, taxonomy: Taxonomy, tmp_path: Path) -> None:
    out = tmp_path / "syn_11.mp4"
    truth = make_clip(knobs, taxonomy, out, with_joints=True)
    info = probe(out, settings().media)
    assert (info.width, info.height, round(info.fps, 3), info.codec, info.has_audio) == (128, 192, 24.0, "h264", True)
    assert info.duration_ms == pytest.approx(truth.segments[-1].end_ms, abs=1000 / 24 + 1)
    written = json.loads(out.with_suffix(".json").read_text())
    assert set(written) == {field.name for field in fields(Truth)}
    assert written["video_id"] == "syn_11"
    assert written["taxonomy"] == taxonomy.semver
    assert written["creator"] == knobs.dancers[0].creator
    assert written["duration_ms"] == truth.segments[-1].end_ms
    assert len(written["cuts_ms"]) == len(knobs.dance.takes) - 1
    assert "single_dancer" not in written["flags"]
    assert [part["move_id"] for part in written["segments"]] == [part.move_id for part in truth.segments]
    joints = read_joints(out.with_suffix(".npz"))
    assert joints.world_m.shape == (2, round(info.duration_ms * 24 / 1000), 33, 3)
    assert joints.time_ns[-1] / 1e6 < written["duration_ms"]
    assert np.isfinite(joints.xy_px).all()


def test_a_cut_shows(knobs: Knobs, taxonomy: Taxonomy) -> None:
    """Where the truth has a cut, the camera leaps; elsewhere it does not."""
    stage, (cut_ms,) = staged(knobs, taxonomy), describe(knobs, taxonomy, "x").cuts_ms
    leap = np.linalg.norm(np.diff(stage.path.centre, axis=0), axis=1)
    at = np.ceil(cut_ms * knobs.fps / 1000)
    assert leap.argmax() + 1 == pytest.approx(at, abs=1)
    assert np.sort(leap)[-2] < 0.2 * leap.max()


def test_the_sound_lasts_as_long_as_the_picture(knobs: Knobs, taxonomy: Taxonomy, tmp_path: Path) -> None:
    truth = make_clip(knobs, taxonomy, tmp_path / "clip.mp4")
    samples = audio(tmp_path / "clip.mp4", 22050)
    assert samples is not None
    assert 1000 * len(samples) / 22050 == pytest.approx(truth.duration_ms, abs=80)


def test_the_same_seed_gives_the_same_frames(knobs: Knobs, taxonomy: Taxonomy) -> None:
    one, again = (next(frames(knobs, staged(knobs, taxonomy))) for _ in range(2))
    np.testing.assert_array_equal(one, again)


def test_the_picture_shows_the_dancer_where_the_joints_are(knobs: Knobs, taxonomy: Taxonomy) -> None:
    """With clothes and skin of one strange colour, that colour is at every limb's joint and only near joints."""
    pink = (255.0, 0.0, 255.0)
    lead, scene = knobs.dancers[0], knobs.scene
    cloth = Garment("t_shirt", pink, pink, "plain", 1.0)
    outfit = Outfit(cloth, replace(cloth, kind="joggers"), replace(cloth, kind="sneakers"))
    lead = replace(lead, person=Person(pink, pink, "cropped"), outfit=outfit)
    green = Surface("flat", (0.0, 160.0, 0.0), (0.0, 160.0, 0.0), 1.0)
    backdrop = replace(ROOM, kind="plain", wall=green, floor=green)
    bare = replace(scene, backdrop=backdrop, props=(), walkers=(), overlays=(), effects=NONE)
    drawn = replace(knobs, dancers=(lead,), scene=bare)
    stage = staged(drawn, taxonomy)
    image = next(frames(drawn, stage)).astype(int)
    body = (image[..., 0] > 40) & (image[..., 1] < 40)
    xy = stage.path.project(stage.joints[0])[0]
    for joint in (*range(11, 17), *range(23, 29)):
        x, y = xy[joint].astype(int)
        assert body[y - 1 : y + 2, x - 1 : x + 2].any()
    low, high = xy.min(0), xy.max(0)
    rows, columns = np.nonzero(body)
    assert (np.abs([columns.min() - low[0], columns.max() - high[0]]) < 15).all()
    assert (np.abs([rows.min() - low[1], rows.max() - high[1]]) < 15).all()


def test_motion_and_joints_have_a_row_for_each_frame(knobs: Knobs, taxonomy: Taxonomy) -> None:
    stage = staged(knobs, taxonomy)
    for joints, transforms, motion in zip(stage.joints, stage.transforms, motions(knobs, taxonomy), strict=True):
        assert len(joints) == len(transforms) == len(motion.beats)


def test_there_are_six_samples() -> None:
    assert len(SAMPLES) == 6


@pytest.fixture(params=SAMPLES, ids=[path.stem for path in SAMPLES])
def sample(request: pytest.FixtureRequest) -> Path:
    return request.param


def test_samples_are_small_and_agree_with_their_truth(sample: Path, taxonomy: Taxonomy) -> None:
    truth, info = json.loads(sample.with_suffix(".json").read_text()), probe(sample, settings().media)
    assert info.bytes < 900_000
    assert 8_000 <= info.duration_ms <= 15_000
    assert truth["video_id"] == sample.stem
    assert truth["taxonomy"] == taxonomy.semver
    assert set(truth) == {field.name for field in fields(Truth)}
    assert info.fps == pytest.approx(truth["fps"])
    ends = [0, *(part["end_ms"] for part in truth["segments"])]
    assert [part["start_ms"] for part in truth["segments"]] == ends[:-1]
    assert ends[-1] == pytest.approx(info.duration_ms, abs=1000 / info.fps + 1)
    assert {part["move_id"] for part in truth["segments"]} <= set(taxonomy.moves) | {OTHER}


def test_samples_sound_at_their_tempo(sample: Path) -> None:
    truth = json.loads(sample.with_suffix(".json").read_text())
    samples = audio(sample, 22050)
    assert samples is not None
    heard = track_beats(samples, 22050, settings().music)
    assert heard is not None
    assert heard.bpm == pytest.approx(truth["bpm"], rel=0.02)
    late = np.abs(heard.beats_ns[:, None] / 1e6 - np.array(truth["beats_ms"])).min(1)
    assert np.median(late) < 40


def named(knobs: Any, name: str) -> list[Any]:
    """All values that knobs hold under this name, at any depth."""
    inside = knobs.values() if isinstance(knobs, dict) else knobs if isinstance(knobs, list) else []
    here = [knobs[name]] if isinstance(knobs, dict) and name in knobs else []
    return here + [found for each in inside for found in named(each, name)]


def test_samples_differ_in_all_that_should_not_matter() -> None:
    knobs = [json.loads(path.with_suffix(".json").read_text())["knobs"] for path in SAMPLES]
    for name in ("shape", "yaw", "top", "bpm", "steps"):
        values = [named(each, name) for each in knobs]
        assert all(values)
        assert len({json.dumps(each) for each in values}) == len(knobs)
