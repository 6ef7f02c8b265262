import numpy as np
import pytest

from dancecore.features import STATISTICS, window_statistics
from dancecore.types import MS, Features, Span

RATE_HZ = 20


def _features(column: np.ndarray) -> Features:
    values = np.zeros((len(column), 128), np.float32)
    values[:, 7] = column
    return Features(
        np.arange(len(column)) * (1000 // RATE_HZ * MS), values, np.ones((len(column), 33), np.float32)
    )  # fmt: skip


SECONDS = np.arange(80) / RATE_HZ
CASES = [
    pytest.param(np.full(80, 1.5), {"mean": 1.5, "variance": 0, "peaks_per_s": 0, "turns_per_s": 0, "periodicity": 0},
                 id="still"),
    pytest.param(np.sin(2 * np.pi * SECONDS), {"mean": 0, "variance": 0.5, "peaks_per_s": 1, "turns_per_s": 2,
                 "periodicity": 1}, id="one swing a second"),
    pytest.param(0.1 * np.sin(2 * np.pi * SECONDS), {"variance": 0.005, "peaks_per_s": 0, "turns_per_s": 0,
                 "periodicity": 1}, id="a swing below the prominence"),
    pytest.param(SECONDS, {"mean": 1.975, "peaks_per_s": 0, "turns_per_s": 0}, id="a ramp"),
]  # fmt: skip


@pytest.mark.parametrize(("column", "expected"), CASES)
def test_of_a_known_curve(column: np.ndarray, expected: dict[str, float]) -> None:
    table = window_statistics(_features(column), Span(0, 4000 * MS), 0.5)
    assert table.shape == (5, 128)
    got = {name: float(table[STATISTICS.index(name), 7]) for name in expected}
    assert got == pytest.approx(expected, abs=0.05)


def test_only_the_span_counts() -> None:
    column = np.concatenate([np.full(40, 5.0), np.full(40, 1.0)])
    table = window_statistics(_features(column), Span(2000 * MS, 4000 * MS), 0.5)
    assert table[STATISTICS.index("mean"), 7] == 1
    assert table[STATISTICS.index("variance"), 7] == 0


def test_noise_is_hardly_periodic() -> None:
    noise = np.random.default_rng(5).normal(size=400)
    table = window_statistics(_features(noise), Span(0, 20_000 * MS), 0.5)
    assert table[STATISTICS.index("periodicity"), 7] < 0.35


def test_too_short_a_span_is_zero() -> None:
    assert (window_statistics(_features(np.ones(80)), Span(0, 90 * MS), 0.5) == 0).all()
