"""`danceapp taxonomy`: the moves listed, previewed, drawn on a sheet, compared."""

import json
import shutil
import sys
from pathlib import Path

import av
import numpy as np
import pytest
import yaml
from PIL import Image, ImageSequence
from typer.testing import CliRunner, Result

from cluster.library import TAXONOMY
from dancecore.media import audio
from dancecore.media.clicks import SOUND_HZ, metronome
from dancecore.moves.taxonomy import Taxonomy, load_taxonomy
from dancecore.synthetic import mannequin, rig
from dancecore.types import Float, Float64
from jobs.cli import app
from jobs.taxonomy_pictures import BAND, CELL, COLUMNS, FOOT, HEAD, LINE, MARGIN, count_of
from jobs.taxonomy_preview import RATE_HZ, SIZE
from jobs.taxonomy_show import find


def danceapp(*words: str) -> Result:
    return CliRunner().invoke(app, ["taxonomy", *words], env={"COLUMNS": "80"})


@pytest.fixture(scope="module")
def moves() -> Taxonomy:
    return load_taxonomy(TAXONOMY)


@pytest.mark.parametrize("command", ["list", "preview", "sheet", "diff", "guide", "migrate", "enrol", "own", "forget"])
def test_help_teaches_by_example(command: str) -> None:
    said = danceapp(command, "--help")
    assert said.exit_code == 0
    assert f"danceapp taxonomy {command}" in said.output.split("Example", 1)[1]


def test_list_as_json(moves: Taxonomy) -> None:
    rows = json.loads(danceapp("list", "--json").stdout)
    assert len(rows) == len(moves.moves)
    assert all(list(row) == ["move_id", "name", "family", "aliases", "difficulty", "beats"] for row in rows)
    moonwalk = next(row for row in rows if row["move_id"] == "mv_moonwalk")
    assert moonwalk == {
        "move_id": "mv_moonwalk", "name": "Moonwalk", "family": "slides/backslide", "aliases": ["backslide"],
        "difficulty": 4, "beats": 2,
    }  # fmt: skip


@pytest.mark.parametrize(("family", "count"), [("slides", None), ("slides/backslide", 1)])
def test_list_of_a_family(moves: Taxonomy, family: str, count: int | None) -> None:
    rows = json.loads(danceapp("list", "--family", family, "--json").stdout)
    assert {row["family"].split("/")[0] for row in rows} == {"slides"}
    assert len(rows) == (count or sum(move.family == "slides" for move in moves.moves.values()))


def test_list_gives_a_filter_one_whole_line_for_each_move(moves: Taxonomy) -> None:
    lines = danceapp("list").stdout.splitlines()
    for move in moves.moves.values():
        (line,) = [line for line in lines if line.split()[:1] == [move.move_id]]
        assert all(word in line for word in (move.name, move.sub_family, *move.aliases))


def test_list_marks_what_is_deprecated(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(
        "cluster.library.TAXONOMY", changed(tmp_path, "mv_dab", "deprecated: {since: tx-0.2, use: [mv_woah]}")
    )
    said = danceapp("list", "--family", "poses and hits").stdout
    assert "Dab (deprecated: use mv_woah)" in said
    assert said.count("deprecated") == 1


FAILURES = [
    (["list", "--family", "slide"], "NOT_FOUND", "did you mean slides?"),
    (["preview", "moonwlk"], "NOT_FOUND", "did you mean moonwalk"),
    (["preview", "zzzzzz"], "NOT_FOUND", "danceapp taxonomy list"),
    (["diff", "tx-0.1", "tx-9.9"], "NOT_FOUND", "tx-0.1"),
]


@pytest.mark.parametrize(("words", "code", "hint"), FAILURES, ids=[" ".join(row[0]) for row in FAILURES])
def test_a_failure_is_one_line(words: list[str], code: str, hint: str) -> None:
    said = danceapp(*words)
    assert said.exit_code == 1
    assert said.stdout == ""
    assert said.stderr.startswith(f"danceapp: {code}: ")
    assert hint in said.stderr
    assert said.stderr.count("\n") == 1


def test_a_move_is_found_by_every_name(moves: Taxonomy) -> None:
    for move in moves.moves.values():
        for name in (move.move_id, move.name, move.name.upper(), *move.aliases):
            assert find(moves, name) is move


def changed(folder: Path, move_id: str, line: str) -> Path:
    """A copy of the taxonomy in which a line is added to a move."""
    copy = folder / "tx-0.2"
    copy.mkdir()
    for path in TAXONOMY.glob("*.yaml"):
        text = path.read_text().replace("semver: tx-0.1", "semver: tx-0.2")
        (copy / path.name).write_text(text + (line + "\n" if path.stem == move_id else ""))
    return copy


def test_diff(tmp_path: Path) -> None:
    new = changed(tmp_path, "mv_dab", "deprecated: {since: tx-0.2, use: [mv_woah]}")
    (new / "mv_woah.yaml").write_text((new / "mv_woah.yaml").read_text().replace("difficulty: 2", "difficulty: 3"))
    (new / "mv_floss.yaml").write_text((new / "mv_floss.yaml").read_text().replace("name: Floss", "name: The floss"))
    found = json.loads(danceapp("diff", "tx-0.1", str(new), "--json").stdout)
    assert found == {
        "old": "tx-0.1", "new": "tx-0.2", "added": [], "removed": [], "deprecated": {"mv_dab": ["mv_woah"]},
        "renamed": {"mv_floss": ["Floss", "The floss"]}, "changed": {"mv_woah": ["difficulty"]},
    }  # fmt: skip
    assert danceapp("diff", "tx-0.1", str(new)).stdout.splitlines() == [
        "tx-0.1 -> tx-0.2: 3 changes", "x mv_dab: deprecated, use mv_woah",
        "= mv_floss: Floss is called The floss", "~ mv_woah: difficulty",
    ]  # fmt: skip
    assert danceapp("diff", "tx-0.1", "tx-0.1").stdout == "tx-0.1 -> tx-0.1: no changes\n"


def test_preview_writes_two_figures_twice(tmp_path: Path) -> None:
    said = danceapp("preview", "the nae nae", "--out", str(tmp_path), "--bpm", "120", "--mirror", "--loops", "3")
    assert said.exit_code == 0, said.output
    stems = [f"mv_nae_nae_mirrored_{figure}" for figure in ("stick", "body")]
    names = [f"{stem}.{kind}" for stem in stems for kind in ("gif", "mp4")]
    assert [Path(line).name for line in said.stdout.splitlines()] == names
    for stem in stems:
        assert gif_ms(tmp_path / f"{stem}.gif") == 1000, "one phrase of two beats"
        assert mp4_seconds(tmp_path / f"{stem}.mp4") == pytest.approx(3.0, abs=0.05)


def gif_ms(path: Path) -> int:
    with Image.open(path) as picture:
        assert picture.info["loop"] == 0, "for ever"
        return sum(frame.info["duration"] for frame in ImageSequence.Iterator(picture))


def mp4_seconds(path: Path) -> float:
    with av.open(str(path)) as container:
        (video,) = container.streams.video
        assert len(container.streams.audio) == 1
        return float(video.duration * video.time_base)


@pytest.fixture(scope="module")
def without_extra(tmp_path_factory: pytest.TempPathFactory) -> tuple[Result, Path]:
    """A preview made where anny is not installed: what was said, and the folder."""
    folder = tmp_path_factory.mktemp("previews")
    with pytest.MonkeyPatch.context() as patch:
        patch.setitem(sys.modules, "anny", None)
        rig._model.cache_clear()
        mannequin._dressed.cache_clear()
        return danceapp("preview", "backslide", "--out", str(folder), "--bpm", "120"), folder


def test_preview_without_the_extra_says_so_and_shows_sticks(without_extra: tuple[Result, Path]) -> None:
    said, folder = without_extra
    assert said.exit_code == 0
    assert sorted(path.name for path in folder.iterdir()) == ["mv_moonwalk_stick.gif", "mv_moonwalk_stick.mp4"]
    assert said.stderr.count("\n") == 1
    assert "danceapp[synthetic]" in said.stderr


def test_gif_closes(without_extra: tuple[Result, Path]) -> None:
    """The step from the last frame to the first is like the steps between the others: dancer and floor move on."""
    with Image.open(without_extra[1] / "mv_moonwalk_stick.gif") as picture:
        frames = np.stack([np.asarray(frame.convert("L"), float) for frame in ImageSequence.Iterator(picture)])
    assert len(frames) == RATE_HZ
    steps = np.abs(np.roll(frames, -1, axis=0) - frames)[:, : SIZE[1] - 30].mean(axis=(1, 2))
    assert steps[-1] <= steps[:-1].max()
    assert steps.min() > 0


def test_the_clicks_of_a_preview_are_heard(without_extra: tuple[Result, Path]) -> None:
    sound = audio(without_extra[1] / "mv_moonwalk_stick.mp4", SOUND_HZ)
    assert sound is not None
    assert np.diff(onsets(sound)) == pytest.approx([0.5] * 3, abs=0.01)


def onsets(track: Float) -> Float64:
    """Seconds at which it is loud after it was not."""
    loud = np.flatnonzero(np.abs(track) > 0.2) / SOUND_HZ
    return loud[np.diff(loud, prepend=-1) > 0.1]


def test_clicks_are_on_the_beat() -> None:
    track = metronome(4, 100, 2)
    assert len(track) == round(8 * 0.6 * SOUND_HZ)
    assert onsets(track) == pytest.approx(np.arange(8) * 0.6, abs=0.002)


COUNTS = [(0, "1"), (0.25, "1e"), (1.5, "2&"), (3.75, "4a")]


@pytest.mark.parametrize(("beat", "count"), COUNTS)
def test_counts(beat: float, count: str) -> None:
    assert count_of(beat) == count


def test_sheet_has_a_cell_for_every_move(tmp_path: Path, moves: Taxonomy) -> None:
    png = tmp_path / "sheet.png"
    assert danceapp("sheet", "--out", str(png)).stdout == f"{png}\n"
    with Image.open(png) as picture:
        page = np.asarray(picture.convert("L"))
        assert picture.size[0] / picture.info["dpi"][0] * 25.4 == pytest.approx(420, abs=2), "as wide as A3"
    for at in range(len(moves.moves)):
        left, top = MARGIN + at % COLUMNS * CELL[0], MARGIN + HEAD + at // COLUMNS * (CELL[1] + BAND) + BAND
        for part in (page[top : top + LINE], page[top + LINE : top + CELL[1]]):
            assert (part[:, left : left + CELL[0]] < 100).sum() > 100, "a name, and figures"
    bottom = MARGIN + HEAD + -(-len(moves.moves) // COLUMNS) * (CELL[1] + BAND)
    assert len(page) == bottom + FOOT + MARGIN


def test_check_says_what_a_body_cannot_do(tmp_path: Path) -> None:
    said = CliRunner().invoke(app, ["taxonomy", "check"])
    assert said.exit_code == 0, said.output
    assert said.output.strip().endswith("can be danced as they are written")
    names = ("mv_clap", "mv_dab", "mv_floss")
    shutil.copy(TAXONOMY / "taxonomy.yaml", tmp_path)
    for name in names:
        raw = yaml.safe_load((TAXONOMY / f"{name}.yaml").read_text())
        raw["transitions"] = [other for other in names if other != name]
        if name == "mv_dab":
            raw["motion"]["tracks"]["head"] = {0: [0, 0, 170]}
        (tmp_path / f"{name}.yaml").write_text(yaml.safe_dump(raw))
    said = CliRunner().invoke(app, ["taxonomy", "check", str(tmp_path)])
    assert said.exit_code == 1
    assert "mv_dab: " in said.output
    assert "2 of 3 moves of tx-0.1 can be danced" in said.output
