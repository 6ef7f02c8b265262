"""Windows for training: where they come from, what tempo and mirror do to them, and how they are padded."""

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from cluster.settings import settings
from dancecore.errors import DanceError
from dancecore.features import mirror
from dancecore.learning.datasets.entries import Label
from dancecore.models.frames import (
    INPUT_FROM,
    INPUT_ORDER,
    INPUT_SIGN,
    INPUTS,
    SKIPPED,
    UNKNOWN,
    Example,
    frame_labels,
    inputs,
    labels_of,
    mirrored_labels,
    unseen,
)
from dancecore.models.windows import at_tempo, augmented, batches, begins, forgotten, stack
from dancecore.types import MS, Features

NUMBERS = replace(settings().train, window=40, hop=20, batch=4, jitter=0.0, blank=0.0, tempo=0.15)
LABELS = labels_of([("mv_dab", True), ("mv_floss", False), ("mv_dab", False)])


def clip(frames: int, seed: int = 0) -> Example:
    rng = np.random.default_rng(seed)
    return Example(rng.standard_normal((frames, INPUTS)).astype(np.float32), np.sort(rng.integers(0, 4, frames)))


def test_labels_are_in_order_and_the_unknown_comes_last() -> None:
    assert LABELS == (("mv_dab", False), ("mv_dab", True), ("mv_floss", False), UNKNOWN)
    assert mirrored_labels(LABELS).tolist() == [1, 0, 2, 3]


CASES = {
    "from its first frame to before its end": (Label(100, 200, "mv_dab", False), [3, 3, 0, 0, 3, 3]),
    "mirrored": (Label(0, 100, "mv_dab", True), [1, 1, 3, 3, 3, 3]),
    "mirrored where nobody can tell": (Label(0, 50, "mv_floss", True), [2, 3, 3, 3, 3, 3]),
    "no sides": (Label(0, 50, "mv_floss", None), [2, 3, 3, 3, 3, 3]),
    "a move that is not known": (Label(0, 300, "mv_new", False), [3] * 6),
}


@pytest.mark.parametrize(("label", "expected"), CASES.values(), ids=CASES)
def test_frames_get_the_label_that_is_told(label: Label, expected: list[int]) -> None:
    assert frame_labels([label], np.arange(6) * 50 * MS, LABELS).tolist() == expected


def test_inputs_in_the_mirror_are_those_of_the_mirrored_features() -> None:
    rng = np.random.default_rng(0)
    features = Features(
        np.arange(9) * 50 * MS, rng.standard_normal((9, 128)).astype(np.float32), rng.random((9, 33)).astype(np.float32)
    )
    np.testing.assert_array_equal(inputs(mirror(features)), inputs(features)[:, INPUT_FROM] * INPUT_SIGN)


@given(st.integers(1, 200), st.integers(0, 5))
def test_windows_are_never_longer_than_asked_for(frames: int, seed: int) -> None:
    window = augmented(clip(frames), mirrored_labels(LABELS), NUMBERS, np.random.default_rng(seed))
    assert min(frames / 1.2, 39) <= len(window.labels) <= 41
    assert np.isfinite(window.inputs).all()


def test_a_dance_at_another_tempo_moves_faster() -> None:
    rates = INPUT_ORDER == 1
    slow = Example(np.tile(np.arange(100, dtype=np.float32)[:, None], INPUTS), np.repeat([0, 1], 50))
    values, labels = at_tempo(slow, 10, 60, 1.2)
    assert len(values) == 50
    assert values[0, INPUT_ORDER == 0] == pytest.approx(10)
    assert values[-1, INPUT_ORDER == 0] == pytest.approx(69)
    assert values[0, rates] == pytest.approx(12)
    assert values[0, INPUT_ORDER == 2] == pytest.approx(14.4)
    assert (labels == 0).mean() == pytest.approx(40 / 60, abs=0.02)


def test_a_mirrored_window_has_mirrored_labels() -> None:
    numbers = replace(NUMBERS, tempo=0.0, mirror=1.0)
    example = clip(40)
    window = augmented(example, mirrored_labels(LABELS), numbers, np.random.default_rng(0))
    np.testing.assert_array_equal(window.labels, mirrored_labels(LABELS)[example.labels])
    np.testing.assert_allclose(window.inputs, example.inputs[:, INPUT_FROM] * INPUT_SIGN)


def test_every_hop_of_every_clip_gives_a_window() -> None:
    made = list(batches([clip(100), clip(7), clip(61)], mirrored_labels(LABELS), NUMBERS, np.random.default_rng(0)))
    assert [len(batch.labels) for batch in made] == [4, 4, 1]
    assert {batch.inputs.shape[1:] for batch in made} == {(40, INPUTS)}
    assert sorted(int(row.sum()) for batch in made for row in batch.valid)[0] in (6, 7, 8)


def test_padding_is_marked() -> None:
    batch = stack([clip(3), clip(5)], 5)
    assert batch.valid.tolist() == [[1, 1, 1, 0, 0], [1, 1, 1, 1, 1]]
    assert not batch.inputs[0, 3:].any()


def test_a_segment_begins_near_its_first_frame() -> None:
    assert begins(np.array([0, 0, 0, 1, 1, 1, 1, 2])).tolist() == [0, 0, 1, 1, 1, 0, 1, 1]
    assert not begins(np.array([4, 4, 4])).any()


def test_labels_must_fit_inputs() -> None:
    with pytest.raises(DanceError, match="3 labels"):
        Example(np.zeros((4, INPUTS), np.float32), np.zeros(3, np.int64))


def seen(frames: int) -> Example:
    return Example(np.ones((frames, INPUTS), np.float32), np.zeros(frames, np.int64))


def test_who_is_not_seen_for_long_dances_nothing_that_is_known() -> None:
    hidden = np.array([True] * 3 + [False] * 2 + [True] * 5 + [False])
    assert forgotten(np.zeros(11, np.int64), hidden, 1, 7).tolist() == [7, 7, 0, 0, 0, 0, 7, 7, 7, 0, 0]
    assert forgotten(np.zeros(4, np.int64), np.ones(4, np.bool_), 9, 7).tolist() == [7] * 4


def test_some_windows_have_a_stretch_in_which_nobody_is_seen() -> None:
    numbers = replace(NUMBERS, tempo=0.0, mirror=0.0, jitter=0.1, blank=1.0, memory=2)
    blank = [augmented(seen(40), mirrored_labels(LABELS), numbers, np.random.default_rng(k)) for k in range(9)]
    hidden = [unseen(each.inputs) for each in blank]
    assert any(each.any() for each in hidden)
    assert all(not each.inputs[gone].any() for each, gone in zip(blank, hidden, strict=True))
    assert all((each.labels[~gone] == 0).all() for each, gone in zip(blank, hidden, strict=True))
    assert any((each.labels[gone] == 3).any() for each, gone in zip(blank, hidden, strict=True))


def test_frames_that_do_not_count_stay_so_in_the_mirror() -> None:
    example = Example(seen(40).inputs, np.repeat([SKIPPED, 0], 20))
    window = augmented(example, mirrored_labels(LABELS), replace(NUMBERS, mirror=1.0), np.random.default_rng(0))
    assert set(window.labels.tolist()) == {SKIPPED, 1}
