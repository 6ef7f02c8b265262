"""Which way of composing a user gets, and what events say of the ways."""

from collections import Counter
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from cluster.experiment import Event, packed, tell, variant_of
from cluster.settings import settings
from dancecore.composer.steps import Step

NUMBERS = settings().experiment
NOON, PAUSE = datetime(2026, 6, 30, 12, tzinfo=UTC), timedelta(minutes=30)
A, B, C = ["mv_a", 4.0, False], ["mv_b", 4.0, False], ["mv_c", 4.0, False]


def event(name: str, kind: str, at_s: float, user: str = "ann", **more: Any) -> Event:
    about, composition = more.pop("about", None), more.pop("composition", None)
    return Event(name, user, "plain", kind, about, composition, more, NOON + timedelta(seconds=at_s))


def told(*events: Event) -> dict[str, Any]:
    found = tell("plain", sorted(events, key=lambda e: (e.user_id, e.created_at)), PAUSE)
    return {name: getattr(found, name) for name in found.__slots__}


def test_a_user_stays_with_a_variant_and_variants_are_shared_out_evenly() -> None:
    users = [f"usr_{i}" for i in range(4000)]
    first = [variant_of(user, NUMBERS) for user in users]
    assert first == [variant_of(user, NUMBERS) for user in users]
    assert set(first) == set(NUMBERS.variants)
    assert max(Counter(first).values()) < 1.1 * len(users) / len(NUMBERS.variants)
    other = [variant_of(user, replace(NUMBERS, name="another")) for user in users]
    moved = sum(a != b for a, b in zip(first, other, strict=True))
    assert 0.4 < moved / len(users) < 0.6, "what one experiment drew tells nothing of the next"


CASES: dict[str, tuple[list[Event], dict[str, Any]]] = {
    "nothing happened": ([], {"users": 0, "sessions": 0, "acceptance": None, "edit_distance": None,
                              "first_bar_s": None, "abandonment": None, "diversity": None}),
    "one suggestion in two is taken, though twice": (
        [event("s1", "suggested", 0), event("s2", "suggested", 5), event("x", "accepted", 9, about="s2", beats=2.0),
         event("y", "accepted", 12, about="s2", beats=2.0)],
        {"suggestions": 2, "acceptance": 0.5, "first_bar_s": 12.0, "abandonment": 1.0},
    ),
    "what was kept last counts": (
        [event("p", "planned", 0, steps=[A, B, C]),
         event("k", "saved", 60, about="p", composition="c", steps=[A, B, C]),
         event("e", "edited", 90, about="p", composition="c", steps=[A, C, C, B])],
        {"edited": 1, "edit_distance": 2.0, "first_bar_s": 0.0, "abandonment": 0.0, "dances": 1, "diversity": 0.75},
    ),
    "a mirrored step is another step": (
        [event("p", "planned", 0, steps=[A]), event("k", "saved", 1, about="p", composition="c",
                                                    steps=[["mv_a", 4.0, True]])],
        {"edit_distance": 1.0},
    ),
    "a dance without a plan has no distance": (
        [event("k", "saved", 0, composition="c", steps=[A, A])], {"edit_distance": None, "diversity": 0.5}
    ),
    "after a long pause one begins anew": (
        [event("s", "suggested", 0), event("k", "saved", 3600, composition="c", steps=[A])],
        {"sessions": 2, "abandonment": 0.5, "first_bar_s": 0.0},
    ),
    "whoever says so gives up, though a dance is kept": (
        [event("k", "saved", 0, composition="c", steps=[A]), event("a", "abandoned", 9)], {"abandonment": 1.0}
    ),
    "users have sessions of their own": (
        [event("s", "suggested", 0), event("t", "suggested", 1, user="bob")], {"users": 2, "sessions": 2}
    ),
    "less than a bar is none": ([event("x", "accepted", 3, about="s", beats=2.0)], {"first_bar_s": None}),
}  # fmt: skip


@pytest.mark.parametrize(("events", "wanted"), CASES.values(), ids=CASES)
def test_what_events_say(events: list[Event], wanted: dict[str, Any]) -> None:
    found = told(*events)
    assert {name: found[name] for name in wanted} == wanted


def test_steps_as_events_hold_them() -> None:
    assert packed([Step("mv_a", 4, True, "slow")]) == [["mv_a", 4, True]]
