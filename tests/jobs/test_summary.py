"""The end of a run in numbers."""

import json

import pytest

from jobs.guard import Row
from jobs.summary import Summary, as_json, print_summary, summarise


def row(worker: str = "w1", frames: int = 0, began: float = 0, ended: float = 0, error: str = "", **more: bool) -> Row:
    return {
        "path": "/clips/a.mp4", "message": "in plain words", "error": error, "frames": frames, "worker": worker,
        "bare_fps": 100.0, "pose_began_s": began, "pose_ended_s": ended, "resumed": False,
    } | more  # fmt: skip


TWO_WORKERS = [row("w1", 300, 10, 14), row("w2", 500, 11, 15), row(resumed=True), row(error="pose/NO_PERSON")]


def test_summarise() -> None:
    got = summarise([row(error="probe/TRUNCATED"), row(error="probe/TRUNCATED")], TWO_WORKERS, skipped=4)
    assert (got.clips, got.indexed, got.skipped, got.resumed, got.posed, got.frames) == (10, 3, 4, 1, 2, 800)
    assert (got.seconds, got.frames_per_s, got.ceiling) == (5.0, 160.0, 200.0)
    assert got.ceiling_share == pytest.approx(0.8)
    assert got.errors == {"probe/TRUNCATED": 2, "pose/NO_PERSON": 1}
    assert got.error_share == pytest.approx(0.3)


def test_nothing_to_do() -> None:
    got = summarise([], [], skipped=3)
    assert (got.frames_per_s, got.ceiling_share, got.error_share, got.errors) == (0.0, None, 0.0, {})


def test_print_summary(capsys: pytest.CaptureFixture[str]) -> None:
    print_summary(summarise([], TWO_WORKERS, skipped=0))
    assert capsys.readouterr().out.splitlines() == [
        "clips    4   indexed 3   resumed 1   skipped 0",
        "pose     2 clips  800 frames  5.0 s   160 frames/s   80% of the bare model",
        "errors   1 x pose/NO_PERSON",
        "  /clips/a.mp4: pose/NO_PERSON: in plain words",
    ]


def test_as_json() -> None:
    said = json.loads(as_json(summarise([], TWO_WORKERS, skipped=0)))
    assert said["frames_per_s"] == 160
    assert said["errors"] == {"pose/NO_PERSON": 1}
    assert set(Summary.__slots__) <= set(said)
