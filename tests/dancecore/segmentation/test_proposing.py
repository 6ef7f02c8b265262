"""The rules that spans keep, whatever is danced."""

from dataclasses import replace
from itertools import pairwise

import numpy as np
from hypothesis import given
from hypothesis import settings as hypothesis
from hypothesis import strategies as st

from cluster.settings import settings
from dancecore.segmentation import propose
from dancecore.types import MS, BeatGrid, Features, Span

ROW = 50 * MS
RULES = settings().segmentation


def dance(labels: list[int], seed: int = 0, noise: float = 0.4, row: int = ROW) -> Features:
    """Rows whose features depend on their label; label -1: nobody there."""
    rng = np.random.default_rng(seed)
    centres, which = rng.normal(0, 1, (max(labels) + 2, 128)), np.array(labels)
    values = centres[which] + rng.normal(0, noise, (len(which), 128))
    mask = np.repeat((which >= 0).astype(np.float32)[:, None], 33, axis=1)
    return Features(np.arange(len(which), dtype=np.int64) * row, values.astype(np.float32), mask)


def beats(bpm: float, seconds: float, start_ms: int = 0) -> BeatGrid:
    return BeatGrid(bpm, np.round(np.arange(start_ms / 1e3, seconds, 60 / bpm) * 1e9).astype(np.int64), 0.9)


def half_beats(grid: BeatGrid) -> set[int]:
    return {*grid.beats_ns.tolist(), *((grid.beats_ns[:-1] + grid.beats_ns[1:]) // 2).tolist()}


def cuts_ms(spans: list[Span]) -> list[int]:
    return [spans[0].start_ns // MS, *(s.end_ns // MS for s in spans)]


def test_cuts_where_the_movement_changes() -> None:
    assert cuts_ms(propose(dance([0] * 30 + [1] * 20 + [2] * 40), None, RULES)) == [0, 1500, 2500, 4500]


def test_beats_hold_the_cuts() -> None:
    grid = beats(120, 6, start_ms=80)
    spans = propose(dance([0] * 30 + [1] * 20 + [2] * 40), grid, RULES)
    assert cuts_ms(spans) == [0, 1580, 2580, 4500]  # a half beat at 1580 is nearer to 1500 than the one at 1330
    assert {s.end_ns for s in spans[:-1]} <= half_beats(grid)


def test_half_beats_too_sparse_for_the_limits_are_ignored() -> None:
    slow = BeatGrid(5, np.array([0, 12], np.int64) * 10**9, 0.9)  # a half beat every 6 s
    assert all(s.length_ns <= 3000 * MS for s in propose(dance([0] * 200), slow, RULES))


def test_the_grid_is_carried_on_where_music_is_missing() -> None:
    grid = BeatGrid(120, np.array([2000, 2500, 3000], np.int64) * MS, 0.9)
    spans = propose(dance([0] * 29 + [1] * 61), grid, RULES)
    assert spans[0].end_ns == 1500 * MS


def test_same_dance_at_another_tempo_is_cut_alike() -> None:
    labels = [0] * 30 + [1] * 20 + [2] * 12 + [1] * 20 + [3] * 30
    slow = propose(dance(labels, noise=1.0, row=60 * MS), beats(100, 8), replace(RULES, min_ms=480, max_ms=3600))
    fast = propose(dance(labels, noise=1.0, row=50 * MS), beats(120, 8), RULES)
    assert [round(c / 1.2) for c in cuts_ms(slow)] == cuts_ms(fast)


def test_no_dancer_no_spans() -> None:
    assert propose(dance([-1] * 100), None, RULES) == []
    assert propose(dance([-1] * 30 + [0] * 7 + [-1] * 30), None, RULES) == []  # 350 ms hold no move
    empty = Features(np.zeros(0, np.int64), np.zeros((0, 128), np.float32), np.zeros((0, 33), np.float32))
    assert propose(empty, None, RULES) == []
    assert propose(dance([0]), None, RULES) == []


def test_a_jump_of_the_clock_parts_two_stretches() -> None:
    first, times = dance([0] * 40), np.arange(40, dtype=np.int64) * ROW
    times[20:] += 10 * ROW
    spans = propose(Features(times, first.values, first.mask), None, RULES)
    assert cuts_ms(spans[:1]) == [0, 1000]
    assert cuts_ms(spans[1:]) == [1500, 2500]


RUNS = st.lists(st.tuples(st.integers(-1, 4), st.integers(1, 90)), min_size=1, max_size=8)
GRIDS = st.none() | st.builds(beats, st.floats(60, 180), st.floats(3, 30), start_ms=st.integers(0, 900))


@given(runs=RUNS, grid=GRIDS, seed=st.integers(0, 99))
@hypothesis(max_examples=60, deadline=None)
def test_spans_keep_their_rules(runs: list[tuple[int, int]], grid: BeatGrid | None, seed: int) -> None:
    labels = [label for label, rows in runs for _ in range(rows)]
    spans = propose(dance(labels, seed, noise=1.5), grid, RULES)
    assert all(RULES.min_ms * MS <= s.length_ns <= RULES.max_ms * MS for s in spans)
    assert all(a.end_ns <= b.start_ns for a, b in pairwise(spans))
    assert _covered(spans) == _danced(labels)
    if grid is not None:
        inner = [a.end_ns for a, b in pairwise(spans) if a.end_ns == b.start_ns]
        known = np.array(sorted(half_beats(grid)))
        heard = [cut for cut in inner if known[0] <= cut <= known[-1]]
        assert set(heard) <= set(known.tolist())


def _covered(spans: list[Span]) -> list[tuple[int, int]]:
    """Joined spans."""
    joined: list[tuple[int, int]] = []
    for span in spans:
        if joined and joined[-1][1] == span.start_ns:
            joined[-1] = (joined[-1][0], span.end_ns)
        else:
            joined.append((span.start_ns, span.end_ns))
    return joined


def _danced(labels: list[int]) -> list[tuple[int, int]]:
    """Stretches with a dancer that are long enough for a move."""
    seen = np.concatenate([[0], (np.array(labels) >= 0).astype(int), [0]])
    edges = zip(np.flatnonzero(np.diff(seen) == 1), np.flatnonzero(np.diff(seen) == -1), strict=True)
    return [(int(a) * ROW, int(b) * ROW) for a, b in edges if (b - a) * ROW >= RULES.min_ms * MS]


def test_too_few_joints_do_not_make_a_dancer() -> None:
    what = dance([0] * 60)
    mask = np.zeros((60, 33), np.float32)
    mask[:, : RULES.min_joints - 1] = 1
    assert propose(Features(what.time_ns, what.values, mask), None, RULES) == []
