"""Many references at once against one alignment after another in double precision."""

import numpy as np
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from cluster.settings import settings as numbers
from dancecore.errors import DanceError
from dancecore.features.columns import confidence
from dancecore.matching.bank import Bank
from dancecore.matching.compare import UNSEEN, Queries, costs
from dancecore.matching.dtw import align, band_limits
from dancecore.matching.lanes import LANES, lane_limits
from dancecore.matching.references import FV1, Layout, Reference
from dancecore.matching.score import distances
from dancecore.types import Float, Float64

MATCHING = numbers().matching
BAND = 0.12
COMPILING = settings(deadline=None, max_examples=60)


def layout(columns: int, rng: np.random.Generator) -> Layout:
    """Random orders, twins, signs and sources."""
    source = np.arange(columns)
    pairs = rng.permutation(columns)[: columns // 2 * 2 // 4 * 2].reshape(-1, 2)
    source[pairs[:, 0]], source[pairs[:, 1]] = pairs[:, 1], pairs[:, 0]
    sign = rng.choice([-1, 1], columns).astype(np.float32)
    sign[pairs[:, 1]] = sign[pairs[:, 0]]
    source_of = rng.integers(0, 3, columns)
    source_of[pairs] = rng.integers(1, 3, len(pairs))[:, None] * 2 + [1, 2]
    return Layout(rng.integers(0, 3, columns), source, sign, np.unique(source_of, return_inverse=True)[1])


def trusted(rng: np.random.Generator, frames: int, shape: Layout) -> Float:
    """A random confidence of each source."""
    return rng.random((frames, shape.source_of.max() + 1)).astype(np.float32)[:, shape.source_of]


def walk(rng: np.random.Generator, length: int, columns: int) -> Float:
    """A smooth random series with spread of about one."""
    steps = rng.normal(size=(length + 8, columns)).cumsum(axis=0)
    return ((steps[8:] - steps[:-8]) / 2.8).astype(np.float32)


def bank_of(rng: np.random.Generator, shape: Layout, lengths: list[int], looped: bool) -> Bank:
    """A move a length, each with its mirror image or without."""
    columns = len(shape.order)
    return Bank.of(
        [
            Reference(f"move{k}", bool(k % 3 == 1), bool(k % 2), 0.0, walk(rng, length, columns),
                      rng.random(columns).astype(np.float32) + 0.01, np.arange(0, length, 5) if looped else None)
            for k, length in enumerate(lengths)
        ],
        shape,
    )  # fmt: skip


def reference_cost(query: Float, trust: Float, values: Float, weights: Float, band: float) -> float:
    """By `align` in double precision, straight from the definition; infinite where no path fits."""
    weights = weights.astype(np.float64)
    unseen = UNSEEN * (1 - trust.astype(np.float64)) @ weights
    try:
        return align(
            np.column_stack([query.astype(np.float64), np.ones(len(query))]),
            np.column_stack([values.astype(np.float64), np.zeros(len(values))]),
            band=band,
            weights=np.column_stack([trust * weights, unseen]),
        ).cost
    except DanceError:
        return np.inf


def one_after_another(query: Float, trust: Float, bank: Bank, band: float) -> Float64:
    """(N, 2), what `costs` gives."""
    out = np.full((len(bank.references), 2), np.inf)
    for k, (reference, weights) in enumerate(zip(bank.references, bank.weights, strict=True)):
        sides = [(reference.values, weights)]
        if reference.both:
            sides.append((bank.layout.mirrored(reference.values), weights[bank.layout.mirror_from]))
        for side, (values, w) in enumerate(sides):
            starts = [None] if reference.starts is None else reference.starts
            out[k, side] = min(
                reference_cost(query, trust, values if s is None else around(values, s, len(query)), w, band)
                for s in starts
            )
    return out


def around(values: Float, start: int, count: int) -> Float:
    return np.take(values, start + np.arange(count), axis=0, mode="wrap")


LENGTHS = st.lists(st.integers(1, 60), min_size=1, max_size=LANES + 4)


@COMPILING
@given(st.integers(0, 2**31), LENGTHS, st.integers(2, 60), st.integers(2, 20), st.booleans(), st.floats(0, 1))
def test_every_cost_is_that_of_align(
    seed: int, lengths: list[int], frames: int, columns: int, all_seen: bool, band: float
) -> None:
    rng = np.random.default_rng(seed)
    bank = bank_of(rng, layout(columns, rng), lengths, looped=False)
    query = walk(rng, frames, columns)
    trust = np.ones_like(query) if all_seen else trusted(rng, frames, bank.layout)
    (found,) = costs(Queries.of([(query, trust)], bank), bank.groups, bank, band)
    np.testing.assert_allclose(found, one_after_another(query, trust, bank, band), atol=1e-5)


@COMPILING
@given(st.integers(0, 2**31), st.integers(2, 40), st.integers(1, 40))
def test_of_a_loop_the_nearest_window(seed: int, frames: int, period: int) -> None:
    rng = np.random.default_rng(seed)
    bank = bank_of(rng, layout(12, rng), [period] * 3, looped=True)
    query, trust = walk(rng, frames, 12), trusted(rng, frames, bank.layout)
    (found,) = costs(Queries.of([(query, trust)], bank), bank.groups, bank, BAND)
    np.testing.assert_allclose(found, one_after_another(query, trust, bank, BAND), atol=1e-5)


@pytest.mark.parametrize("error", [0.0, 1e-6, 1e-4, 1e-2, 0.1])
@pytest.mark.parametrize("size", [1.0, 10.0])
def test_near_duplicates(error: float, size: float) -> None:
    """|q|^2 - 2 q r + |r|^2 in single precision is off by 1e-3 here."""
    rng = np.random.default_rng(1)
    bank = bank_of(rng, FV1, [40] * 6, looped=False)
    values = bank.references[2].values
    near = (values + error * rng.normal(size=values.shape)).astype(np.float32)
    other = np.concatenate([near[:20], walk(rng, 20, 128)])  # near for half of the way
    for query in (near, other):
        scaled = Bank.of([scale(r, size) for r in bank.references], FV1)
        (found,) = costs(
            Queries.of([(query * np.float32(size), np.ones_like(query))], scaled), scaled.groups, scaled, BAND
        )
        wanted = one_after_another(query * np.float32(size), np.ones_like(query), scaled, BAND)
        np.testing.assert_allclose(found / size, wanted / size, atol=1e-5)


def scale(reference: Reference, size: float) -> Reference:
    values = reference.values * np.float32(size)
    return Reference(reference.move_id, reference.mirror, reference.both, 0.0, values, reference.weights)


@pytest.mark.parametrize("seed", range(3))
def test_the_nearest_five_are_those_of_brute_force(seed: int) -> None:
    """Whole sequences of 128 columns, both sides, three tempi."""
    rng = np.random.default_rng(seed)
    bank = bank_of(rng, FV1, rng.integers(24, 91, 40).tolist(), looped=False)
    query, trust = walk(rng, int(rng.integers(24, 91)), 128), confidence(rng.random((1, 33)).astype(np.float32))
    trust = np.repeat(trust, len(query), axis=0)
    (found,) = distances([(query, trust)], None, bank, MATCHING)
    wanted = np.full(len(bank.readings), np.inf)
    for tempo in MATCHING.tempi:
        frames = round(len(query) * tempo)
        at = np.linspace(0, len(query) - 1, frames)
        slower = np.stack([np.interp(at, np.arange(len(query)), column) for column in query.T], axis=1)
        slower = (slower / tempo**FV1.order).astype(np.float32)
        for pair, cost in zip(
            bank.reading_of, one_after_another(slower, trust[:1].repeat(frames, 0), bank, BAND), strict=True
        ):
            for reading, one in zip(pair, cost, strict=True):
                wanted[reading] = min(wanted[reading], one) if reading >= 0 else wanted[reading]
    np.testing.assert_allclose(found, wanted, atol=1e-5)
    assert np.argsort(found)[:5].tolist() == np.argsort(wanted)[:5].tolist()


def test_queries_do_not_meet() -> None:
    rng = np.random.default_rng(0)
    bank = bank_of(rng, layout(10, rng), [30, 12, 50], looped=False)
    series = [(walk(rng, n, 10), trusted(rng, n, bank.layout)) for n in (20, 35, 7)]
    together = costs(Queries.of(series, bank), bank.groups, bank, BAND)
    apart = [costs(Queries.of([one], bank), bank.groups, bank, BAND)[0] for one in series]
    np.testing.assert_allclose(together, apart, atol=1e-5)


@given(st.integers(0, 2**31), st.integers(1, 9), st.integers(1, 40))
def test_halves_keep_inner_products_and_part_the_mirror(seed: int, rows: int, columns: int) -> None:
    rng = np.random.default_rng(seed)
    shape = layout(columns, rng)
    a, c = rng.normal(size=(2, rows, columns)).astype(np.float32)
    b, d = trusted(rng, rows, shape), rng.normal(size=(rows, columns)).astype(np.float32)
    even, odd = shape.halves(a, shape.told(b))
    even2, odd2 = shape.halves(c, shape.summed(d))
    assert even.shape[1] + odd.shape[1] == columns + shape.source_of.max() + 1
    np.testing.assert_allclose(even @ even2.T + odd @ odd2.T, a @ c.T + b @ d.T, atol=1e-3)
    image = shape.mirrored(c), d[:, shape.mirror_from]
    np.testing.assert_allclose(even @ even2.T - odd @ odd2.T, a @ image[0].T + b @ image[1].T, atol=1e-3)


def test_columns_of_a_source_have_mirror_images_of_one() -> None:
    pairs = np.unique(np.stack([FV1.source_of, FV1.source_of[FV1.mirror_from]], axis=1), axis=0)
    assert len(pairs) == FV1.source_of.max() + 1


def test_columns_of_the_same_joints_are_one_source() -> None:
    trust = confidence(np.random.default_rng(0).random((20, 33)).astype(np.float32))
    assert FV1.source_of.max() + 1 < 64
    assert np.array_equal(trust, FV1.told(trust)[:, FV1.source_of])


@given(st.integers(2, 90), st.lists(st.integers(2, 90), min_size=LANES, max_size=LANES))
@COMPILING
def test_lanes_have_the_band_of_each(rows: int, lengths: list[int]) -> None:
    low, high, first, last = lane_limits(rows, np.array(lengths), BAND)
    for k, length in enumerate(lengths):
        try:
            begin, end = band_limits(rows, length, BAND)
        except DanceError:
            assume(False)
        assert (low[:, k] == begin).all()
        assert (high[:, k] == end).all()
    assert (first == low.min(axis=1)).all()
    assert (last == high.max(axis=1)).all()
