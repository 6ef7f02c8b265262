"""What a bundle says of a clip: windows that overlap, mirrors, temperatures."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from dancecore.features import FEATURE_VERSION, mirror
from dancecore.models.bundle import Bundle, read_bundle, write_bundle
from dancecore.models.classify import Classifier, both_sides, classify, in_windows
from dancecore.models.frames import INPUTS, SKIPPED, UNKNOWN, Example, inputs, labels_of, mirrored_labels
from dancecore.types import MS, Features, Float

LABELS = labels_of([("mv_dab", False), ("mv_dab", True), ("mv_floss", False)])


def dance(frames: int, seed: int = 0) -> Features:
    rng = np.random.default_rng(seed)
    return Features(
        np.arange(frames) * 50 * MS,
        rng.standard_normal((frames, 128)).astype(np.float32),
        rng.random((frames, 33)).astype(np.float32),
    )


def first_columns(windows: Float) -> tuple[Float, Float]:
    """A network whose logits are the first four inputs of the frame, whatever is around it."""
    return windows[..., :4], windows[..., 4]


@given(st.integers(1, 260), st.sampled_from([(96, 48), (96, 96), (40, 7), (1, 1), (1000, 500)]))
def test_windows_cover_every_frame_and_agree_where_frames_stand_alone(frames: int, size: tuple[int, int]) -> None:
    seen = np.random.default_rng(frames).standard_normal((frames, INPUTS)).astype(np.float32)
    logits, begins = in_windows(seen, *size, first_columns)
    np.testing.assert_allclose(logits, seen[:, :4], atol=1e-5)
    np.testing.assert_allclose(begins, seen[:, 4], atol=1e-5)


def test_the_middle_of_a_window_counts_most() -> None:
    """A network that says how far a frame is into its window."""

    def place(windows: Float) -> tuple[Float, Float]:
        at = np.broadcast_to(np.arange(windows.shape[1], dtype=np.float32), windows.shape[:2])
        return at[..., None], at

    logits, _ = in_windows(np.zeros((6, INPUTS), np.float32), 4, 2, place)
    # frames 2 and 3 are at 2, 3 of the first window (weights 2, 1) and at 0, 1 of the second (weights 1, 2)
    np.testing.assert_allclose(logits[:, 0], [0, 1, (2 * 2 + 0) / 3, (3 * 1 + 1 * 2) / 3, 2, 3], atol=1e-6)


def test_looking_in_the_mirror_gives_the_mirror_image() -> None:
    mirrored = mirrored_labels(LABELS)
    straight, _ = both_sides(inputs(dance(30)), mirrored, first_columns)
    other, _ = both_sides(inputs(mirror(dance(30))), mirrored, first_columns)
    np.testing.assert_allclose(other, straight[:, mirrored], atol=1e-5)


@pytest.fixture(scope="module")
def bundle() -> Bundle:
    torch = pytest.importorskip("torch", reason="making a network needs the extra `train`")
    from dancecore.models.export import to_onnx
    from dancecore.models.network import build

    network = build("tcn-light", torch.zeros(INPUTS), torch.ones(INPUTS), len(LABELS), 0.1, 0)
    return Bundle(
        model_id="mv-0.0.1", arch="tcn-light", feature_version=FEATURE_VERSION, taxonomy="tx-0.1", labels=LABELS,
        mean=np.zeros(INPUTS, np.float32), std=np.ones(INPUTS, np.float32), temperature=2.0, fusion={}, mirrored=True,
        window=96, hop=48, metrics={}, train_data={}, seeds={}, git_sha="", command="", confusion={},
        network=to_onnx(network),
    )  # fmt: skip


def test_scores_are_log_probabilities_of_every_reading(bundle: Bundle, tmp_path: Path) -> None:
    features = dance(150)
    scores = classify(features, read_bundle(write_bundle(bundle, tmp_path)))
    assert scores.readings == LABELS
    assert scores.readings[-1] == UNKNOWN
    np.testing.assert_allclose(np.exp(scores.logp).sum(1), 1, atol=1e-5)
    assert ((scores.boundary > 0) & (scores.boundary < 1)).all()
    np.testing.assert_array_equal(scores.time_ns, features.time_ns)


def test_the_mirrored_dance_has_the_mirrored_scores(bundle: Bundle) -> None:
    ours, theirs = Classifier(bundle)(dance(60)), Classifier(bundle)(mirror(dance(60)))
    np.testing.assert_allclose(theirs.logp, ours.logp[:, mirrored_labels(LABELS)], atol=1e-4)
    np.testing.assert_allclose(theirs.boundary, ours.boundary, atol=1e-4)


def test_temperature_makes_less_sure_and_changes_no_order(bundle: Bundle) -> None:
    cold, hot = (classify(dance(50), replace(bundle, temperature=t)) for t in (0.5, 5.0))
    np.testing.assert_array_equal(cold.logp.argmax(1), hot.logp.argmax(1))
    assert (cold.logp.max(1) > hot.logp.max(1)).all()


def test_calibration_finds_the_temperature_and_the_better_way_to_look(bundle: Bundle) -> None:
    from dancecore.models.calibrate import calibrated

    rng = np.random.default_rng(0)
    clips, wanted = [], 3.0
    for _ in range(6):
        logits = rng.standard_normal((200, 4)) * wanted
        likely = np.exp(logits / wanted)
        labels = np.array([rng.choice(4, p=row / row.sum()) for row in likely])
        seen = np.zeros((200, INPUTS), np.float32)
        seen[:, :4] = logits
        clips.append(Example(seen, labels))
    found = calibrated(clips, LABELS, 96, 48, first_columns)
    assert found.temperature == pytest.approx(wanted, rel=0.15)
    assert not found.mirrored  # these inputs mean nothing in the mirror
    assert found.metrics["ECE"] < 0.05
    assert sum(map(sum, found.confusion["counts"])) == 1200
    for clip in clips:
        clip.labels[100:] = SKIPPED
    half = calibrated(clips, LABELS, 96, 48, first_columns)
    assert half.temperature == pytest.approx(wanted, rel=0.2)
    assert sum(map(sum, half.confusion["counts"])) == 600
