"""Spans against a bank of random smooth loops: the numbers are DTW's, and what was cut from a move is found again."""

import numpy as np
import pytest

from cluster.settings import settings
from dancecore.errors import DanceError
from dancecore.features.columns import MIRROR_FROM, MIRROR_SIGN, confidence
from dancecore.matching.bank import Bank
from dancecore.matching.dtw import align
from dancecore.matching.references import FV1
from dancecore.matching.score import score
from dancecore.matching.templates import Template
from dancecore.types import BeatGrid, Features, Span

MATCHING = settings().matching
RATE_NS = 50_000_000
BPM, BEATS = 120.0, 8
FRAMES = 80
ONES = np.ones((FRAMES, 33), np.float32)


def waves(seed: int, at: np.ndarray) -> np.ndarray:
    """(len(at), 128): a random loop of period 1 in `at`, of harmonics up to 4, with spread 1."""
    rng = np.random.default_rng(seed)
    harmonics = np.arange(1, 5)
    size, phase = rng.normal(size=(4, 128)) / 2, rng.uniform(0, 2 * np.pi, (4, 128))
    angle = 2 * np.pi * harmonics[None, :, None] * at[:, None, None] + phase
    return (size * np.sqrt(2) * np.sin(angle)).sum(axis=1).astype(np.float32)


def mirrored(values: np.ndarray) -> np.ndarray:
    return (values[:, MIRROR_FROM] * MIRROR_SIGN).copy()


def template(seed: int, mirror: bool, weights: np.ndarray | None = None) -> Template:
    values = waves(seed, np.arange(FRAMES) / FRAMES)
    weights = np.ones(128, np.float32) if weights is None else weights
    return Template(
        f"move{seed}", "plain", mirror, 0.0, BPM, BEATS, mirrored(values) if mirror else values, ONES.copy(), weights
    )


MOVES = range(8)
BANK = Bank.build([template(seed, mirror) for seed in MOVES for mirror in (False, True)], MATCHING)


def dance(seed: int, *, mirror: bool = False, begin: float = 0.0, tempo: float = 1.0, frames: int = 40) -> np.ndarray:
    """A move from `begin` (in loops), danced `tempo` times faster than its template."""
    values = waves(seed, begin + np.arange(frames) * tempo / FRAMES) * np.float32(tempo) ** FV1.order
    return (mirrored(values) if mirror else values).astype(np.float32)


def features(values: np.ndarray, mask: np.ndarray | None = None) -> Features:
    n = len(values)
    mask = np.ones((n, 33), np.float32) if mask is None else mask
    return Features(time_ns=np.arange(n) * RATE_NS, values=values, mask=mask)


def whole(values: np.ndarray) -> list[Span]:
    return [Span(0, len(values) * RATE_NS)]


def best(values: np.ndarray, beats: BeatGrid | None = None, mask: np.ndarray | None = None):
    (found,) = score(features(values, mask), whole(values), beats, BANK, MATCHING)
    return found.candidates[0]


def beats(bpm: float, confidence: float = 1.0) -> BeatGrid:
    return BeatGrid(bpm, np.arange(4) * 500_000_000, confidence)


@pytest.mark.parametrize("mirror", [False, True], ids=["as written", "mirrored"])
@pytest.mark.parametrize("phase", range(0, 32, 6))
def test_a_window_of_a_template_is_found_at_no_distance(phase, mirror):
    seed = phase % len(MOVES)
    found = best(dance(seed, mirror=mirror, begin=phase / 32), beats(BPM))
    assert (found.move_id, found.mirror) == (f"move{seed}", mirror)
    assert found.distance < 0.005  # rounding of single precision


@pytest.mark.parametrize("frames", [8, 20, 40, 60])
@pytest.mark.parametrize("tempo", [0.85, 1.0, 1.15])
@pytest.mark.parametrize("known", [True, False], ids=["with beats", "without"])
def test_found_with_noise_at_any_phase_tempo_and_length(frames, tempo, known):
    rng = np.random.default_rng(frames)
    right = 0
    for trial in range(20):
        seed, mirror = trial % len(MOVES), bool(trial % 2)
        clean = dance(seed, mirror=mirror, begin=rng.random(), tempo=tempo, frames=frames)
        noisy = clean + 0.5 * rng.standard_normal(clean.shape).astype(np.float32)
        found = best(noisy, beats(BPM * tempo) if known else None)
        right += (found.move_id, found.mirror) == (f"move{seed}", mirror)
    assert right >= 19


@pytest.mark.parametrize("octave", [0.5, 1, 2])
def test_beats_counted_at_half_or_double_time_mean_the_same(octave):
    values = dance(3, tempo=0.9)
    assert best(values, beats(BPM * 0.9 * octave)).distance == pytest.approx(best(values, beats(BPM * 0.9)).distance)


def test_distance_is_the_least_cost_of_align_over_phases_and_tempi():
    rng = np.random.default_rng(5)
    weights = rng.random(128).astype(np.float32)
    one = template(1, False, weights)
    bank = Bank.build([one], MATCHING)
    query = rng.standard_normal((24, 128)).astype(np.float32)
    (found,) = score(features(query), whole(query), beats(BPM), bank, MATCHING)
    starts = np.round(np.arange(BEATS / MATCHING.phase_beats) * FRAMES * MATCHING.phase_beats / BEATS).astype(int)
    least = min(
        align(query, np.take(one.values, np.arange(s, s + 24), axis=0, mode="wrap"), band=MATCHING.band,
              weights=weights / weights.sum()).cost
        for s in starts
    )  # fmt: skip
    assert found.candidates[0].distance == pytest.approx(least, rel=1e-4)


def test_a_joint_that_nobody_saw_does_not_mislead():
    values = dance(4)
    spoiled, mask = values.copy(), np.ones((len(values), 33), np.float32)
    hidden = [13, 15, 17, 19, 21]  # the left arm
    mask[:, hidden] = 0
    spoiled[confidence(mask) == 0] += 5
    assert best(spoiled, beats(BPM), mask).move_id == "move4"
    assert best(spoiled, beats(BPM), mask).distance < best(spoiled, beats(BPM)).distance


def test_of_nothing_seen_every_move_is_as_likely():
    values = dance(4)
    (found,) = score(features(values, np.zeros((40, 33), np.float32)), whole(values), None, BANK, MATCHING)
    assert {round(c.distance, 5) for c in found.candidates} == {1.0}


def test_candidates_are_nearest_first_and_probabilities_the_softmax_over_all():
    values = dance(0)
    (found,) = score(features(values), whole(values), None, BANK, MATCHING)
    distances = [c.distance for c in found.candidates]
    assert len(distances) == MATCHING.top
    assert distances == sorted(distances)
    ratio = found.candidates[1].probability / found.candidates[0].probability
    assert ratio == pytest.approx(np.exp(-MATCHING.alpha * (distances[1] - distances[0])))
    assert 0 < sum(c.probability for c in found.candidates) <= 1


def test_a_move_that_is_its_own_mirror_is_listed_once():
    bank = Bank.build([template(0, False), template(1, False), template(1, True)], MATCHING)
    values = dance(0)
    (found,) = score(features(values), whole(values), None, bank, MATCHING)
    assert sorted((c.move_id, c.mirror) for c in found.candidates) == [
        ("move0", False), ("move1", False), ("move1", True),
    ]  # fmt: skip


def half_cycle(mirror: bool) -> Template:
    """A move whose second half is the mirror image of its first: mirrored, it only begins elsewhere."""
    first = waves(1, np.arange(FRAMES // 2) / FRAMES)
    values = np.concatenate([first, mirrored(first)])
    weights = np.ones(128, np.float32)
    return Template(
        "swing", "plain", mirror, 0.0, BPM, BEATS, mirrored(values) if mirror else values, ONES.copy(), weights
    )


def test_sides_that_only_begin_elsewhere_are_one():
    bank = Bank.build([half_cycle(False), half_cycle(True), template(1, False), template(1, True)], MATCHING)
    assert bank.readings == (("move1", False), ("move1", True), ("swing", False))


def test_a_span_of_one_frame_is_refused():
    with pytest.raises(DanceError, match="holds 1 frames"):
        score(features(dance(0)), [Span(0, RATE_NS)], None, BANK, MATCHING)


def test_an_empty_bank_is_refused():
    with pytest.raises(DanceError, match="at least one"):
        Bank.build([], MATCHING)
