"""The probe job: which files are clips, one row each, nothing probed twice."""

import os
import signal
from collections.abc import Callable
from pathlib import Path

import pytest

import jobs.probe
from cluster.settings import Settings, settings
from dancecore.errors import DanceError
from jobs.guard import Row
from jobs.probe import find_clips, manifest_path, probe_clips, probe_row, read_rows, write_rows

Make = Callable[[str], Path]

TREES = [
    ("by suffix, whatever its case", ["a.mp4", "b.MOV", "c.webm", "d.txt", "e"], ["a.mp4", "b.MOV", "c.webm"]),
    ("to the bottom", ["x/y/z/a.mp4", "x/b.mkv"], ["x/b.mkv", "x/y/z/a.mp4"]),
    ("hidden left out", [".a.mp4", ".cache/b.mp4", "c.mp4"], ["c.mp4"]),
]


@pytest.mark.parametrize(("files", "clips"), [tree[1:] for tree in TREES], ids=[tree[0] for tree in TREES])
def test_find_clips(files: list[str], clips: list[str], tmp_path: Path) -> None:
    for name in files:
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).touch()
    assert [str(clip.relative_to(tmp_path)) for clip in find_clips([tmp_path])] == clips


def test_a_file_that_is_named_is_a_clip_once(tmp_path: Path) -> None:
    odd, clip = tmp_path / "dance", tmp_path / "a.mp4"
    odd.touch(), clip.touch()
    (tmp_path / "link.mp4").symlink_to(clip)
    assert find_clips([odd, clip, tmp_path]) == [clip, odd]


def test_what_is_no_file_is_no_clip(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe.mp4")
    (tmp_path / "broken.mp4").symlink_to(tmp_path / "nothing")
    (tmp_path / "folder.mp4").mkdir()
    for path, code in ((tmp_path, "NO_CLIPS"), (tmp_path / "pipe.mp4", "INVALID_INPUT")):
        with pytest.raises(DanceError) as caught:
            find_clips([path])
        assert caught.value.code == code


def test_a_name_that_is_not_utf8_is_a_row(tmp_path: Path) -> None:
    clip = Path(os.fsdecode(os.fsencode(tmp_path) + b"/caf\xe9.mp4"))
    clip.write_bytes(b"hello")
    manifest = tmp_path / manifest_path([clip]).name
    write_rows([probe_row(clip, settings())], manifest)
    (row,) = read_rows(manifest)
    assert row["path"].endswith("/caf?.mp4")
    assert row["error"] == "probe/INVALID_INPUT"
    assert "UTF-8" in row["message"]


@pytest.mark.parametrize(("name", "code"), [("missing", "INVALID_INPUT"), ("empty", "NO_CLIPS")])
def test_nothing_to_find(name: str, code: str, tmp_path: Path) -> None:
    (tmp_path / "empty").mkdir()
    with pytest.raises(DanceError) as caught:
        find_clips([tmp_path / name])
    assert caught.value.code == code
    assert str(tmp_path / name) in caught.value.message


def test_manifest_is_that_of_its_paths(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DANCEAPP_HOME", str(tmp_path))
    a, b = tmp_path / "a", tmp_path / "b"
    assert manifest_path([a, b]) == manifest_path([b, a])
    assert len({manifest_path([a]), manifest_path([b]), manifest_path([a, b]), manifest_path([a], 3)}) == 4


@pytest.mark.usefixtures("ray_here")
def test_one_row_for_each_clip(make_clip: Make, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    folder = make_clip("a.mp4").parent
    make_clip("b.mp4")
    (folder / "copy.mp4").write_bytes((folder / "a.mp4").read_bytes())
    (folder / "text.mp4").write_text("not a video")
    (folder / "poison.mp4").touch()
    monkeypatch.setattr(jobs.probe, "probe_row", probe_or_die)
    manifest = tmp_path / "manifest.parquet"
    rows = probe_clips(find_clips([folder]), manifest, settings())
    said = {Path(row["path"]).name: row["error"] for row in rows}
    assert said == {
        "a.mp4": "", "b.mp4": "", "poison.mp4": "probe/WORKER_DIED", "text.mp4": "probe/NOT_A_VIDEO",
    }  # fmt: skip
    assert read_rows(manifest) == rows
    facts = rows[0]
    assert (facts["duration_ms"], facts["fps"], facts["width"], facts["height"]) == (4000, 5.0, 64, 64)
    assert (facts["has_audio"], facts["codec"], facts["bytes"]) == (False, "h264", (folder / "a.mp4").stat().st_size)
    monkeypatch.setattr(jobs.probe, "probe_row", fail)
    sound = [folder / "a.mp4", folder / "b.mp4"]
    assert probe_clips(sound, manifest, settings()) == [row for row in rows if not row["error"]]


def test_a_file_that_goes_away_is_a_row(tmp_path: Path) -> None:
    row = probe_row(tmp_path / "gone.mp4", settings())
    assert (row["error"], row["bytes"]) == ("probe/FILE_NOT_FOUND", 0)


def probe_or_die(clip: Path, numbers: Settings) -> Row:
    from jobs.probe import probe_row

    if "poison" in clip.name:
        os.kill(os.getpid(), signal.SIGKILL)
    return probe_row(clip, numbers)


def fail(clip: Path, numbers: Settings) -> Row:
    raise AssertionError(f"{clip} is probed again")
