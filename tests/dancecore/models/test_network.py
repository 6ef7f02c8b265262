"""Networks of both kinds: shapes, padding that changes nothing, ONNX that says the same, and that they can learn."""

from dataclasses import replace

import numpy as np
import pytest

from cluster.settings import settings
from dancecore.errors import DanceError
from dancecore.models.frames import INPUTS, Example
from dancecore.settings import TrainSettings

torch = pytest.importorskip("torch", reason="training needs the extra `train`")

from dancecore.models import fitting  # noqa: E402
from dancecore.models.export import TOLERANCE, difference, to_onnx  # noqa: E402
from dancecore.models.loss import loss  # noqa: E402
from dancecore.models.network import ENCODERS, Network, build, size  # noqa: E402
from dancecore.models.windows import Batch, batches  # noqa: E402

LABELS = 5
MIRRORED = np.array([1, 0, 2, 3, 4])


def small(arch: str, seed: int = 0) -> Network:
    return build(arch, torch.full((INPUTS,), 0.3), torch.full((INPUTS,), 2.0), LABELS, 0.1, seed).eval()


def some(batch: int, frames: int, seed: int = 0) -> "torch.Tensor":
    return torch.randn((batch, frames, INPUTS), generator=torch.Generator().manual_seed(seed))


@pytest.mark.parametrize("arch", ENCODERS)
@pytest.mark.parametrize("frames", [1, 2, 96, 131])
def test_shapes(arch: str, frames: int) -> None:
    with torch.no_grad():
        logits, begins = small(arch)(some(2, frames), torch.ones(2, frames))
    assert logits.shape == (2, frames, LABELS)
    assert begins.shape == (2, frames)


@pytest.mark.parametrize("arch", ENCODERS)
def test_padding_never_changes_what_is_said_of_frames(arch: str) -> None:
    network, x = small(arch), some(1, 40)
    padded = torch.cat([x, 1000 * some(1, 23, seed=1)], dim=1)
    valid = torch.cat([torch.ones(1, 40), torch.zeros(1, 23)], dim=1)
    with torch.no_grad():
        alone, among = network(x, torch.ones(1, 40)), network(padded, valid)
    for ours, theirs in zip(alone, among, strict=True):
        torch.testing.assert_close(theirs[:, :40], ours, atol=1e-5, rtol=0)


@pytest.mark.parametrize("arch", [name for name in ENCODERS if name.endswith("light")])
def test_light_networks_are_light(arch: str) -> None:
    assert size(build(arch, torch.zeros(INPUTS), torch.ones(INPUTS), 161, 0.1, 0)) <= 1_500_000


def test_an_unknown_architecture_is_refused() -> None:
    with pytest.raises(DanceError, match=r"INVALID_INPUT.*tcn-light"):
        build("lstm", torch.zeros(3), torch.ones(3), 2, 0.1, 0)


@pytest.mark.parametrize("arch", ENCODERS)
def test_onnx_says_what_torch_says_at_any_length(arch: str) -> None:
    network = small(arch)
    made = to_onnx(network)
    assert max(difference(network, made, batch, frames) for batch, frames in ((1, 1), (2, 33), (1, 200))) <= TOLERANCE


def tiny(**changes: object) -> TrainSettings:
    return replace(
        settings().train, window=48, hop=24, batch=8, dropout=0.0, learning_rate=2e-3, tempo=0.0, mirror=0.0,
        blank=0.0,
        precision="fp32", **changes,
    )  # fmt: skip


def dances() -> list[Example]:
    """Four clips in which each label has a pattern of its own."""
    rng = np.random.default_rng(0)
    patterns = rng.standard_normal((LABELS, INPUTS))
    clips = []
    for _ in range(4):
        labels = np.repeat(rng.permutation(LABELS), 20)
        clips.append(Example((patterns[labels] + 0.3 * rng.standard_normal((100, INPUTS))).astype(np.float32), labels))
    return clips


def learned(arch: str, numbers: TrainSettings, rounds: int) -> tuple[Network, list[float]]:
    torch.set_num_threads(1)
    clips, losses = dances(), []
    network = build(arch, torch.zeros(INPUTS), torch.ones(INPUTS), LABELS, numbers.dropout, numbers.seed)
    optimiser = fitting.optimiser(network, numbers)
    weights = fitting.class_weights(fitting.count_labels(clips, LABELS), numbers.class_power)
    for k in range(rounds):
        for batch in batches(clips, MIRRORED, numbers, np.random.default_rng([numbers.seed, k])):
            rate = numbers.learning_rate
            losses.append(float(fitting.take_step(network, optimiser, batch, weights, rate, numbers).total.detach()))
    return network, losses


@pytest.mark.parametrize("arch", ["tcn-light", "transformer-light"])
def test_a_few_clips_are_learned_by_heart(arch: str) -> None:
    network, losses = learned(arch, tiny(), rounds=15)
    said = fitting.logits_of(network, dances())
    right = [logits.argmax(1) == clip.labels for (logits, _), clip in zip(said, dances(), strict=True)]
    assert np.mean(right) > 0.97
    assert losses[-1] < losses[0] / 4


def test_the_same_seed_trains_the_same_network() -> None:
    (a, _), (b, _), (c, _) = (learned("tcn-light", tiny(seed=seed), rounds=2) for seed in (1, 1, 2))
    for name, value in a.state_dict().items():
        torch.testing.assert_close(b.state_dict()[name], value, atol=0, rtol=0)
    assert not torch.equal(a.frame.weight, c.frame.weight)


def test_the_learning_rate_rises_and_falls() -> None:
    numbers = replace(settings().train, warm_up=10, learning_rate=1.0)
    rates = [fitting.learning_rate(step, 100, numbers) for step in range(101)]
    assert rates[0] == pytest.approx(0.1)
    assert rates[10] == pytest.approx(1.0)
    assert rates[55] == pytest.approx(0.5)
    assert rates[100] == pytest.approx(0.0)


def test_rare_labels_count_more_and_frames_one_on_average() -> None:
    counts = np.array([900, 100, 0])
    weights = fitting.class_weights(counts, 0.5).numpy()
    assert weights[1] / weights[0] == pytest.approx(3.0)
    assert (weights * counts / 1000).sum() == pytest.approx(1.0, abs=0.04)  # the label without frames has a share too


def one(batch: Batch, numbers: TrainSettings, logits: "torch.Tensor") -> "tuple[float, float, float]":
    arrays = (torch.from_numpy(each) for each in (batch.labels, batch.boundary, batch.valid))
    found = loss(logits, torch.zeros(logits.shape[:2]), *arrays, torch.ones(LABELS), numbers)
    return float(found.frame), float(found.boundary), float(found.smooth)


def test_the_loss_sees_no_padding_and_is_that_of_textbooks() -> None:
    batch = next(iter(batches(dances()[:1], MIRRORED, replace(tiny(), batch=2), np.random.default_rng(0))))
    batch.valid[:, 30:] = 0
    logits = some(2, 48)[..., :LABELS]
    before = one(batch, tiny(), logits)
    expected = torch.nn.functional.cross_entropy(
        logits[:, :30].reshape(-1, LABELS), torch.from_numpy(batch.labels[:, :30].reshape(-1))
    )
    assert before[0] == pytest.approx(float(expected), rel=1e-5)
    logits[:, 30:] += 7 * some(2, 18, seed=3)[..., :LABELS]
    assert one(batch, tiny(), logits) == pytest.approx(before)
    assert one(batch, tiny(), torch.zeros_like(logits))[2] == 0
    assert one(batch, replace(tiny(), focal=2.0), logits)[0] < before[0]
