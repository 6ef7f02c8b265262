"""What the ingress and the queue's workers ask of those who recognise moves."""

from typing import Protocol

from dancecore.types import Versions


class Recognition(Protocol):
    """The deployments behind the ingress. A clip is the id under which cluster.keys finds what belongs to it."""

    async def versions(self) -> Versions:
        """The versions that results have now."""
