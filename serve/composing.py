"""What the ingress and the queue's workers ask of those who write dances and make their files."""

from collections.abc import Sequence
from typing import Any, Protocol

from dancecore.composer.composition import Composition
from dancecore.composer.parsing import Parsed
from dancecore.composer.planning import Plan
from dancecore.composer.steps import Step
from dancecore.composer.suggesting import Suggestion
from dancecore.composer.wish import Wish


class Composing(Protocol):
    """The Composer behind the ingress, over what was learned of the index. Moves may be called by any of their names;
    `variant`: of the experiment. Every method raises DanceError as `dancecore.composer.writing.Writer` does, and
    WORKER_DIED, OVERLOADED."""

    async def suggest(self, before: Sequence[Step], wish: Wish, variant: str) -> list[Suggestion]:
        """What could come next."""

    async def plan(self, before: Sequence[Step], wish: Wish, variant: str) -> Plan:
        """A dance that begins with these steps."""

    async def swap(self, steps: Sequence[Step], order: int, wish: Wish, variant: str) -> Plan:
        """The dance with another step in place of one."""

    async def regenerate(self, steps: Sequence[Step], keep: int, wish: Wish, variant: str) -> Plan:
        """The dance with all but its first steps planned anew."""

    async def parse(self, text: str) -> Parsed:
        """The steps of a text, or what must be asked."""

    async def preview(self, made: Composition) -> str:
        """The frames of a dance, `preview.v1`. Raises DanceError("NOT_FOUND") for a move without a motion."""


class Exporting(Protocol):
    """The Exporter behind the queue. Both methods also raise WORKER_DIED, OVERLOADED."""

    async def export(self, key: str, name: str, written: str, how: dict[str, Any]) -> None:
        """Store a composition (`composition.v1`) in the format of this name under `key`."""

    async def compare(self, written: str, video: str, mirror: bool) -> dict[str, Any]:
        """A take, whose poses are stored, beside its composition: a Comparison as JSON."""
