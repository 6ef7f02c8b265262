"""`danceapp train-decoder`: a small training through Ray Train, what it says, and what it leaves."""

import json
from pathlib import Path

import numpy as np
import pytest
from typer.testing import CliRunner

from cluster.settings import settings
from dancecore.composer.decoder.running import unpack
from dancecore.composer.judging import Foretold
from jobs.cli import app
from jobs.decoder_report import Row, report


def row(unseen: str, tried: str, model: str, mrr: float) -> Row:
    return Row(unseen, tried, model, Foretold(10, 0, 2.0, 0.5, 1.0, mrr))


@pytest.mark.parametrize(
    ("blend", "often", "use"), [(0.219, 0.1, True), (0.207, 0.1, False), (0.15, 0.1, False), (0.219, 0.3, True)]
)
def test_the_blend_is_used_where_it_gains_enough_on_what_it_never_saw(blend: float, often: float, use: bool) -> None:
    """Over Markov: what it gains over frequency is said as well."""
    rows = [
        row("a", "a", "frequency", often), row("b", "b", "frequency", often),
        row("a", "a", "markov", 0.2), row("a", "a", "blend", blend), row("b", "b", "markov", 0.2),
        row("b", "b", "blend", blend), row("all", "a", "markov", 0.1), row("all", "a", "blend", 0.9),
    ]  # fmt: skip
    found = report(rows, {}, 0.05)
    assert found.gain == pytest.approx(blend / 0.2 - 1)
    assert found.gain_over_frequency == pytest.approx(blend / often - 1)
    assert found.use is use


@pytest.mark.slow
def test_a_training_and_its_report(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    pytest.importorskip("torch")
    for name, value in {"UPDATES": "2", "WIDTH": "16", "HEADS": "2", "LAYERS": "1", "LEAST_GAIN": "-1"}.items():
        monkeypatch.setenv(f"DANCEAPP_DECODER__{name}", value)
    settings.cache_clear()
    rng, paths = np.random.default_rng(0), []
    for school in ("one", "two"):
        lines = [
            {"id": str(i), "steps": [{"move": str(rng.choice(list("abcdef"))), "beats": 4} for _ in range(10)]}
            for i in range(30)
        ]
        paths.append(tmp_path / f"{school}.jsonl")
        paths[-1].write_text("\n".join(map(json.dumps, lines)))
    out = tmp_path / "decoder"
    words = ["train-decoder", "--out", str(out), "--json", *(w for path in paths for w in ("--corpus", str(path)))]
    said = CliRunner().invoke(app, words)
    settings.cache_clear()
    assert said.exit_code == 0, said.output
    report = json.loads(said.stdout)
    assert report == json.loads((out / "report.json").read_text())
    assert {(r["unseen"], r["tried"]) for r in report["rows"]} == {
        ("one", "one"), ("two", "two"), ("all", "one"), ("all", "two"),
    }  # fmt: skip
    assert {r["model"] for r in report["rows"]} == {"frequency", "markov", "decoder", "blend"}
    assert unpack(out / "decoder.npz").vocabulary.moves == tuple("abcdef")
    for twice in (paths[:1], [paths[0], paths[0]]):
        told = [word for path in twice for word in ("--corpus", str(path))]
        refused = CliRunner().invoke(app, ["train-decoder", "--out", str(out), *told])
        assert "two files of dances" in refused.stderr
    monkeypatch.setenv("DANCEAPP_DECODER__UPDATES", "3")
    settings.cache_clear()
    other = CliRunner().invoke(app, words)
    settings.cache_clear()
    assert "holds a training of other dances or numbers" in other.stderr
