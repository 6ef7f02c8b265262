"""Placement by table: what runs where on which clusters, and what is said when nothing can."""

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cluster.placement import MB, Node, Plan, Shortfall, plan
from cluster.settings import ClusterSettings, settings

WANTS = ClusterSettings(
    address="", device="auto", pose_cpus=0.75, pose_memory_mb=1000, pose_gpus=0.25, pose_gpu_cpus=1.0,
    observed_per_batch=1, clips_per_batch=8, max_pose_actors=64, analysis_cpus=0.25, object_store_mb=128,
)  # fmt: skip


def node(cpus: float, gpus: float = 0, gb: float = 64) -> Node:
    return Node("n", cpus, gpus, int(gb * 1000 * MB))


PLANS = [
    # name, nodes, wants, (provider, pose actors, clips a batch, analysis actors)
    ("two cores", [node(2)], {"device": "cpu"}, ("cpu", 2, 1, 1)),
    ("one core", [node(1)], {"device": "cpu"}, ("cpu", 1, 1, 1)),
    ("a core and a half hold one actor", [node(1.5)], {"device": "cpu"}, ("cpu", 1, 1, 1)),
    ("memory for three of eight", [node(8, gb=3.5)], {"device": "cpu"}, ("cpu", 3, 1, 5)),
    ("several nodes add up", [node(2), node(4), node(1)], {"device": "cpu"}, ("cpu", 7, 1, 1)),
    ("half cores of two nodes do not join", [node(1.5), node(1.5)], {"device": "cpu"}, ("cpu", 2, 1, 1)),
    ("a node too small is left alone", [node(0.5), node(2)], {"device": "cpu"}, ("cpu", 2, 1, 1)),
    ("the limit holds", [node(32)], {"device": "cpu", "max_pose_actors": 5}, ("cpu", 5, 1, 8)),
    ("one GPU in quarters", [node(16, 1)], {}, ("cuda", 4, 8, 12)),
    ("few cores beside the GPU", [node(2, 1)], {}, ("cuda", 1, 8, 1)),
    ("shares never span GPUs", [node(16, 2)], {"pose_gpus": 0.4}, ("cuda", 4, 8, 12)),
    ("thirds", [node(16, 1)], {"pose_gpus": 1 / 3}, ("cuda", 3, 8, 13)),
    ("whole GPUs", [node(16, 4)], {"pose_gpus": 1.0}, ("cuda", 4, 8, 12)),
    ("two GPUs an actor", [node(16, 5)], {"pose_gpus": 2.0}, ("cuda", 2, 8, 14)),
    ("half a GPU of ours is none to share", [node(4, 0.5)], {}, ("cpu", 4, 1, 1)),
    ("GPU node and CPU node: poses on the GPU", [node(8, 1), node(4)], {}, ("cuda", 4, 8, 8)),
    ("GPU left alone", [node(4, 1)], {"device": "cpu"}, ("cpu", 4, 1, 1)),
    ("auto falls back", [node(2)], {}, ("cpu", 2, 1, 1)),
]


@pytest.mark.parametrize(("nodes", "wants", "expected"), [p[1:] for p in PLANS], ids=[p[0] for p in PLANS])
def test_plan(nodes: list[Node], wants: dict, expected: tuple) -> None:
    made = plan(nodes, replace(WANTS, **wants))
    assert isinstance(made, Plan)
    assert (made.provider, made.pose_actors, made.clips_per_batch, made.analysis_actors) == expected


SHORTFALLS = [
    ("no nodes", [], {}, ("the cluster has no nodes",)),
    ("no GPU", [node(8)], {"device": "gpu"}, ("pose wants 0.25 GPU; the cluster has none",)),
    (
        "one GPU of two", [node(8, 1)], {"device": "gpu", "pose_gpus": 2.0},
        ("pose wants 2 GPUs; the largest has 1 GPU",),
    ),
    (
        "half a core", [node(0.5)], {"device": "cpu"},
        ("pose and analysis want 1 core on one node; the largest has 0.5 core",),
    ),
    ("no memory", [node(2, gb=0.5)], {"device": "cpu"}, ("pose wants 1000 MB on one node; the largest has 500 MB",)),
    (
        "two things", [node(0.5, gb=0.5)], {"device": "cpu"},
        ("pose and analysis want 1 core on one node; the largest has 0.5 core",
         "pose wants 1000 MB on one node; the largest has 500 MB"),
    ),
    (
        "each on another node", [node(8, 0), node(0.5, 1)], {"device": "gpu"},
        ("no single node has the cores, the memory and the GPU for one pose actor together",),
    ),
]  # fmt: skip


@pytest.mark.parametrize(("nodes", "wants", "sentences"), [s[1:] for s in SHORTFALLS], ids=[s[0] for s in SHORTFALLS])
def test_shortfall(nodes: list[Node], wants: dict, sentences: tuple[str, ...]) -> None:
    assert plan(nodes, replace(WANTS, **wants)) == Shortfall(sentences)


def test_falling_back_is_said() -> None:
    made = plan([node(2)], WANTS)
    assert isinstance(made, Plan)
    assert made.notes == ("pose wants 0.25 GPU; the cluster has none; running on CPU",)


@given(st.lists(st.tuples(st.floats(0, 64), st.integers(0, 8), st.floats(0.1, 512)), min_size=1, max_size=6))
def test_a_plan_fits_the_cluster(shapes: list[tuple[float, int, float]]) -> None:
    nodes = [node(*shape) for shape in shapes]
    made = plan(nodes, WANTS)
    if isinstance(made, Shortfall):
        assert all(n.cpus < 1 or n.memory < 1000 * MB for n in nodes)
        return
    cpus = made.pose_actors * made.pose_cpus + made.analysis_actors * made.analysis_cpus
    assert cpus <= sum(n.cpus for n in nodes) + made.analysis_cpus
    assert made.pose_actors * made.pose_gpus <= sum(n.gpus for n in nodes)
    assert made.pose_actors * 1000 * MB <= sum(n.memory for n in nodes)


def test_the_shipped_numbers_fit_a_core() -> None:
    assert isinstance(plan([node(1, gb=2)], settings().cluster), Plan)
