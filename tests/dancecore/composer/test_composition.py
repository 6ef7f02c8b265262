"""`composition.v1`: what it says, what it refuses, and back again."""

import json
from datetime import UTC, datetime
from typing import Any

import jsonschema
import pytest
from hypothesis import given
from hypothesis import strategies as st

from dancecore.composer.composition import SCHEMA, Composition, compose, from_json, to_json
from dancecore.composer.steps import Step
from dancecore.errors import DanceError

steps = st.builds(
    Step, st.sampled_from(["mv_floss", "mv_dab", "plié"]), st.sampled_from([0.5, 1.0, 2.0, 4.0, 8.0]), st.booleans(),
    st.text(max_size=8),
)  # fmt: skip
titles = st.text(min_size=1, max_size=20).filter(lambda t: t.strip())
whole_seconds = st.datetimes(datetime(2000, 1, 1), datetime(2100, 1, 1)).map(
    lambda t: t.replace(microsecond=0, tzinfo=UTC)
)
written = st.builds(
    Composition, titles, st.floats(30, 300), st.lists(steps, min_size=1, max_size=12).map(tuple), st.just("tx-0.1"),
    whole_seconds,
)  # fmt: skip

NOW = datetime(2026, 11, 28, 12, tzinfo=UTC)
DANCE = Composition("Été, 夏", 112.0, (Step("mv_floss", 4), Step("mv_dab", 2, True, "hold")), "tx-0.1", NOW)


@given(written)
def test_there_and_back(composition: Composition) -> None:
    assert from_json(to_json(composition)) == composition


def test_what_it_says() -> None:
    said = json.loads(to_json(DANCE))
    jsonschema.validate(said, json.loads(SCHEMA.read_text()))
    assert said == {
        "schema": "composition.v1", "title": "Été, 夏", "bpm": 112.0, "bars": 2,
        "created_at": "2026-11-28T12:00:00+00:00", "moveset_version": "tx-0.1",
        "steps": [
            {"order": 0, "move_id": "mv_floss", "beats": 4, "mirror": False, "notes": ""},
            {"order": 1, "move_id": "mv_dab", "beats": 2, "mirror": True, "notes": "hold"},
        ],
    }  # fmt: skip
    assert (DANCE.beats, DANCE.missing, DANCE.starts, DANCE.seconds(4)) == (6, 2, (0, 4), pytest.approx(60 / 28))


def changed(**values: Any) -> dict[str, Any]:
    return json.loads(to_json(DANCE)) | values


def step(**values: Any) -> list[dict[str, Any]]:
    return [json.loads(to_json(DANCE))["steps"][0] | values]


REFUSED = [
    ("another schema", changed(schema="composition.v2"), "$.schema"),
    ("no bpm", {k: v for k, v in changed().items() if k != "bpm"}, "'bpm' is a required"),
    ("slow", changed(bpm=3), "$.bpm"),
    ("no steps", changed(steps=[]), "$.steps"),
    ("wrong bars", changed(bars=3), "the steps fill 2 bars, and bars says 3"),
    ("no time", changed(created_at="2026-13-77T00:00"), "created_at is no time"),
    ("backwards", changed(steps=step(beats=-4), bars=1), "$.steps[0].beats"),
    ("numbered from 1", changed(steps=step(order=1), bars=1), "numbered 0, 1, 2"),
    ("more", changed(extra=1), "extra"),
    ("blank", changed(title=" "), "needs a title"),
    ("a list", [], "$: [] is not of type 'object'"),
]


@pytest.mark.parametrize(("name", "said", "words"), REFUSED, ids=[case[0] for case in REFUSED])
def test_what_is_no_composition_is_refused(name: str, said: Any, words: str) -> None:
    with pytest.raises(DanceError, match="INVALID_INPUT") as refused:
        from_json(json.dumps(said))
    assert words in refused.value.message


def test_no_json_is_refused() -> None:
    with pytest.raises(DanceError, match="this is no JSON"):
        from_json("{")


def test_what_is_written_now() -> None:
    made = compose("x", 100, [Step("mv_dab", 4)], "tx-0.1")
    assert abs((datetime.now(UTC) - made.created_at).total_seconds()) < 5
    assert from_json(to_json(made)) == made
