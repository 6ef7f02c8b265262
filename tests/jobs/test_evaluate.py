"""`danceapp evaluate`: sets, protocols, reports, and the gate."""

import json
from pathlib import Path

import numpy as np
import pytest
from typer.testing import CliRunner

from cluster.settings import settings
from dancecore.errors import DanceError
from dancecore.learning.datasets.entries import Label
from dancecore.learning.datasets.packs import Recording, write_pack
from dancecore.moves.body import joints
from dancecore.moves.motion import RIG, Motion
from dancecore.moves.sequence import placed
from dancecore.skeleton import INDEX
from jobs import evaluate as job
from jobs import golden
from jobs.cli import app

RUN = CliRunner()


@pytest.fixture(scope="module")
def pack(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Two people who each swing one wrist or one ankle."""
    recordings = []
    for who in ("ann", "bob"):
        for move, joint in (("wave", "left_wrist"), ("kick", "left_ankle")):
            still = Motion(np.arange(45) / 1.0, np.tile(np.eye(3), (45, len(RIG), 1, 1)), np.zeros((45, 3)))
            points = joints(placed(still, 0.0, np.zeros(3))).astype(np.float32)
            points[:, INDEX[joint], 1] += 0.3 * np.sin(np.arange(45) / 30 * 2 * np.pi)
            recordings.append(Recording(f"{who}_{move}", who, (Label(0, 1500, move, None),), 30.0, points))
    path = tmp_path_factory.mktemp("packs") / "two_moves.npz"
    write_pack(path, recordings)
    return path


def test_a_pack_in_the_terminal_as_json_and_as_html(pack: Path, tmp_path: Path) -> None:
    html = tmp_path / "report.html"
    command = ["evaluate", str(pack), "--protocol", "1-shot", "--html", str(html)]
    table = RUN.invoke(app, [*command, "--recogniser", "templates"])
    assert table.exit_code == 0, table.output
    assert "accuracy" in table.output
    page = html.read_text()
    assert page.count("data:image/png;base64,") == 1
    assert "http" not in page
    told = RUN.invoke(app, ["evaluate", str(pack), "--protocol", "cross-view", "--recogniser", "templates", "--json"])
    found = json.loads(told.stdout)["cross-view"]
    assert found["questions"] == 2 * 2 * 5
    scores = found["recognisers"]["templates"]
    assert 0 <= scores["scores"]["accuracy"]["low"] <= scores["scores"]["accuracy"]["value"] <= 1
    assert list(scores["by_condition"]) == [f"{yaw} degrees" for yaw in (0, 45, 90, 135, 180)]
    assert np.sum(scores["confusion"]["counts"]) == 20


REFUSED = [
    ("no such set", ["nowhere.npz"], "FILE_NOT_FOUND"),
    ("no such protocol", ["PACK", "--protocol", "nonsense"], "no protocol 'nonsense'"),
    ("no such recogniser", ["PACK", "--recogniser", "nonsense"], "no recogniser 'nonsense'"),
    ("a closed set of unknown moves", ["PACK", "--protocol", "closed"], "is a motion pack"),
    ("nothing to do", [], "name a SET"),
    ("--part without --gate", ["PACK", "--part", "3"], "name a SET"),
]


@pytest.mark.parametrize(("options", "says"), [pytest.param(*each, id=name) for name, *each in REFUSED])
def test_refused_in_one_line(options: list[str], says: str, pack: Path) -> None:
    result = RUN.invoke(app, ["evaluate", *(str(pack) if each == "PACK" else each for each in options)])
    assert result.exit_code == 1
    assert says in result.output
    assert len(result.output.strip().splitlines()) == 1


def test_the_names_of_the_taxonomy_are_found() -> None:
    labels = ("YMCA", "Dance Body Roll", "Jumping Jacks", "Swim_Idle_Loop", "Bow")
    points = np.zeros((2, 33, 3), np.float32)
    clips = [Recording(name, "q", (Label(0, 66, name, None),), 30.0, points) for name in labels]
    plan = job.PLANS["known-names"](job.LabelledSet("set", clips))
    assert {q.move_id for q in plan.folds[0].queries} == {"mv_ymca", "mv_body_roll", "mv_jumping_jack"}


def test_every_protocol_is_in_the_help() -> None:
    words = " ".join((job_help() or "").split())
    assert [name for name in job.PLANS if name not in words] == []


def job_help() -> str | None:
    from jobs.evaluate_command import evaluate

    return evaluate.__doc__


def test_real_sets_have_their_protocols(real_data: Path) -> None:
    for name in job.USUAL:
        found = job.read_set(real_data / "motion" / f"{name}.npz")
        for plan in job.plans_for(found, []):
            assert plan.questions > 0
            assert plan.name in job.USUAL[name]


@pytest.fixture
def reached(monkeypatch: pytest.MonkeyPatch) -> list[golden.Tally]:
    """What the golden set is named like, in place of naming it."""
    now = [golden.Tally(4, 3.0, 3, 1), golden.Tally(6, 5.0, 5, 1)] * 10
    monkeypatch.setattr(golden, "tallies", lambda settings, clips: now[:clips])
    return now


@pytest.mark.parametrize(("lost", "ok"), [(0.0, True), (1.0, True), (4.0, False)])
def test_the_gate_fails_on_a_drop(tmp_path: Path, reached: list[golden.Tally], lost: float, ok: bool) -> None:
    """Of 100 moves: an overlap of 1 lost is one per cent, which is allowed."""
    reference = tmp_path / "golden.json"
    golden.renew(settings(), reference)
    reached[0] = golden.Tally(4, 3.0 - lost, 3, 1)
    assert golden.judge(settings(), reference=reference).ok == ok


def test_the_gate_refuses_another_set(tmp_path: Path, reached: list[golden.Tally]) -> None:
    reference = tmp_path / "golden.json"
    golden.renew(settings(), reference)
    told = json.loads(reference.read_text())
    told["made_of"]["clips"] = 7
    reference.write_text(json.dumps(told))
    with pytest.raises(DanceError, match=r"has changed \(clips\)"):
        golden.judge(settings(), reference=reference)


def test_the_gate_exits_with_3(monkeypatch: pytest.MonkeyPatch) -> None:
    worse = golden.Verdict(1, {"segment IoU": 0.7}, {"segment IoU": 0.8}, 0.01)
    monkeypatch.setattr(golden, "judge", lambda settings, part: worse)
    result = RUN.invoke(app, ["evaluate", "--gate"])
    assert result.exit_code == 3
    assert "worse" in result.output


def test_a_part_of_the_golden_set_is_named_as_well_as_it_was() -> None:
    pytest.importorskip("anny", reason="the golden set needs the extra `synthetic`")
    verdict = golden.judge(settings(), part=5)
    assert verdict.ok, verdict
