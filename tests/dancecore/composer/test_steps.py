"""Files of dances: what is read, and what is refused with its line."""

from pathlib import Path

import pytest

from dancecore.composer.steps import Choreography, Heard, Step, read_corpus
from dancecore.errors import DanceError


def corpus(folder: Path, *lines: str) -> Path:
    path = folder / "dances.jsonl"
    path.write_text("".join(f"{line}\n" for line in lines), encoding="utf-8")
    return path


def test_dances_with_any_names_are_read(tmp_path: Path) -> None:
    path = corpus(
        tmp_path,
        '{"id": "a", "steps": [{"move": "plié", "beats": 4, "mirror": true}, {"move": " spin ", "beats": 2.5}]}',
        "",
        '{"id": "b", "steps": [{"move": "x"}, null, {"move": null, "beats": 3}, {"move": "y", "beats": null}], "n": 1}',
    )
    assert list(read_corpus(path)) == [
        Choreography("a", (Heard("plié", 4.0, True), Heard("spin", 2.5))),
        Choreography("b", (Heard("x", None), None, None, Heard("y", None))),
    ]


REFUSED = [
    ("{", "line 1: not JSON"),
    ("[]", "line 1: want"),
    ('{"id": 3, "steps": []}', "line 1: want"),
    ('{"id": "a", "steps": {}}', "line 1: want"),
    ('{"id": "a", "steps": [3]}', "line 1, step 1: want"),
    ('{"id": "a", "steps": [{"beats": 3}]}', "step 1: None is no name"),
    ('{"id": "a", "steps": [{"move": "^", "beats": 3}]}', "is no name"),
    ('{"id": "a", "steps": [{"move": "x"}, {"move": "y", "beats": 0}]}', "step 2: beats"),
    ('{"id": "a", "steps": [{"move": "y", "beats": true}]}', "step 1: beats"),
    ('{"id": "a", "steps": [{"move": "y", "beats": NaN}]}', "step 1: beats"),
    ('{"id": "a", "steps": [{"move": "y", "mirror": 1}]}', "step 1: mirror"),
    ('{"id": "a", "steps": []}\n{"id": "a", "steps": []}', "line 2: 'a' was there"),
]


@pytest.mark.parametrize(("text", "words"), REFUSED, ids=[text for text, _ in REFUSED])
def test_what_is_no_dance_is_refused_with_its_line(text: str, words: str, tmp_path: Path) -> None:
    with pytest.raises(DanceError, match="INVALID_INPUT") as refused:
        list(read_corpus(corpus(tmp_path, text)))
    assert words in refused.value.message


def test_other_files_are_refused(tmp_path: Path) -> None:
    with pytest.raises(DanceError, match="FILE_NOT_FOUND"):
        list(read_corpus(tmp_path / "none.jsonl"))
    (tmp_path / "bytes").write_bytes(b"\xff\xfe\x00")
    with pytest.raises(DanceError, match="is not UTF-8"):
        list(read_corpus(tmp_path / "bytes"))


def test_gaps_divide_a_dance_into_runs() -> None:
    a, b, c = Heard("a", 4), Heard("b", 4), Heard("c", None)
    assert list(Choreography("x", (a, b, None, None, c)).runs()) == [(True, (a, b)), (False, (c,))]
    assert list(Choreography("x", (None, a)).runs()) == [(False, (a,))]
    assert list(Choreography("x", (None,)).runs()) == []


def test_both_moves_of_a_mirrored_pair_become_one() -> None:
    dance = Choreography("x", (Heard("left", 4, True), None, Heard("other", 2)))
    assert dance.merged({"left": "right"}).steps == (Heard("right", 4, True), None, Heard("other", 2))


@pytest.mark.parametrize("values", [("", 4), ("^", 4), ("a", 0), ("a", -1), ("a", float("nan")), ("a", 1e9)])
def test_a_step_has_a_name_and_a_length(values: tuple[str, float]) -> None:
    with pytest.raises(DanceError, match="INVALID_INPUT"):
        Step(*values)
