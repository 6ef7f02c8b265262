"""Labelled videos: tables of whole clips, and annotations of one."""

import json
from pathlib import Path

import pytest

from cluster.settings import settings
from dancecore.errors import DanceError
from dancecore.learning.datasets.entries import Label
from dancecore.learning.datasets.videos import read_annotations, read_table

CLIPS = Path(__file__).parents[3] / "data" / "clips"
SAMPLE = next(CLIPS.glob("*.mp4"))


def test_a_table(tmp_path: Path) -> None:
    (tmp_path / "set").mkdir()
    (tmp_path / "set" / "a.mp4").write_bytes(SAMPLE.read_bytes())
    (tmp_path / "set" / "moves.csv").write_text("path,move,creator\na.mp4,dab,ann\nset/a.mp4,floss,\n")
    first, second = read_table(tmp_path / "set" / "moves.csv", settings().media)
    assert (first.creator, first.labels[0].move_id, first.labels[0].start_ms) == ("ann", "dab", 0)
    assert first.labels[0].end_ms > 3000
    assert (second.creator, second.path) == ("a", first.path)


@pytest.mark.parametrize(
    ("content", "code"),
    [("", "INVALID_INPUT"), ("a,b\n1,2\n", "INVALID_INPUT"), ("move,path\ndab\n", "INVALID_INPUT"),
     ("path,move\nb.mp4,\n", "INVALID_INPUT"), ("path,move\ncaf\xe9.mp4,dab\n", "INVALID_INPUT"),
     ("path,move\nnone.mp4,dab\n", "FILE_NOT_FOUND"),
     ("path,move\n/etc/hostname,dab\n", "FILE_NOT_FOUND"), ("path,move\n../../up.mp4,dab\n", "FILE_NOT_FOUND")],
)  # fmt: skip
def test_a_table_that_is_none(tmp_path: Path, content: str, code: str) -> None:
    (tmp_path / "moves.csv").write_bytes(content.encode("latin-1"))
    with pytest.raises(DanceError) as caught:
        read_table(tmp_path / "moves.csv", settings().media)
    assert caught.value.code == code


@pytest.mark.parametrize("raw", ["{", "[]", '{"annotations": [{"label": "x"}]}', '{"annotations": 3}'])
def test_annotations_that_are_none(tmp_path: Path, raw: str) -> None:
    (tmp_path / "a.json").write_text(raw)
    with pytest.raises(DanceError, match="not annotations"):
        read_annotations(tmp_path / "a.json", tmp_path / "a.mp4")


def test_annotations_in_order_of_time(tmp_path: Path) -> None:
    spans = [("late", 2.0, 3.0), ("early", 0.5, 1.25)]
    raw = [{"label": name, "metadata": {"system": {"startTime": a, "endTime": b}}} for name, a, b in spans]
    (tmp_path / "a.json").write_text(json.dumps({"annotations": raw}))
    found = read_annotations(tmp_path / "a.json", tmp_path / "a.mp4")
    assert found.labels == (Label(500, 1250, "early", None), Label(2000, 3000, "late", None))


def test_real_annotations(real_data: Path) -> None:
    folder = real_data / "video" / "solo"
    found = read_annotations(folder / "left_right_step.json", folder / "left_right_step.webm")
    steps = [label.move_id for label in found.labels if "Step" in label.move_id]
    assert steps.count("Left Step") == steps.count("Right Step") == 3


def test_real_table(real_data: Path) -> None:
    videos = read_table(real_data / "video" / "bachata.csv", settings().media)
    assert len(videos) == 76
    assert len({label.move_id for video in videos for label in video.labels}) == 16
