"""`danceapp taxonomy enrol`: from videos, pose files and motion packs to a move that the next analysis knows."""

import json
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from sqlalchemy import Engine
from typer.testing import CliRunner, Result

from cluster.library import TAXONOMY
from cluster.ready import models_ready
from cluster.settings import settings
from cluster.weights import weights_dir
from dancecore.errors import DanceError
from dancecore.features import extract
from dancecore.learning.datasets.entries import Label
from dancecore.learning.datasets.packs import Recording, filmed, write_pack
from dancecore.moves.body import NEUTRAL, Proportions, joints
from dancecore.moves.sequence import around, retime
from dancecore.moves.taxonomy import load_move
from dancecore.pipeline import identify
from dancecore.pose import clean
from dancecore.pose.packing import pack_tracks
from jobs.cli import app
from jobs.enrol import Source, sources_of

SAMPLE = next((Path(__file__).parents[1] / "data" / "clips").glob("*.mp4"))
IDLE = Path(__file__).parents[2] / "dancecore" / "synthetic" / "non_dance"
TALL = NEUTRAL.varied(height=1.1, legs=1.03, arms=0.97)


def danceapp(*words: str | Path) -> Result:
    return CliRunner().invoke(app, ["taxonomy", *map(str, words)], env={"COLUMNS": "200"})


def stretching(body: Proportions = NEUTRAL) -> Recording:
    """A movement that the taxonomy does not know, in three dimensions."""
    move = load_move(IDLE / "nd_stretch.yaml")
    motion = around(move.motion, np.linspace(0, 2 * move.beats, 32 * move.beats + 1))
    points = joints(retime(motion, 100, 30.0), body).astype(np.float32)
    return Recording("a_1", "ann", (Label(0, 1000, "stretch", None),), 30.0, points)


@pytest.fixture
def pack(tmp_path: Path) -> Path:
    write_pack(tmp_path / "pack.npz", [stretching()])
    return tmp_path / "pack.npz"


def test_the_next_analysis_knows_the_move(own_index: Engine, pack: Path) -> None:
    said = danceapp("enrol", "Big Stretch", pack, "--clip", "a_1")
    assert said.exit_code == 0, said.output
    assert "Big Stretch: mv_local_big_stretch, 1 exemplar\nnearest known move: " in said.output
    tuned = settings()
    track = clean(filmed(stretching(TALL), 30.0, tuned.media.rate_hz), tuned.pose)  # another person, from another side
    library = models_ready(tuned).production
    assert library.own
    found = identify(
        extract(track, tuned.features), None, library.bank, tuned.analysis, own=library.own.within(track)
    )  # fmt: skip
    assert "mv_local_big_stretch" in {segment.move_id for segment in found}


def test_a_pose_file(own_index: Engine, tmp_path: Path) -> None:
    track = clean(filmed(stretching(), 0.0, 20), settings().pose)
    (tmp_path / "poses.npz").write_bytes(pack_tracks([track]))
    said = danceapp("enrol", "Big Stretch", tmp_path / "poses.npz", "--start", 0.5, "--end", 3, "--json")
    assert json.loads(said.output)[0]["move_id"] == "mv_local_big_stretch"


@pytest.mark.skipif(not weights_dir().is_dir(), reason="no pose weights: make demo fetches them")
def test_a_video(own_index: Engine, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("jobs.enrol.weights_dir", lambda: WEIGHTS)
    said = danceapp("enrol", "Party Piece", SAMPLE, "--start", 1, "--end", 3)
    assert said.exit_code == 0, said.output
    assert "Party Piece: mv_local_party_piece, 1 exemplar" in said.output


WEIGHTS = weights_dir()


def test_own_and_forget(own_index: Engine, pack: Path) -> None:
    assert "you have enrolled no move" in danceapp("own").output
    danceapp("enrol", "Big Stretch", pack)
    assert "Big Stretch: mv_local_big_stretch" in danceapp("own").output
    assert danceapp("forget", "big stretch").exit_code == 0
    assert json.loads(danceapp("own", "--json").output) == []


@pytest.mark.parametrize(
    ("words", "code"),
    [
        (["Floss", "PACK"], "INVALID_INPUT"),
        (["?", "PACK"], "INVALID_INPUT"),
        (["New", "nowhere.mp4"], "FILE_NOT_FOUND"),
        (["New", "PACK", "--clip", "b_2"], "NOT_FOUND"),
        (["New", "PACK", "--clip", "a_1", "--start", "1"], "INVALID_INPUT"),
        (["New", "README.md"], "NOT_A_VIDEO"),
        (["New\udcff", "PACK"], "INVALID_INPUT"),
    ],
    ids=["a known name", "no name", "no file", "no such clip", "clip with start", "no video", "stray bytes"],
)
def test_refused(own_index: Engine, pack: Path, words: list[str], code: str) -> None:
    said = danceapp("enrol", *(pack if word == "PACK" else word for word in words))
    assert said.exit_code == 1
    assert said.output.splitlines()[-1].startswith(f"danceapp: {code}: ")


@pytest.mark.parametrize(("name", "count"), [("Floss", 1), ("New", 6)], ids=["a known name", "six exemplars"])
def test_refused_before_anybody_looks_for_a_dancer(
    own_index: Engine, monkeypatch: pytest.MonkeyPatch, name: str, count: int
) -> None:
    looked: list[Source] = []
    monkeypatch.setattr("jobs.enrol.exemplars_of", lambda source, settings: looked.append(source))
    said = danceapp("enrol", name, *[SAMPLE] * count)
    assert said.output.splitlines()[-1].startswith("danceapp: INVALID_INPUT: ")
    assert looked == []


@pytest.mark.parametrize("start", ["nan", "-1", "99", "inf"])
def test_a_start_that_is_not_in_it(own_index: Engine, tmp_path: Path, start: str) -> None:
    (tmp_path / "poses.npz").write_bytes(pack_tracks([clean(filmed(stretching(), 0.0, 20), settings().pose)]))
    said = danceapp("enrol", "Big Stretch", tmp_path / "poses.npz", f"--start={start}")
    assert said.exit_code == 1
    assert "to the end is not in it" in said.output


def test_poses_of_nobody(own_index: Engine, tmp_path: Path) -> None:
    (tmp_path / "poses.npz").write_bytes(pack_tracks([filmed(stretching(), 0.0, 20).window(0, 0)]))
    assert "poses.npz shows nobody" in danceapp("enrol", "Big Stretch", tmp_path / "poses.npz").output


@pytest.mark.parametrize("save", [np.savez, np.save])
def test_an_npz_of_something_else(own_index: Engine, tmp_path: Path, save: Callable[..., None]) -> None:
    with (tmp_path / "other.npz").open("wb") as opened:
        save(opened, np.zeros(3))
    said = danceapp("enrol", "New", tmp_path / "other.npz")
    assert said.exit_code == 1
    assert "INVALID_INPUT" in said.output


def test_starts_and_ends_follow_the_exemplars() -> None:
    a, b = Path("a.mp4"), Path("b.mp4")
    assert sources_of([a, b], [1, 2], [], []) == [Source(a, 1, None), Source(b, 2, None)]
    assert sources_of([a], [], [], ["x", "y"]) == [Source(a, clip="x"), Source(a, clip="y")]
    with pytest.raises(DanceError, match="2 exemplars want as many --end"):
        sources_of([a, b], [1, 2], [3], [])


def test_the_taxonomy_in_use_is_there() -> None:
    assert (TAXONOMY / "taxonomy.yaml").is_file()
