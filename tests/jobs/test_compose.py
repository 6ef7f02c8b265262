"""`danceapp compose`: from names and wishes to files, and a dance changed."""

import json
from collections.abc import Iterator
from pathlib import Path

import pytest
from typer.testing import CliRunner, Result

from cluster.library import TAXONOMY
from cluster.settings import settings
from dancecore.composer.composition import from_json
from dancecore.moves.taxonomy import Taxonomy, load_taxonomy
from jobs.cli import app
from jobs.compose import FORMATS, energy_of

pytestmark = pytest.mark.usefixtures("one_index", "read_once")


@pytest.fixture(scope="module")
def one_index(shared_postgres_url: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """A home and a database of this file: making one for each test takes longer than the tests."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("DANCEAPP_HOME", str(tmp_path_factory.mktemp("home")))
        patch.setenv("DANCEAPP_DATABASE_URL", shared_postgres_url)
        settings.cache_clear()
        yield
    settings.cache_clear()


@pytest.fixture(scope="module")
def taxonomy() -> Taxonomy:
    return load_taxonomy(TAXONOMY)


@pytest.fixture
def read_once(taxonomy: Taxonomy, monkeypatch: pytest.MonkeyPatch) -> None:
    """Every command would read the taxonomy again, which takes longer than the rest of it."""
    monkeypatch.setattr("jobs.compose.load_taxonomy", lambda folder: taxonomy)


def danceapp(*words: str) -> Result:
    return CliRunner().invoke(app, list(words), env={"COLUMNS": "200"})


def test_names_are_enough() -> None:
    said = danceapp(
        "compose", "two-step x4, body roll, dab (mirror), flos 4", "--bpm", "112", "--title", "Été", "--json"
    )
    assert said.exit_code == 0, said.output
    made = from_json(said.stdout)
    assert (made.title, made.bpm, made.bars) == ("Été", 112, 7)
    assert [(s.move_id, s.beats, s.mirror) for s in made.steps[4:]] == [
        ("mv_body_roll", 4, False), ("mv_dab", 4, True), ("mv_floss", 4, False),
    ]  # fmt: skip
    assert "'flos' was read as Floss" in said.stderr
    assert "nothing was learned" in said.stderr


ASKED = [
    (["compose", "dab, turn"], "UNKNOWN_MOVE: 'turn': which move is this? (Jump turn, Paddle turn"),
    (["compose", "floss 3"], "would cut it (Floss 2, Floss 4)"),
    (["compose", "--must", "wave"], "UNKNOWN_MOVE: which move is 'wave'? (Arm wave"),
    (["compose", "--energy", "2,x"], "INVALID_INPUT: energy"),
    (["compose", "--bars", "2", "--style", "polka"], "INVALID_INPUT: there is no style"),
    (["compose", "floss", "--out", "x"], "INVALID_INPUT: only whole bars are exported, and bar 1 lacks 2 beats"),
    (["compose", "dab", "--out", "x", "--formats", "docx"], "INVALID_INPUT: there is no format docx"),
    (["compose", "--edit", "none.json"], "FILE_NOT_FOUND"),
    (["compose", "--corpus", "ballet"], "NOT_FOUND: nothing was learned of 'ballet'"),
]


@pytest.mark.parametrize(("words", "line"), ASKED, ids=[" ".join(words) for words, _ in ASKED])
def test_what_is_not_clear_is_one_line(words: list[str], line: str) -> None:
    said = danceapp(*words)
    assert said.exit_code == 1
    assert line in said.stderr.splitlines()[-1]


def test_a_dance_is_planned_written_and_changed(tmp_path: Path) -> None:
    out = tmp_path / "dance"
    said = danceapp(
        "compose", "floss 4", "--bars", "4", "--bpm", "100", "--energy", "2,5", "--last", "the dab", "--out", str(out)
    )
    assert said.exit_code == 0, said.output
    assert {path.name for path in out.iterdir()} == {f"dance.{name}" for name in FORMATS}
    made = from_json((out / "dance.json").read_text())
    assert (made.steps[0].move_id, made.steps[-1].move_id, made.beats) == ("mv_floss", "mv_dab", 16)
    assert "filming: 100%" in said.stderr
    assert "of the bar" in said.stdout
    edit = ("compose", "--edit", str(out / "dance.json"), "--json")
    swapped = from_json(danceapp(*edit, "--swap", "1").stdout)
    assert swapped.steps[1].move_id != made.steps[1].move_id
    assert swapped.steps[0] == made.steps[0]
    kept = from_json(danceapp(*edit, "--keep", "2", "--seed", "3").stdout)
    assert kept.steps[:2] == made.steps[:2]
    longer = from_json(danceapp(*edit, "--bars", "6").stdout)
    assert longer.steps[: len(made.steps)] == made.steps
    assert longer.bars == 6


def test_what_was_learned_is_used(tmp_path: Path) -> None:
    path = tmp_path / "school.jsonl"
    dance = {
        "id": "a",
        "steps": [{"move": name, "beats": 4} for name in ("mv_twist", "mv_swim", "mv_twist", "mv_clap")],
    }
    path.write_text("\n".join(json.dumps(dance | {"id": str(i)}) for i in range(5)))
    assert danceapp("choreograph", "--corpus", str(path)).exit_code == 0
    said = danceapp("compose", "twist", "--suggest", "--bpm", "105", "--corpus", "school", "--json")
    best = json.loads(said.stdout)
    assert {row["move_id"] for row in best[:2]} == {"mv_swim", "mv_clap"}
    assert "seen 5 times after Twist" in {reason["reason"] for row in best[:2] for reason in row["reasons"]}
    assert best[0]["score"] == pytest.approx(sum(reason["value"] for reason in best[0]["reasons"]))


@pytest.mark.parametrize(("said", "curve"), [(None, ()), ("arc", "arc"), ("2,5,3", (2.0, 5.0, 3.0))])
def test_energy_as_it_is_said(said: str | None, curve: object) -> None:
    assert energy_of(said) == curve
