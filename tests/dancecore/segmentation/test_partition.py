"""The optimum against ruptures and against trying everything."""

from itertools import combinations, pairwise

import numpy as np
import pytest
import ruptures
from hypothesis import given
from hypothesis import strategies as st
from ruptures.costs import CostRbf

from dancecore.segmentation.kernel import bandwidth, span_costs
from dancecore.segmentation.partition import partition
from dancecore.types import Float


def walk(seed: int, rows: int, parts: int, columns: int = 6) -> Float:
    """Rows that change their mean `parts` times."""
    rng = np.random.default_rng(seed)
    which = np.sort(rng.integers(0, parts, rows))
    return (rng.normal(0, 1.5, (parts, columns))[which] + rng.normal(0, 0.7, (rows, columns))).astype(np.float32)


def gram(rows: Float, gamma: float) -> Float:
    apart = ((rows[:, None].astype(np.float64) - rows[None]) ** 2).sum(axis=2)
    return np.exp(-gamma * apart)


def scatter(alike: Float, start: int, end: int) -> float:
    """The textbook formula, straight."""
    block = alike[start:end, start:end]
    return float(np.trace(block) - block.sum() / (end - start))


@pytest.mark.parametrize("longest", [1, 2, 7, 30])
def test_costs_are_the_textbook_formula(longest: int) -> None:
    rows = walk(0, 30, 4)
    costs, alike = span_costs(rows, 0.1, longest), gram(rows, 0.1)
    for end in range(1, 31):
        for count in range(1, min(longest, end) + 1):
            assert costs[end, count] == pytest.approx(scatter(alike, end - count, end), abs=1e-4)


def test_costs_equal_those_of_ruptures() -> None:
    rows = walk(1, 40, 3)
    peer = CostRbf(gamma=0.1).fit(rows.astype(np.float64))
    costs = span_costs(rows, 0.1, 40)
    # CostRbf holds gamma |x - y|^2 inside 0.01..100, hence the tolerance.
    for start, end in combinations(range(0, 41, 4), 2):
        assert costs[end, end - start] == pytest.approx(peer.error(start, end), abs=0.05)


@pytest.mark.parametrize("seed", range(8))
@pytest.mark.parametrize("penalty", [1.0, 3.0])
def test_cuts_equal_those_of_ruptures(seed: int, penalty: float) -> None:
    rows = walk(seed, 160, 8)
    edges = np.arange(161)
    ours = partition(span_costs(rows, 0.1, 160), edges, edges, 8, 160, penalty)
    peer = ruptures.KernelCPD(kernel="rbf", params={"gamma": 0.1}, min_size=8).fit(rows.astype(np.float64))
    assert ours[1:].tolist() == peer.predict(pen=penalty)


@given(
    seed=st.integers(0, 10**6), rows=st.integers(2, 11), shortest=st.integers(1, 4), extra=st.integers(0, 5),
    penalty=st.floats(0, 3), gone=st.sets(st.integers(1, 10), max_size=5),
)  # fmt: skip
def test_no_admissible_partition_is_better(
    seed: int, rows: int, shortest: int, extra: int, penalty: float, gone: set[int]
) -> None:
    series = walk(seed, rows, 3)
    places = np.array([p for p in range(rows + 1) if p in (0, rows) or p not in gone])
    longest = shortest + extra
    costs, alike = span_costs(series, 0.1, rows), gram(series, 0.1)

    def price(cuts: tuple[int, ...]) -> float:
        fits = all(shortest <= b - a <= longest for a, b in pairwise(cuts))
        return sum(scatter(alike, a, b) + penalty for a, b in pairwise(cuts)) if fits else np.inf

    inner = places[1:-1].tolist()
    every = [(0, *chosen, rows) for n in range(len(inner) + 1) for chosen in combinations(inner, n)]
    cheapest = min(price(cuts) for cuts in every)
    found = partition(costs, places, places, shortest, longest, penalty)
    if np.isinf(cheapest):
        assert not len(found)
    else:
        assert price(tuple(places[found].tolist())) == pytest.approx(cheapest, abs=1e-4)


def test_bandwidth_is_one_over_the_median_squared_distance() -> None:
    rows = np.array([[0.0], [1.0], [3.0]], np.float32)  # squared distances 1, 4, 9
    assert bandwidth(rows) == pytest.approx(1 / 4)
    assert bandwidth(np.zeros((5, 3), np.float32)) == 1.0
