"""`danceapp choreograph`: learning of the index and of files, and how well it foretells."""

import json
from pathlib import Path

import numpy as np
import pytest
from sqlalchemy import Engine
from typer.testing import CliRunner, Result

from cluster.catalogue import sync_taxonomy
from cluster.index import write_clip
from jobs.cli import app
from tests.cluster.stored import MOVES, clip


def danceapp(*words: str) -> Result:
    return CliRunner().invoke(app, list(words), env={"COLUMNS": "200"})


def corpus(folder: Path, dances: list[list[str | None]]) -> Path:
    path = folder / "school.jsonl"
    lines = [
        {"id": f"d{i}", "steps": [move and {"move": move, "beats": 4, "mirror": i % 2 == 0} for move in dance]}
        for i, dance in enumerate(dances)
    ]
    path.write_text("".join(json.dumps(line) + "\n" for line in lines))
    return path


def test_the_index_and_a_file_are_learned(own_index: Engine, tmp_path: Path) -> None:
    empty = danceapp("choreograph")
    assert empty.exit_code == 0, empty.output
    assert "danceapp index" in empty.stdout
    sync_taxonomy(own_index, "tx-0.1", MOVES)
    write_clip(own_index, clip("a.mp4", ("mv_dab", 0, 2000), ("mv_floss", 2000, 4000), ("mv_dab", 4000, 5000)))
    said = danceapp("choreograph").stdout.splitlines()
    assert said[0] == "index: 1 dances (1 new, 0 changed, 0 gone), 2 moves, 2 transitions"
    assert said[1:] == ["     1  mv_dab -> mv_floss", "     1  mv_floss -> mv_dab"]
    path = corpus(tmp_path, [["plié", "jeté", None, "plié"], ["plié", "jeté"]])
    learned = json.loads(danceapp("choreograph", "--corpus", str(path), "--json").stdout)
    assert learned["corpus"] == "school"
    assert learned["moves"] == {"plié": 3, "jeté": 2}
    assert learned["transitions"] == [{"prev": "plié", "next": "jeté", "count": 2}]
    again = danceapp("choreograph", "--corpus", str(path), "--name", "school")
    assert again.stdout.startswith("school: 2 dances (0 new, 0 changed, 0 gone)")


@pytest.mark.usefixtures("own_index")
def test_a_name_without_a_file_is_refused() -> None:
    said = danceapp("choreograph", "--name", "x")
    assert said.exit_code == 1
    assert said.stderr == "danceapp: INVALID_INPUT: --name is for a file of dances: --corpus FILE\n"


def test_a_file_is_judged_on_dances_held_out(tmp_path: Path) -> None:
    rng, names = np.random.default_rng(0), "abcdef"
    dances = []
    for _ in range(60):
        at = int(rng.integers(6))
        dance = []
        for _ in range(12):
            dance.append(names[at])
            at = (at + int(rng.choice([1, 2], p=[0.8, 0.2]))) % 6
        dances.append(dance)
    rows = json.loads(danceapp("choreograph", "--evaluate", "--corpus", str(corpus(tmp_path, dances)), "--json").stdout)
    by_looks = {row["looks"]: row["found"] for row in rows}
    assert all(found["steps"] == 12 * 12 for found in by_looks.values())
    assert by_looks[1]["top1"] < 0.4
    assert by_looks[2]["top1"] > 0.7
    assert by_looks[2]["perplexity"] < 2.2
    few = danceapp("choreograph", "--evaluate", "--corpus", str(corpus(tmp_path, dances[:4])))
    assert "has 4 dances" in few.stderr
