"""What is watched: frames for a browser, pictures, and videos with clicks or music on the beats."""

import json
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import av
import numpy as np
import pytest

from cluster.settings import settings
from dancecore.composer.composition import Composition
from dancecore.composer.dancing import at_rate, danced
from dancecore.composer.filming import FPS, Track, film
from dancecore.composer.preview import Stage, frames_json, pictures
from dancecore.composer.settings import ComposerSettings
from dancecore.composer.steps import Step
from dancecore.errors import DanceError
from dancecore.media.clicks import SOUND_HZ
from dancecore.media.sound import audio
from dancecore.moves.body import joints
from dancecore.moves.motion import Motion
from dancecore.moves.taxonomy import Taxonomy
from dancecore.types import SECOND, BeatGrid

RATE = settings().media.rate_hz
NAMES = {"mv_floss": "Floss", "mv_grapevine": "Grapevine"}
DANCE = Composition(
    "Sunday", 120.0, (Step("mv_floss", 4, True), Step("mv_grapevine", 8)), "tx-0.1", datetime(2026, 1, 1, tzinfo=UTC)
)
SMALL = Stage(160, 160)


@pytest.fixture(scope="module")
def motion(taxonomy: Taxonomy, numbers: ComposerSettings) -> Motion:
    return danced(DANCE.steps, taxonomy, DANCE.bpm, RATE, numbers).motion


def test_frames_for_a_browser(motion: Motion) -> None:
    said = json.loads(frames_json(DANCE, motion, NAMES, RATE))
    assert said["schema"] == "preview.v1"
    assert len(said["frames"]) == 6 * RATE
    world = joints(at_rate(motion, 120, RATE))
    assert np.abs(np.array(said["frames"]).reshape(-1, 33, 3) / 1000 - world).max() <= 0.0005 + 1e-9
    assert said["joints"][0] == "nose"
    assert all(0 <= a < 33 and 0 <= b < 33 for a, b in said["bones"])
    assert [(s["name"], s["start_ms"], s["end_ms"]) for s in said["steps"]] == [
        ("Floss (mirror)", 0, 2000), ("Grapevine", 2000, 6000),
    ]  # fmt: skip


def test_a_body_dances_where_the_stick_figure_does(motion: Motion) -> None:
    pytest.importorskip("anny")
    beats = np.array([1.0, 7.5])
    sticks, bodies = (
        list(pictures(DANCE, motion, beats, NAMES, replace(SMALL, figure=figure), 4.0)) for figure in ("stick", "body")
    )
    for stick, body in zip(sticks, bodies, strict=True):
        limbs = (stick.max(axis=2) - stick.min(axis=2)) > 90
        solid = (body.max(axis=2) < 215) | (np.ptp(body.astype(int), axis=2) > 12)
        assert (limbs & solid).sum() > 0.7 * limbs.sum(), "the sticks lie in the body"
        assert solid.mean() > 0.03


def test_the_dancer_stays_in_the_picture_and_the_count_runs(motion: Motion) -> None:
    beats = np.arange(0, 12, 0.5)
    shown = list(pictures(DANCE, motion, beats, NAMES, SMALL, 4.0))
    for frame, beat in zip(shown, beats, strict=True):
        limbs = (frame.max(axis=2) - frame.min(axis=2)) > 90
        assert limbs.sum() > 80
        assert not limbs[:, [0, -1]].any()
        dots = [frame[155, 80 + round(8 * (count - 1.5))].mean() < 128 for count in range(4)]
        assert dots.index(True) == int(beat) % 4
        assert sum(dots) == 1


def test_a_mirror_shows_the_other_side(motion: Motion) -> None:
    beats = np.array([1.0])
    plain, mirror = (
        next(pictures(DANCE, motion, beats, NAMES, Stage(160, 160, flip), FPS))[20:140] for flip in (False, True)
    )
    assert np.array_equal(plain[:, ::-1], mirror)


def onsets(path: Path) -> list[float]:
    track = audio(path, SOUND_HZ)
    assert track is not None
    loud = np.flatnonzero(np.abs(track) > 0.2) / SOUND_HZ
    return [float(t) for i, t in enumerate(loud) if i == 0 or t - loud[i - 1] > 0.1]


@pytest.mark.parametrize(("speed", "loops", "seconds"), [(1.0, 1, 6.0), (0.5, 1, 12.0), (2.0, 2, 6.0)])
def test_a_video_clicks_on_every_beat(speed: float, loops: int, seconds: float, motion: Motion, tmp_path: Path) -> None:
    path, told = tmp_path / "dance.mp4", []
    film(path, DANCE, motion, NAMES, stage=SMALL, speed=speed, loops=loops, progress=lambda *at: told.append(at))
    with av.open(str(path)) as container:
        frames = sum(1 for _ in container.decode(video=0))
    assert frames == round(seconds * FPS) == told[-1][0] == told[-1][1]
    assert onsets(path) == pytest.approx([i * 0.5 / speed for i in range(12 * loops)], abs=0.015)


def test_music_is_danced_on_its_own_beats(motion: Motion, tmp_path: Path) -> None:
    """A tune with beats half as fast, the first of them late, drifting: the video starts on it and keeps with it."""
    times = 0.7 + np.cumsum([0, *np.linspace(0.98, 1.06, 7)])
    samples = np.zeros(SOUND_HZ * 9, np.float32)
    for at in times:
        samples[round(at * SOUND_HZ) :][:900] = 0.8 * np.sin(np.arange(900) * 0.2)
    track = Track(samples, BeatGrid(59.0, np.round(times * SECOND).astype(np.int64), 0.9))
    path = tmp_path / "music.mp4"
    film(path, DANCE, motion, NAMES, stage=SMALL, track=track)
    heard = onsets(path)
    assert heard[:6] == pytest.approx(times[:6] - 0.7, abs=0.02)
    with av.open(str(path)) as container:
        stream = container.streams.video[0]
        assert float(stream.duration * stream.time_base) == pytest.approx(times[6] - 0.7, abs=0.05), (
            "twelve beats are six of it"
        )


def test_what_cannot_be_filmed_is_refused(motion: Motion, tmp_path: Path) -> None:
    path = tmp_path / "x.mp4"
    grid = BeatGrid(90.0, np.arange(9) * SECOND * 2 // 3, 0.9)
    for words, values in [
        ("speed", {"speed": 0.1}), ("loops", {"loops": 0}),
        ("more than 15% apart", {"track": Track(np.zeros(SOUND_HZ, np.float32), grid)}),
        ("no beats", {"track": Track(np.zeros(SOUND_HZ, np.float32), BeatGrid(120.0, np.arange(1), 0.1))}),
    ]:  # fmt: skip
        with pytest.raises(DanceError, match=words):
            film(path, DANCE, motion, NAMES, stage=SMALL, **values)
    assert not path.exists()
