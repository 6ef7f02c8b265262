"""Training of the lifter: what it is shown, that it learns, and that its file says what it says."""

from dataclasses import replace

import numpy as np
import pytest

torch = pytest.importorskip("torch", reason="needs the extra `synthetic`")

import onnxruntime  # noqa: E402

from cluster.library import TAXONOMY  # noqa: E402
from cluster.settings import settings  # noqa: E402
from dancecore.lifting import inputs, outputs, training  # noqa: E402
from dancecore.lifting.export import to_onnx  # noqa: E402
from dancecore.lifting.imagined import imagine  # noqa: E402
from dancecore.lifting.network import Lifter  # noqa: E402
from dancecore.lifting.people import draw_dancing  # noqa: E402
from dancecore.lifting.performances import Sample, World, perform  # noqa: E402
from dancecore.moves.anatomy import strains  # noqa: E402
from dancecore.moves.taxonomy import load_taxonomy  # noqa: E402
from dancecore.synthetic.fast_body import fast_body  # noqa: E402
from dancecore.synthetic.rig import Shape  # noqa: E402

TUNED = settings()
SMALL = replace(TUNED.lifting, channels=24, dilations=(1, 2), steps=60, batch=4, window=32, report_every=20)


@pytest.fixture(scope="module")
def pairs() -> list[tuple[Sample, Sample]]:
    pytest.importorskip("anny", reason="needs the extra `synthetic`")
    taxonomy = load_taxonomy(TAXONOMY)
    bodies = (fast_body(Shape(0.5, 0.66, 0.5, 0.5, 0.5, 0.6)),)
    moves = ("mv_floss", "mv_dab", "mv_ymca", "mv_spin")
    world = World(taxonomy, moves, bodies, TUNED.observe, TUNED.features, TUNED.pose, TUNED.media.rate_hz, 4.0)
    return [perform(world, seed) for seed in range(6)]


def test_samples_have_their_shapes(pairs: list[tuple[Sample, Sample]]) -> None:
    for sample in (each for pair in pairs for each in pair):
        widths = {"inputs": inputs.WIDTH, "pose": 51, "facing": 2, "travel": 3}
        for name, width in widths.items():
            values = getattr(sample, name)
            assert values.shape == (80, width)
            assert values.dtype == np.float32
            assert np.isfinite(values).all()
        assert np.allclose(np.linalg.norm(sample.facing, axis=1), 1, atol=1e-5)
        assert (np.diff(sample.content) >= 0).all()


def test_two_people_dance_the_same(pairs: list[tuple[Sample, Sample]]) -> None:
    """At instants of one content the poses are nearer than at others."""
    for one, other in pairs:
        apart = np.abs(one.content[:, None] - other.content)
        same, distance = apart.argmin(1), np.linalg.norm(one.pose[:, None] - other.pose, axis=2)
        known = apart.min(1) < 0.1
        assert distance[np.arange(len(same)), same][known].mean() < distance[known].mean()


def test_made_up_dances_are_within_what_bodies_do() -> None:
    seconds = np.arange(80) / 20
    strained = [strains(imagine(np.random.default_rng(seed), 4.0).motion(seconds, 1.0)) for seed in range(20)]
    arms = [name for found in strained for name in found if "elbow" in name or "collar" in name]
    assert arms == []


def test_a_person_dances_on_and_never_back() -> None:
    for seed in range(20):
        content = draw_dancing(np.random.default_rng(seed), 10.0, 0.8).content(np.arange(200) / 20)
        assert (np.diff(content) >= 0).all()
        assert content[-1] == pytest.approx(0.8 * 9.95, abs=0.8)


def test_it_learns_and_the_same_seed_gives_the_same(pairs: list[tuple[Sample, Sample]]) -> None:
    data = {
        name: np.stack([[getattr(sample, name) for sample in pair] for pair in pairs])
        for name in ("inputs", "pose", "facing", "travel", "content")
    }
    told: list[training.Progress] = []
    state = training.train(data, SMALL, 0, told.append)
    assert told[-1].error < 0.8 * told[0].error
    again = training.train(data, SMALL, 0, lambda progress: None)
    assert all(np.array_equal(state[name], again[name]) for name in state)


def test_file_says_what_the_network_says() -> None:
    torch.manual_seed(3)
    net = Lifter(32, (1, 2, 4)).half().float().eval()
    state = {name: value.numpy() for name, value in net.state_dict().items()}
    session = onnxruntime.InferenceSession(to_onnx(state, (1, 2, 4)))
    for count, frames in ((1, 1), (2, 7), (1, 300)):
        shown = np.random.default_rng(frames).standard_normal((count, frames, inputs.WIDTH)).astype(np.float32)
        said = session.run(None, {"inputs": shown})[0]
        assert said.shape == (count, frames, outputs.WIDTH)
        assert np.abs(said - net(torch.from_numpy(shown)).detach().numpy()).max() < 1e-4
