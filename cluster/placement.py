"""Which worker runs where: a pure function of nodes and wishes, so that it is tested by table. No Ray in here."""

from collections.abc import Sequence
from dataclasses import dataclass
from math import floor

from cluster.settings import ClusterSettings

MB = 1_000_000


@dataclass(frozen=True, slots=True)
class Node:
    """A machine of the cluster: its cores, its GPUs and its memory in bytes, as far as they are ours."""

    name: str
    cpus: float
    gpus: float
    memory: int


@dataclass(frozen=True, slots=True)
class Plan:
    """What each stage of the indexing job asks of Ray. `notes` are sentences for the person who waits."""

    provider: str
    pose_actors: int
    pose_cpus: float
    pose_gpus: float
    clips_per_batch: int
    analysis_actors: int
    analysis_cpus: float
    notes: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Shortfall:
    """Why nothing can run: a sentence for each thing that is missing."""

    sentences: tuple[str, ...]


def plan(nodes: Sequence[Node], wants: ClusterSettings) -> Plan | Shortfall:
    """Place pose actors, leaving room beside each for the analysis of its clips.

    On GPUs when `wants.device` allows and a node has one, else on cores. A share of a GPU never spans two GPUs.
    """
    if not nodes:
        return Shortfall(("the cluster has no nodes",))
    if wants.device == "cpu":
        return _place(nodes, wants, gpu=False, notes=())
    on_gpu = _place(nodes, wants, gpu=True, notes=())
    if isinstance(on_gpu, Plan) or wants.device == "gpu":
        return on_gpu
    return _place(nodes, wants, gpu=False, notes=tuple(f"{s}; running on CPU" for s in on_gpu.sentences))


def _place(nodes: Sequence[Node], wants: ClusterSettings, gpu: bool, notes: tuple[str, ...]) -> Plan | Shortfall:
    cpus = wants.pose_gpu_cpus if gpu else wants.pose_cpus
    gpus = wants.pose_gpus if gpu else 0.0
    slots = [_slots(node, wants, cpus, gpus) for node in nodes]
    actors = min(sum(slots), wants.max_pose_actors)
    if not actors:
        return Shortfall(_missing(nodes, wants, cpus, gpus))
    return Plan(
        provider="cuda" if gpu else "cpu", pose_actors=actors, pose_cpus=cpus, pose_gpus=gpus,
        clips_per_batch=wants.clips_per_batch if gpu else 1,
        analysis_actors=_analysis_actors(nodes, slots, wants, cpus), analysis_cpus=wants.analysis_cpus, notes=notes,
    )  # fmt: skip


def _slots(node: Node, wants: ClusterSettings, cpus: float, gpus: float) -> int:
    """How many pose actors fit on a node, each with room for its share of analysis beside it."""
    by_cpu = _times(node.cpus, cpus + wants.analysis_cpus)
    by_memory = _times(node.memory, wants.pose_memory_mb * MB)
    return min(by_cpu, by_memory, _gpu_slots(node, gpus) if gpus else by_cpu)


def _gpu_slots(node: Node, share: float) -> int:
    return _times(node.gpus, share) if share >= 1 else floor(node.gpus) * _times(1, share)


def _times(have: float, each: float) -> int:
    return floor(have / each + 1e-9)  # 0.3 / 0.1 is 2.9999999999999996


def _analysis_actors(nodes: Sequence[Node], slots: list[int], wants: ClusterSettings, cpus: float) -> int:
    """One for every whole core that no pose actor takes; at least one, in the room that the actors leave together."""
    return max(1, sum(_times(node.cpus - slot * cpus, 1) for node, slot in zip(nodes, slots, strict=True)))


def _missing(nodes: Sequence[Node], wants: ClusterSettings, cpus: float, gpus: float) -> tuple[str, ...]:
    need, most_cpus = cpus + wants.analysis_cpus, max(node.cpus for node in nodes)
    most_memory, most_gpus = max(node.memory for node in nodes), max(node.gpus for node in nodes)
    sentences = []
    if gpus and not any(_gpu_slots(node, gpus) for node in nodes):
        sentences.append(f"pose wants {_count(gpus, 'GPU')}; {_most(most_gpus, 'GPU')}")
    if need > most_cpus + 1e-9:
        sentences.append(f"pose and analysis want {_count(need, 'core')} on one node; {_most(most_cpus, 'core')}")
    if wants.pose_memory_mb * MB > most_memory:
        sentences.append(f"pose wants {wants.pose_memory_mb} MB on one node; the largest has {most_memory // MB} MB")
    return tuple(sentences) or ("no single node has the cores, the memory and the GPU for one pose actor together",)


def _count(number: float, thing: str) -> str:
    return f"{number:g} {thing}" + ("" if number <= 1 else "s")


def _most(number: float, thing: str) -> str:
    return f"the largest has {_count(number, thing)}" if number else "the cluster has none"
