"""DTW by hand-made cases, against dtaidistance and a plain float64 reference, and by its properties."""

import numpy as np
import pytest
from dtaidistance import dtw_ndim
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from dancecore.errors import DanceError
from dancecore.matching.dtw import align, band_limits

RAMP = np.array([[0.0], [1.0], [2.0], [3.0]])
CASES = [
    ("the same series costs nothing", RAMP, RAMP, 1.0, 0.0, [(0, 0), (1, 1), (2, 2), (3, 3)]),
    ("a held first frame is warped away", RAMP[[0, 0, 1, 2, 3]], RAMP, 0.5, 0.0,
     [(0, 0), (1, 0), (2, 1), (3, 2), (4, 3)]),
    ("a band of nothing is the Euclidean sum", RAMP, RAMP[::-1], 0.0, (3 + 1 + 1 + 3) / 4,
     [(0, 0), (1, 1), (2, 2), (3, 3)]),
    ("ties go diagonally", np.zeros((3, 1)), np.ones((3, 1)), 1.0, 1.0, [(0, 0), (1, 1), (2, 2)]),
    ("then up: the query moves on late in the path's order", np.zeros((3, 1)), np.zeros((2, 1)), 1.0, 0.0,
     [(0, 0), (1, 0), (2, 1)]),
    ("one frame against three", np.zeros((1, 1)), RAMP[:3], 0.1, 1.0, [(0, 0), (0, 1), (0, 2)]),
    ("one frame against one", np.zeros((1, 1)), np.full((1, 1), 5.0), 0.1, 5.0, [(0, 0)]),
]  # fmt: skip


def table(cases):
    """The named cases as pytest parameters."""
    return [pytest.param(*values, id=name) for name, *values in cases]


@pytest.mark.parametrize(("query", "reference", "band", "cost", "path"), table(CASES))
def test_hand_made(query, reference, band, cost, path):
    found = align(query, reference, band=band)
    assert found.cost == pytest.approx(cost)
    assert [tuple(step) for step in found.path.tolist()] == path


def test_local_distance_is_weighted_l2():
    query, reference = np.zeros((1, 3)), np.array([[1.0, 2.0, 10.0]])
    assert align(query, reference, weights=np.array([4.0, 3.0, 0.0])).cost == pytest.approx(4.0)
    by_frame = np.array([[0.0, 1.0, 0.0]])
    assert align(query, reference, weights=by_frame).cost == pytest.approx(2.0)


NAN = np.array([[np.nan]])
REFUSED = [
    ("empty query", np.empty((0, 2)), np.zeros((3, 2)), {}, "INVALID_INPUT"),
    ("no columns", np.empty((3, 0)), np.empty((3, 0)), {}, "INVALID_INPUT"),
    ("NaN", NAN, np.zeros((1, 1)), {}, "INVALID_INPUT"),
    ("infinite reference", np.zeros((1, 1)), np.full((1, 1), np.inf), {}, "INVALID_INPUT"),
    ("flat array", np.zeros(3), np.zeros((3, 1)), {}, "INVALID_INPUT"),
    ("other columns", np.zeros((3, 1)), np.zeros((3, 2)), {}, "INVALID_INPUT"),
    ("negative weight", RAMP, RAMP, {"weights": np.array([-1.0])}, "INVALID_INPUT"),
    ("weights of another width", RAMP, RAMP, {"weights": np.ones(2)}, "INVALID_INPUT"),
    ("band above one", RAMP, RAMP, {"band": 1.5}, "INVALID_INPUT"),
    ("two frames cannot reach a hundred", np.zeros((2, 1)), np.zeros((100, 1)), {}, "BAND_TOO_NARROW"),
    ("nor a hundred two", np.zeros((100, 1)), np.zeros((2, 1)), {}, "BAND_TOO_NARROW"),
]


@pytest.mark.parametrize(("query", "reference", "options", "code"), table(REFUSED))
def test_refused(query, reference, options, code):
    with pytest.raises(DanceError) as caught:
        align(query, reference, **options)
    assert caught.value.code == code


def naive(query, reference, band):
    """Total cost by the textbook recurrence in float64, the band tested cell by cell."""
    rows, columns = len(query), len(reference)
    total = np.full((rows + 1, columns + 1), np.inf)
    total[0, 0] = 0
    for i in range(rows):
        for j in range(columns):
            if inside(i, j, rows, columns, band):
                cheapest = min(total[i, j], total[i, j + 1], total[i + 1, j])
                total[i + 1, j + 1] = cheapest + np.sqrt(((query[i] - reference[j]) ** 2).sum())
    return total[rows, columns]


def inside(i, j, rows, columns, band):
    """Whether a cell is within the band of the diagonal, counted along the longer series."""
    if min(rows, columns) == 1:
        return True
    across = abs(i / (rows - 1) - j / (columns - 1)) * (max(rows, columns) - 1)
    return across <= band * max(rows, columns) + 1e-9


COMPILING = settings(deadline=None)  # the first call compiles

VALUES = st.floats(-10, 10, width=32)


@st.composite
def pairs(draw):
    columns = draw(st.integers(1, 4))
    series = [draw(arrays(np.float32, (draw(st.integers(1, 16)), columns), elements=VALUES)) for _ in range(2)]
    return *series, draw(st.floats(0, 1))


def fitting(query, reference, band):
    """The alignment, or None where by the textbook too no path fits."""
    if np.isfinite(naive(query.astype(float), reference.astype(float), band)):
        return align(query, reference, band=band)
    with pytest.raises(DanceError, match="BAND_TOO_NARROW"):
        align(query, reference, band=band)
    return None


@COMPILING
@given(pairs())
def test_equals_the_textbook(pair):
    query, reference, band = pair
    found = fitting(query, reference, band)
    assume(found is not None)
    total = naive(query.astype(float), reference.astype(float), band)
    assert found.cost * len(found.path) == pytest.approx(total, rel=1e-9, abs=1e-9)


@COMPILING
@given(pairs())
def test_path_goes_corner_to_corner_inside_the_band_and_costs_what_is_said(pair):
    query, reference, band = pair
    found = fitting(query, reference, band)
    assume(found is not None)
    path = found.path
    assert path[0].tolist() == [0, 0]
    assert path[-1].tolist() == [len(query) - 1, len(reference) - 1]
    assert {tuple(step) for step in np.diff(path, axis=0).tolist()} <= {(1, 1), (1, 0), (0, 1)}
    assert all(inside(i, j, len(query), len(reference), band) for i, j in path)
    steps = np.linalg.norm(query[path[:, 0]].astype(float) - reference[path[:, 1]], axis=1)
    assert found.cost == pytest.approx(steps.mean(), rel=1e-6, abs=1e-9)


@COMPILING
@given(pairs())
def test_total_is_symmetric_and_at_least_both_ends(pair):
    query, reference, band = pair
    there = fitting(query, reference, band)
    assume(there is not None)
    back = align(reference, query, band=band)
    assert there.cost * len(there.path) == pytest.approx(back.cost * len(back.path), rel=1e-6, abs=1e-6)
    ends = np.linalg.norm(query[[0, -1]].astype(float) - reference[[0, -1]], axis=1)
    bound = ends.sum() if len(there.path) > 1 else ends[0]
    assert there.cost * len(there.path) >= bound - 1e-6


@COMPILING
@given(pairs())
def test_the_same_series_costs_nothing(pair):
    query, _, band = pair
    assert align(query, query, band=band).cost == 0


@pytest.mark.parametrize("seed", range(5))
def test_equals_dtaidistance_for_equal_lengths(seed):
    rng = np.random.default_rng(seed)
    query, reference = rng.normal(size=(2, 40, 5))
    found = align(query, reference, band=0.12)
    reach = int(0.12 * 40 + 1e-9)  # its window counts the diagonal itself
    peer = dtw_ndim.distance(query, reference, window=reach + 1, inner_dist="euclidean")
    assert found.cost * len(found.path) == pytest.approx(peer, rel=1e-9)


@pytest.mark.parametrize("band", [0.1, 0.2, 1.0])
def test_equals_aeon_on_zeros_and_ones(band):
    """Its local distance is the square of L2, which is L2 where steps are 0 or 1."""
    aeon = pytest.importorskip("aeon.distances", reason="aeon is not installed: it wants an older numba")
    query, reference = np.random.default_rng(1).integers(0, 2, (2, 30, 1)).astype(float)
    found = align(query, reference, band=band)
    assert found.cost * len(found.path) == pytest.approx(aeon.dtw_distance(query.T, reference.T, window=band))


@pytest.mark.parametrize("shift", [-2, -1, 1, 2])
def test_early_and_late_copies_are_cheap(shift):
    time = np.linspace(0, 4 * np.pi, 60)
    dance = np.stack([np.sin(time), np.cos(time / 2)], axis=1)
    moved = np.stack([np.sin(time + shift * 0.2), np.cos(time / 2 + shift * 0.1)], axis=1)
    unwarped = np.linalg.norm(dance - moved, axis=1).mean()
    assert align(dance, moved, band=0.12).cost < 0.3 * unwarped


def test_band_limits_are_the_cells_of_the_band():
    for rows, columns, band in [(5, 5, 0.2), (10, 7, 0.3), (7, 10, 0.3), (30, 40, 0.12)]:
        low, high = band_limits(rows, columns, band)
        for i in range(rows):
            cells = [j for j in range(columns) if inside(i, j, rows, columns, band)]
            assert (low[i], high[i]) == (cells[0], cells[-1])
