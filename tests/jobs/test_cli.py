"""The command line: help that teaches, one line for what a user can cause, JSON that is nothing but JSON."""

import json
import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from sqlalchemy import Engine
from typer.testing import CliRunner, Result

from cluster import keys
from cluster.catalogue import MoveRow, sync_taxonomy
from cluster.ids import video_id
from cluster.index import ClipRecord, write_clip
from cluster.objects import objects
from cluster.settings import settings
from dancecore.pose.packing import pack_tracks
from dancecore.types import MS, OTHER, ClipInfo, Segment, Versions
from jobs.cli import app
from tests.jobs.quick import dance
from tests.test_docs import commands

SHA = "ab" * 32
VERSIONS = Versions("1-full", "fv-1", "dtw-1", "tx-1")
COMMANDS = [command.split()[1:] for command in commands(app)]


def danceapp(*words: str) -> Result:
    return CliRunner().invoke(app, list(words), env={"COLUMNS": "200"})


@pytest.fixture
def one_clip(own_index: Engine) -> Engine:
    """A clip of four seconds: floss, something else, dab in the mirror."""
    moves = [MoveRow("mv_floss", "Floss", "arms", 2), MoveRow("mv_dab", "Dab", "arms", 1)]
    sync_taxonomy(own_index, "tx-1", moves)
    spans = [(0, 1500, "mv_floss", False), (1500, 2500, OTHER, False), (2500, 4000, "mv_dab", True)]
    segments = tuple(Segment(a * MS, b * MS, move, 0.8, side, (("mv_dab", 0.1),)) for a, b, move, side in spans)
    info = ClipInfo(Path("party.mp4"), SHA, 1000, 4000, 25.0, 640, 640, False, "h264")
    write_clip(own_index, ClipRecord(info, VERSIONS, segments, np.zeros((3, 128), np.float32)))
    return own_index


@pytest.mark.parametrize("command", COMMANDS, ids=" ".join)
def test_help_teaches_by_example(command: list[str]) -> None:
    said = danceapp(*command, "--help")
    assert said.exit_code == 0
    assert f"danceapp {' '.join(command)}" in said.output.split("Example", 1)[1]


def test_help_imports_nothing_heavy() -> None:
    code = (
        "import sys, jobs.cli; print([m for m in ('ray', 'cv2', 'numba', 'sqlalchemy', 'librosa') if m in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


def test_sums_are_those_of_every_worker() -> None:
    threads = "{lib['num_threads'] for lib in threadpoolctl.threadpool_info()}"
    code = f"import jobs.cli, numpy, threadpoolctl; print({threads})"
    env = {name: value for name, value in os.environ.items() if not name.endswith("_NUM_THREADS")}
    done = subprocess.run([sys.executable, "-c", code], env=env, capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "{1}"


FAILURES = [
    (["show", "nope.mp4"], "NOT_FOUND"),
    (["moves", "--json", "--csv"], "INVALID_INPUT"),
    (["index", "/nowhere"], "INVALID_INPUT"),
    (["models", "--fetch", "enormous"], "INVALID_INPUT"),
    (["db", "downgrade", "nonsense", "--yes"], "INVALID_INPUT"),
    (["db", "downgrade", "-99", "--yes"], "INVALID_INPUT"),
]


@pytest.mark.usefixtures("own_index")
@pytest.mark.parametrize(("words", "code"), FAILURES, ids=[" ".join(words) for words, _ in FAILURES])
def test_a_failure_is_one_line(words: list[str], code: str) -> None:
    said = danceapp(*words)
    assert said.exit_code == 1
    assert said.stdout == ""
    assert said.stderr.startswith(f"danceapp: {code}: ")
    assert said.stderr.count("\n") == 1


SETTINGS = [
    ("DANCEAPP_INDEX__MAX_ERROR_SHARE", "many", "INVALID_INPUT", "DANCEAPP_INDEX__MAX_ERROR_SHARE"),
    ("DANCEAPP_CLUSTER__DEVICE", "tpu", "INVALID_INPUT", "'auto', 'cpu' or 'gpu'"),
    ("DANCEAPP_INDEX", "{", "INVALID_INPUT", '"index"'),
    ("DANCEAPP_DATABASE_URL", "postgresql://u:secret@host:port/x", "DATABASE_UNAVAILABLE", "not a database URL"),
    ("DANCEAPP_DATABASE_URL", "postgresql://u:secret@127.0.0.1:1/x?foo=bar", "DATABASE_UNAVAILABLE", "know: foo"),
]


@pytest.mark.usefixtures("own_index")
@pytest.mark.parametrize(("name", "value", "code", "words"), SETTINGS, ids=[f"{row[0]}={row[1]}" for row in SETTINGS])
def test_a_bad_setting_is_one_line(
    name: str, value: str, code: str, words: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(name, value)
    settings.cache_clear()
    said = danceapp("moves")
    assert said.exit_code == 1
    assert said.stderr.startswith(f"danceapp: {code}: ")
    assert said.stderr.count("\n") == 1
    assert words in said.stderr
    assert "secret" not in said.stderr


@pytest.mark.usefixtures("one_clip")
def test_moves_in_three_forms() -> None:
    rows = json.loads(danceapp("moves", "--json").stdout)
    assert [(row["rank"], row["name"], row["uses"], row["total_ms"]) for row in rows] == [
        (1, "Dab", 1, 1500), (2, "Floss", 1, 1500),
    ]  # fmt: skip
    names = ["rank", "move_id", "name", "family", "uses", "clips", "share", "total_ms", "first_seen", "trend"]
    assert list(rows[0]) == names
    lines = danceapp("moves", "--csv").stdout.splitlines()
    assert lines[0] == ",".join(names)
    assert lines[1].startswith("1,mv_dab,Dab,arms,1,1,0.5,1500,")
    assert "Floss" in danceapp("moves").stdout
    assert json.loads(danceapp("moves", "--json", "--family", "steps").stdout) == []
    assert json.loads(danceapp("moves", "--json", "--since", "2999-01-01").stdout) == []
    assert danceapp("moves", "--family", "steps").stdout == "no moves of this family, or since this day\n"


@pytest.mark.usefixtures("one_clip")
def test_show_takes_the_file_itself(tmp_path: Path) -> None:
    file = tmp_path / "other.mp4"
    file.write_bytes(b"not indexed")
    said = danceapp("show", str(file))
    assert said.exit_code == 1
    assert f"{file} is not indexed" in said.stderr


@pytest.mark.usefixtures("one_clip")
def test_show(tmp_path: Path) -> None:
    said = danceapp("show", "party.mp4").stdout
    for words in ("Floss", "mirrored", "80% high", "Dab 10%", "2.50", "4.00"):
        assert words in said
    line = said.splitlines()[-1]
    assert line == "|" + "1" + "=" * 26 + "2" + "." * 17 + "3" + "=" * 26 + "|  0 .. 4.0 s"
    assert len(json.loads(danceapp("show", video_id(SHA), "--json").stdout)["segments"]) == 3


@pytest.mark.usefixtures("one_clip")
def test_show_draws(tmp_path: Path) -> None:
    import cv2

    objects().put(keys.keypoints(video_id(SHA), VERSIONS.pose), pack_tracks([dance(1)]))
    said = danceapp("show", "party.mp4", "--png", str(tmp_path / "party.png"))
    assert said.exit_code == 0, said.output
    picture = cv2.imread(str(tmp_path / "party.png"))
    assert picture.shape[1] == 1200
    figures = picture[picture.shape[0] // 2 :, : picture.shape[1] // 2]
    assert (figures < 64).all(axis=2).sum() > 1000  # three stick figures in black
    nowhere = danceapp("show", "party.mp4", "--png", str(tmp_path / "no" / "party.png"))
    assert nowhere.exit_code == 1
    assert nowhere.stderr == f"danceapp: {tmp_path / 'no' / 'party.png'}: No such file or directory\n"


@pytest.mark.usefixtures("own_index")
def test_db() -> None:
    assert danceapp("db", "url").stdout.startswith("postgresql+psycopg://")
    newest = danceapp("db", "upgrade").stdout.strip()
    assert danceapp("db", "current").stdout.strip() == f"{newest} (needed: {newest})"
    assert danceapp("db", "downgrade", "base", "--yes").exit_code == 0
    assert danceapp("db", "current").stdout.strip() == f"none (needed: {newest})"
    assert danceapp("db", "upgrade").exit_code == 0


@pytest.mark.usefixtures("own_index")
def test_models_are_listed() -> None:
    rows = json.loads(danceapp("models", "--json").stdout)
    assert [row["variant"] for row in rows] == ["lite", "full", "heavy"]
    assert all(len(row["sha256"]) == 64 for row in rows)
    assert [row["in_use"] for row in rows] == [False, True, False]
