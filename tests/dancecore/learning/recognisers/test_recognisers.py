"""Recognisers learn moves that cannot be mistaken, tell their sides apart, and cut a dance of them."""

import importlib.util
from dataclasses import replace
from functools import partial

import numpy as np
import pytest

from cluster.library import load_library
from cluster.settings import settings
from dancecore.learning.recognisers import peers
from dancecore.learning.recognisers.canonical import canonical
from dancecore.learning.recognisers.recogniser import Teach
from dancecore.learning.recognisers.templates import Templates, taught
from dancecore.matching.enrol import Exemplar
from dancecore.models.classify import Classifier
from dancecore.skeleton import INDEX
from dancecore.types import SECOND, PoseTrack, Span

NUMBERS = settings()
WHOLE = Span(0, 2 * SECOND)


def waving(joint: str, seed: int, seconds: int = 2) -> PoseTrack:
    """A figure seen from the front, one joint of which goes up and down once a second."""
    rng, frames = np.random.default_rng(seed), seconds * 20
    time_ns = np.arange(frames) * (SECOND // 20)
    world = np.zeros((frames, 33, 3))
    heights = {"nose": -0.7, "shoulder": -0.5, "elbow": -0.25, "wrist": 0.0, "hip": 0.0, "knee": 0.4, "ankle": 0.8}
    for name, i in INDEX.items():
        part = name.replace("left_", "").replace("right_", "")
        world[:, i, 1] = heights.get(part, -0.7 if i < 11 else 0.0 if i < 23 else 0.85)
        world[:, i, 0] = 0 if i < 11 else 0.2 if "left" in name else -0.2
    world[:, INDEX[joint], 1] += 0.4 * np.sin(2 * np.pi * time_ns / SECOND)
    world += rng.normal(0, 0.004, world.shape)
    xy = world[..., :2] * 200 + 400
    return PoseTrack(
        time_ns, xy.astype(np.float32), world.astype(np.float32), np.ones((frames, 33), np.float32),
        np.zeros(frames, np.bool_), 800, 800,
    )  # fmt: skip


def exemplars(seeds: range) -> dict[str, list[Exemplar]]:
    joints = {"wave": "left_wrist", "lift": "left_knee", "nod": "nose"}
    return {
        move: [Exemplar(f"{move}{seed}", waving(joint, seed), WHOLE, None) for seed in seeds]
        for move, joint in joints.items()
    }


def teachers() -> dict[str, Teach]:
    analysis, ours = NUMBERS.analysis, partial(taught, settings=NUMBERS.analysis, templates=NUMBERS.templates)
    return {
        "templates": ours,
        "dtw": partial(peers.NearestDtw, settings=analysis),
        "minirocket": partial(peers.MiniRocket, settings=analysis),
    }


@pytest.mark.parametrize("name", ["templates", "dtw", "minirocket"])
@pytest.mark.parametrize(("joint", "reading"), [("left_wrist", ("wave", False)), ("right_knee", ("lift", True))])
def test_a_move_and_its_side_are_told(name: str, joint: str, reading: tuple[str, bool]) -> None:
    if name != "templates":
        pytest.importorskip("aeon", reason="the peers need aeon")
    recogniser = teachers()[name](exemplars(range(2)), True)
    ranked = recogniser.rank(waving(joint, 9), WHOLE, None)
    assert (ranked[0].move_id, ranked[0].mirror) == reading
    assert [c.distance for c in ranked] == sorted(c.distance for c in ranked)
    assert 0 < sum(c.probability for c in ranked) <= 1 + 1e-6


def test_without_sides_none_is_offered() -> None:
    for teach in (teachers()["templates"], *([teachers()["dtw"]] if importlib.util.find_spec("aeon") else [])):
        assert not any(c.mirror for c in teach(exemplars(range(1)), False).rank(waving("nose", 9), WHOLE, None))


def test_peers_cut_a_dance() -> None:
    pytest.importorskip("aeon", reason="the peers need aeon")
    track = waving("left_wrist", 9, seconds=6)
    segments = teachers()["dtw"](exemplars(range(2)), False).segments(track, None)
    assert segments[0].start_ns == 0
    assert segments[-1].end_ns == 6 * SECOND
    assert {each.move_id for each in segments} == {"wave"}


def test_peers_without_aeon_say_so(monkeypatch: pytest.MonkeyPatch) -> None:
    from dancecore.errors import DanceError

    def missing(name: str) -> None:
        raise ModuleNotFoundError(name)

    monkeypatch.setattr(peers.importlib, "import_module", missing)
    with pytest.raises(DanceError, match="MISSING_EXTRA"):
        teachers()["minirocket"](exemplars(range(1)), False)


def test_a_network_learns_what_it_is_shown() -> None:
    pytest.importorskip("torch", reason="the network needs torch")
    from dancecore.learning.recognisers.tcn import Tcn

    numbers = replace(NUMBERS.evaluation, tcn_epochs=60, tcn_channels=32)
    network = Tcn(exemplars(range(3)), True, NUMBERS.features, numbers)
    for side, mirror in (("left", False), ("right", True)):
        first = network.rank(waving(f"{side}_wrist", 9), WHOLE, None)[0]
        assert (first.move_id, first.mirror) == ("wave", mirror)
    segments = network.segments(waving("left_wrist", 9, seconds=4), None)
    assert segments[0].start_ns == 0
    assert segments[-1].end_ns == 4 * SECOND
    assert max(segments, key=lambda s: s.end_ns - s.start_ns).move_id == "wave"


def test_stretching_keeps_the_ends() -> None:
    values = np.array([[0.0], [1.0], [4.0]])
    assert peers.stretched(values, 5)[:, 0].tolist() == [0, 0.5, 1, 2.5, 4]
    assert peers.stretched(values[:1], 3)[:, 0].tolist() == [0, 0, 0]


def test_what_ships_names_moves_by_templates_and_classifier() -> None:
    library = load_library(NUMBERS)
    if library.bundle is None:
        pytest.skip("no classifier was trained for this taxonomy")
    names = ("mv_floss", "mv_ymca", "mv_jumping_jack")
    moves = [move for name, move in library.taxonomy.moves.items() if name in names]
    shown = canonical(moves, NUMBERS.media.rate_hz, NUMBERS.templates, NUMBERS.pose)
    shipped = Templates(library.bank, NUMBERS.analysis, Classifier(library.bundle))
    for move_id, views in shown.items():
        front = next(each for each in views if each.name.endswith("@0"))
        ranked = shipped.rank(front.track, front.span, None)
        assert ranked[0].move_id == move_id
        assert sum(each.probability for each in ranked) <= 1 + 1e-9
        longest = max(shipped.segments(front.track, None), key=lambda part: part.end_ns - part.start_ns)
        assert longest.move_id == move_id
    assert moves
