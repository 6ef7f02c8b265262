"""`danceapp music`: what is heard in a file, what is tapped, and a dance filmed to it."""

import json
from pathlib import Path

import numpy as np
import pytest
import soundfile
from typer.testing import CliRunner, Result

from cluster.settings import settings
from dancecore.composer.music import from_json
from dancecore.media.clicks import SOUND_HZ, clicks
from jobs.cli import app
from jobs.music import track_of


def danceapp(*words: str) -> Result:
    return CliRunner().invoke(app, list(words), env={"COLUMNS": "200"})


@pytest.fixture(scope="module")
def piece(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Clicks at 100 bpm from half a second on."""
    path = tmp_path_factory.mktemp("music") / "piece.wav"
    soundfile.write(path, clicks(np.arange(0.5, 19, 0.6), 4, 20.0), SOUND_HZ)
    return path


def test_what_is_heard(piece: Path) -> None:
    said = json.loads(danceapp("music", str(piece), "--first", "1", "--json").stdout)
    assert said["bpm"] == pytest.approx(100, rel=0.01)
    assert [round(way["bpm"] / said["bpm"], 2) for way in said["candidates"]] == [1, 0.5, 2]
    assert np.diff(said["eights_ms"]) == pytest.approx(4800, abs=60)
    assert "bpm, heard, confidence" in danceapp("music", str(piece)).stdout


def test_taps_are_kept_and_danced_to(piece: Path, tmp_path: Path) -> None:
    out = tmp_path / "beats.json"
    said = danceapp("music", str(piece), "--taps", "1.11,1.69,2.30,2.91,3.50", "--out", str(out))
    assert said.exit_code == 0, said.output
    kept = from_json(out.read_text())
    assert (kept.source, kept.first) == ("tapped", 1)
    track = track_of(piece, out, settings())
    assert len(track.samples) == 20 * SOUND_HZ
    assert track.grid.beats_ns[0] / 1e9 == pytest.approx(1.1, abs=0.03)
    assert danceapp("music", str(piece), "--bpm", "100", "--first-s", "0.5").stdout.startswith(
        "100.0, or 50.0, or 200.0 bpm, told"
    )


def test_what_has_no_beat_is_one_line(tmp_path: Path) -> None:
    silence = tmp_path / "silence.wav"
    soundfile.write(silence, np.zeros(SOUND_HZ * 3), SOUND_HZ)
    (tmp_path / "text.mp3").write_text("no sound at all")
    cases = [
        ((silence,), "INVALID_INPUT: no beat is heard"), ((silence, "--taps", "1,x"), "INVALID_INPUT: taps are"),
        ((silence, "--bpm", "3"), "INVALID_INPUT"), ((tmp_path / "none.mp3",), "FILE_NOT_FOUND"),
        ((tmp_path / "text.mp3",), "NOT_A_VIDEO"),
    ]  # fmt: skip
    for words, line in cases:
        said = danceapp("music", *map(str, words))
        assert said.exit_code == 1
        assert said.stderr.startswith(f"danceapp: {line}")
