"""The rule of the canary by cases worked out by hand, with a made-up clock, and by its properties."""

import hashlib
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cluster.canary import Arm, Evidence, compare, decide, least_rise, takes_canary
from cluster.settings import RegistrySettings
from dancecore.types import MS, OTHER, Segment

NUMBERS = RegistrySettings(
    canary_share=0.1, stable_h=48, min_clips=100, max_disagreement=0.35, max_correction_rise=0.01, confidence=0.95
)
SINCE = datetime(2026, 6, 1, 12, tzinfo=UTC)
END = SINCE + timedelta(hours=48)
SERVED = Arm(clips=900, segments=13_500, corrections=270)  # 2 %
FINE = Evidence("mv-0.2.0", "mv-0.1.0", SINCE, Arm(100, 1500, 30), SERVED, 100, named_ms=10_000, differing_ms=1000)


def corrected(corrections: int, clips: int = 100, segments: int = 1500) -> Evidence:
    return replace(FINE, canary=Arm(clips, segments, corrections), compared=clips)


CASES = [
    ("before the end", FINE, END - timedelta(seconds=1), "keep"),
    ("at the end", FINE, END, "promote"),
    ("long after", FINE, END + timedelta(days=9), "promote"),
    ("before it began", FINE, SINCE - timedelta(hours=1), "keep"),
    ("a clip too few", corrected(30, clips=99), END, "keep"),
    ("not compared with production", replace(FINE, compared=0, named_ms=0, differing_ms=0), END, "keep"),
    ("production saw too little", replace(FINE, production=Arm(99, 1485, 30)), END, "keep"),
    ("nothing was seen at all", replace(FINE, canary=Arm(0, 0, 0), production=Arm(0, 0, 0), compared=0), END, "keep"),
    ("at the gate", corrected(45), END, "promote"),  # 3 % against 2 %
    ("over the gate", corrected(46), END, "roll back"),
    ("over the gate, but early", corrected(46), SINCE, "keep"),
    ("better than production", corrected(0), END, "promote"),
    ("bad beyond doubt, early", corrected(75), SINCE, "roll back"),  # 5 % against 2 %: 3.98 to 6.23 %
    ("bad on ten clips", corrected(30, clips=10, segments=150), SINCE, "roll back"),  # 20 %
    ("perhaps bad on one clip", corrected(1, clips=1, segments=15), SINCE, "keep"),
    ("differs as much as it may", replace(FINE, differing_ms=3500), END, "promote"),
    ("differs too much", replace(FINE, differing_ms=3501), SINCE, "roll back"),
    ("differs too much on a few clips", replace(FINE, compared=99, differing_ms=10_000), SINCE, "keep"),
]


@pytest.mark.parametrize(("evidence", "now", "action"), [row[1:] for row in CASES], ids=[row[0] for row in CASES])
def test_cases(evidence: Evidence, now: datetime, action: str) -> None:
    assert decide(evidence, now, NUMBERS).action == action


def test_reasons_say_the_numbers() -> None:
    assert decide(FINE, SINCE + timedelta(hours=30), NUMBERS).reason == "18.0 h of 48 h are left"
    assert "fewest are 99, fewer than 100" in decide(corrected(30, clips=99), END, NUMBERS).reason
    assert "1.1 % more of its segments" in decide(corrected(46), END, NUMBERS).reason
    assert "36.0 % of the time, more than 35.0 %" in decide(replace(FINE, differing_ms=3600), END, NUMBERS).reason


NEWCOMBE = [  # Newcombe 1998, table II, method 10: k1, n1, k2, n2, lower limit of the difference
    (56, 70, 48, 80, 0.0524),
    (9, 10, 3, 10, 0.1705),
    (6, 7, 2, 7, 0.0582),
    (5, 56, 0, 29, -0.0381),
    (0, 10, 0, 20, -0.1611),
    (10, 10, 0, 10, 0.6075),
]


@pytest.mark.parametrize(("k1", "n1", "k2", "n2", "low"), NEWCOMBE)
def test_the_interval_is_that_of_the_paper(k1: int, n1: int, k2: int, n2: int, low: float) -> None:
    evidence = replace(FINE, canary=Arm(1, n1, k1), production=Arm(1, n2, k2))
    assert least_rise(evidence, 0.95) == pytest.approx(low, abs=5e-5)


RANK = {"roll back": 0, "keep": 1, "promote": 2}
ARMS = st.tuples(st.integers(0, 300), st.integers(0, 3000), st.floats(0, 1)).map(
    lambda drawn: Arm(drawn[0], drawn[1], int(drawn[1] * drawn[2]))
)


@st.composite
def evidences(draw: st.DrawFn) -> Evidence:
    canary, named = draw(ARMS), draw(st.integers(0, 10**7))
    compared = draw(st.integers(0, canary.clips))
    return Evidence("b", "a", SINCE, canary, draw(ARMS), compared, named, draw(st.integers(0, named)))


HOURS = st.floats(-1, 1000).map(lambda hours: SINCE + timedelta(hours=hours))


@given(evidences(), HOURS)
def test_nothing_is_promoted_early_or_on_little(evidence: Evidence, now: datetime) -> None:
    if decide(evidence, now, NUMBERS).action == "promote":
        assert now >= END
        assert min(evidence.compared, evidence.production.clips) >= 100
        assert evidence.disagreement <= 0.35
        assert evidence.canary.correction_rate - evidence.production.correction_rate <= 0.01


@given(evidences(), HOURS, st.integers(1, 100))
def test_more_corrections_never_help(evidence: Evidence, now: datetime, more: int) -> None:
    tried = evidence.canary
    worse = replace(tried, corrections=min(tried.segments, tried.corrections + more))
    before, after = (decide(each, now, NUMBERS).action for each in (evidence, replace(evidence, canary=worse)))
    assert RANK[after] <= RANK[before]


@given(evidences(), HOURS, st.integers(1, 10**6))
def test_more_disagreement_never_helps(evidence: Evidence, now: datetime, more: int) -> None:
    worse = replace(evidence, differing_ms=min(evidence.named_ms, evidence.differing_ms + more))
    assert RANK[decide(worse, now, NUMBERS).action] <= RANK[decide(evidence, now, NUMBERS).action]


@given(evidences(), HOURS, st.floats(0, 500))
def test_a_verdict_stands_while_nothing_new_is_seen(evidence: Evidence, now: datetime, hours: float) -> None:
    before = decide(evidence, now, NUMBERS).action
    later = decide(evidence, now + timedelta(hours=hours), NUMBERS).action
    assert before == later or before == "keep"


def names(count: int) -> list[str]:
    return [hashlib.sha256(str(number).encode()).hexdigest() for number in range(count)]


def test_a_tenth_of_the_clips_takes_the_canary_always_the_same() -> None:
    clips = names(20_000)
    taken = [takes_canary(clip, "mv-0.2.0", 0.1) for clip in clips]
    assert sum(taken) / len(clips) == pytest.approx(0.1, abs=4 * (0.09 / 20_000) ** 0.5)
    assert taken == [takes_canary(clip, "mv-0.2.0", 0.1) for clip in clips]
    again = [takes_canary(clip, "mv-0.3.0", 0.1) for clip in clips]
    both = sum(one and other for one, other in zip(taken, again, strict=True))
    assert both / len(clips) == pytest.approx(0.01, abs=4 * (0.0099 / 20_000) ** 0.5)


@given(st.integers(0, 10**6), st.floats(0, 1), st.floats(0, 1))
def test_a_larger_share_takes_more_and_drops_none(number: int, one: float, other: float) -> None:
    sha256 = hashlib.sha256(str(number).encode()).hexdigest()
    low, high = sorted((one, other))
    assert takes_canary(sha256, "mv-0.2.0", low) <= takes_canary(sha256, "mv-0.2.0", high)
    assert takes_canary(sha256, "mv-0.2.0", 1)
    assert not takes_canary(sha256, "mv-0.2.0", 0)


def spans(*parts: tuple[int, int, str]) -> list[Segment]:
    return [Segment(lo * MS, hi * MS, move, 0.9, False, ()) for lo, hi, move in parts]


COMPARED = [
    ("alike", spans((0, 1000, "a"), (1000, 2000, "b")), spans((0, 1000, "a"), (1000, 2000, "b")), 2000, 0),
    ("a later cut", spans((0, 1000, "a"), (1000, 2000, "b")), spans((0, 1200, "a"), (1200, 2000, "b")), 2000, 200),
    ("a cut between the same", spans((0, 2000, "a")), spans((0, 700, "a"), (700, 2000, "a")), 2000, 0),
    ("other is as good as nothing", spans((0, 1000, OTHER)), [], 0, 0),
    ("one sees nothing", spans((0, 1000, "a")), spans((0, 1000, OTHER)), 1000, 1000),
    ("apart", spans((0, 500, "a")), spans((800, 1000, "a")), 700, 700),
    ("nobody sees anything", [], [], 0, 0),
]


@pytest.mark.parametrize(("one", "two", "named", "differing"), [r[1:] for r in COMPARED], ids=[r[0] for r in COMPARED])
def test_two_readings_of_a_clip(one: list[Segment], two: list[Segment], named: int, differing: int) -> None:
    assert compare(one, two) == compare(two, one) == {"named_ms": named, "differing_ms": differing}


def test_counts_that_cannot_be() -> None:
    for arm in ((-1, 5, 0), (1, 5, 6), (1, 5, -1)):
        with pytest.raises(ValueError, match="cannot be"):
            Arm(*arm)


@pytest.mark.parametrize("changes", [{"canary_share": 1.1}, {"confidence": 1.0}, {"min_clips": 0}, {"stable_h": -1}])
def test_settings_that_cannot_be(changes: dict[str, float]) -> None:
    with pytest.raises(ValueError, match=r"wants? to be"):
        replace(NUMBERS, **changes)
