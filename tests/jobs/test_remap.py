"""A made-up tx-0.2 that splits one move, merges two and renames one: forth, back, and without doing it."""

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import yaml
from sqlalchemy import Engine, select
from typer.testing import CliRunner, Result

from cluster.database import connect
from cluster.index import ClipRecord, write_clip
from cluster.library import TAXONOMY, store_moves
from cluster.settings import settings
from cluster.tables import segments
from dancecore.matching.templates import generate
from dancecore.moves.compare import diff, successors
from dancecore.moves.taxonomy import load_taxonomy
from dancecore.types import MS, ClipInfo, Segment, Versions
from jobs.cli import app

SPLIT = {"mv_floss": ["mv_floss_fast", "mv_wave_floss"]}
MERGED = {"mv_dab": ["mv_pose"], "mv_disco_point": ["mv_pose"]}
RENAMED = {"mv_twist": ["mv_the_twist"]}


@pytest.fixture(scope="module")
def newer(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """tx-0.2, made of tx-0.1: its new moves dance what the floss, the arm wave, the dab and the twist do."""
    folder = tmp_path_factory.mktemp("taxonomy") / "tx-0.2"
    folder.mkdir()
    for path in TAXONOMY.glob("*.yaml"):
        raw = yaml.safe_load(path.read_text())
        if path.stem in SPLIT | MERGED | RENAMED:
            raw["deprecated"] = {"since": "tx-0.2", "use": (SPLIT | MERGED | RENAMED)[path.stem]}
        write(folder, path.stem, raw | ({"semver": "tx-0.2"} if path.stem == "taxonomy" else {}))
    for made, of in {
        "mv_floss_fast": "mv_floss",
        "mv_wave_floss": "mv_arm_wave",
        "mv_pose": "mv_dab",
        "mv_the_twist": "mv_twist",
    }.items():
        raw = yaml.safe_load((TAXONOMY / f"{of}.yaml").read_text())
        write(folder, made, raw | {"move_id": made, "name": made[3:].replace("_", " "), "aliases": []})
    return folder


def write(folder: Path, name: str, raw: dict[str, Any]) -> None:
    (folder / f"{name}.yaml").write_text(yaml.safe_dump(raw, sort_keys=False))


def danceapp(*words: str | Path) -> Result:
    return CliRunner().invoke(app, ["taxonomy", *map(str, words)], env={"COLUMNS": "200"})


@pytest.fixture
def stocked(own_index: Engine) -> Engine:
    """A clip whose segments of the floss look, one like the floss and one like the arm wave."""
    tuned, taxonomy = settings(), load_taxonomy(TAXONOMY)
    store_moves(own_index, taxonomy)
    looks = [("mv_floss", "mv_floss"), ("mv_floss", "mv_arm_wave"), ("mv_dab", "mv_dab"), ("mv_disco_point", "mv_dab"),
             ("mv_twist", "mv_twist"), ("mv_clap", "mv_clap")]  # fmt: skip
    made = {
        move: generate(taxonomy.moves[move], 20, tuned.templates, tuned.features, tuned.pose)[2].values.mean(axis=0)
        for move in {look for _, look in looks}
    }
    spans = tuple(
        Segment(i * 1000 * MS, (i + 1) * 1000 * MS, move, 0.8, False, ()) for i, (move, _) in enumerate(looks)
    )
    info = ClipInfo(Path("party.mp4"), "ab" * 32, 1000, 6000, 25.0, 640, 640, False, "h264")
    versions = Versions("1-full", "fv-1.1234", "dtw-1", "tx-0.1")
    write_clip(own_index, ClipRecord(info, versions, spans, np.stack([made[look] for _, look in looks])))
    return own_index


def moves(pool: Engine) -> list[str]:
    with connect(pool) as connection:
        return list(connection.scalars(select(segments.c.move).order_by(segments.c.start_ms)))


BEFORE = ["mv_floss", "mv_floss", "mv_dab", "mv_disco_point", "mv_twist", "mv_clap"]
AFTER = ["mv_floss_fast", "mv_wave_floss", "mv_pose", "mv_pose", "mv_the_twist", "mv_clap"]


def test_forth_and_back(stocked: Engine, newer: Path) -> None:
    said = danceapp("migrate", "tx-0.1", newer)
    assert said.exit_code == 0, said.output
    assert moves(stocked) == AFTER
    assert danceapp("migrate", newer, "tx-0.1").exit_code == 0
    assert moves(stocked) == BEFORE


def test_dry_run(stocked: Engine, newer: Path) -> None:
    said = danceapp("migrate", "tx-0.1", newer, "--dry-run", "--json")
    rows = [tuple(row.values()) for row in json.loads(said.output)]
    assert ("segments", "mv_floss", "mv_wave_floss", "nearest", 1) in rows
    assert ("segments", "mv_twist", "mv_the_twist", "mapped", 1) in rows
    assert moves(stocked) == BEFORE


def test_what_changed_between_the_two(newer: Path) -> None:
    old, new = load_taxonomy(TAXONOMY), load_taxonomy(newer)
    assert set(diff(old, new).deprecated) == set(SPLIT | MERGED | RENAMED)
    assert successors(old, new) == {move: tuple(use) for move, use in (SPLIT | MERGED | RENAMED).items()}
    assert successors(new, old) == {
        "mv_floss_fast": ("mv_floss",), "mv_wave_floss": ("mv_floss",),
        "mv_pose": ("mv_dab", "mv_disco_point"), "mv_the_twist": ("mv_twist",),
    }  # fmt: skip
    assert successors(old, old) == {}


@pytest.mark.parametrize(
    ("old", "new", "code"), [("tx-9", "tx-0.1", "NOT_FOUND"), ("tx-0.1", "tx-0.1", "INVALID_INPUT")]
)
def test_refused(own_index: Engine, old: str, new: str, code: str) -> None:
    said = danceapp("migrate", old, new)
    assert said.exit_code == 1
    assert said.output.splitlines()[-1].startswith(f"danceapp: {code}: ")


def test_nothing_stored(own_index: Engine, newer: Path) -> None:
    assert "nothing is stored at version tx-0.1" in danceapp("migrate", "tx-0.1", newer).output
