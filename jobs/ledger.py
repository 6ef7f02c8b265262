"""Which clip each worker is at, kept outside the workers, so that a clip that kills its worker is found out.

A clip is entered before the work on it and struck out after. A worker that dies cannot strike out, so when Ray gives
its clips to the next worker the entries tell. The ledger lives as long as the run: stopping a run accuses no clip.
"""

from collections import Counter
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from ray.actor import ActorHandle


class Ledger:
    """The entries of one run. A stage and a clip's name make an entry."""

    def __init__(self) -> None:
        self._together: set[tuple[str, str]] = set()
        self._alone: Counter[tuple[str, str]] = Counter()

    def begin_together(self, stage: str, clips: list[str]) -> bool:
        """Enter clips that are worked on at once; False if a worker died at any of them, and they must go alone."""
        entries = {(stage, clip) for clip in clips}
        if entries & self._together or entries & self._alone.keys():
            return False
        self._together |= entries
        return True

    def begin_alone(self, stage: str, clip: str) -> int:
        """Enter a clip that is worked on by itself; how many workers died at it so before."""
        deaths = self._alone[stage, clip]
        self._alone[stage, clip] += 1
        return deaths

    def end(self, stage: str, clips: list[str]) -> None:
        """Strike clips out: their work ended, well or not."""
        for clip in clips:
            self._together.discard((stage, clip))
            self._alone.pop((stage, clip), None)


def start() -> "ActorHandle":
    """A ledger as an actor. Should it die itself it starts anew, empty, which costs a poison clip some more workers."""
    import ray

    actor: Any = ray.remote(num_cpus=0, max_restarts=-1, max_task_retries=-1)(Ledger)
    return actor.remote()
