"""Recognition and composing by the deployments, through their Serve handles."""

from collections.abc import Sequence
from typing import Any

from ray.exceptions import ActorDiedError, ActorUnavailableError, RayTaskError
from ray.serve.exceptions import BackPressureError, DeploymentUnavailableError
from ray.serve.handle import DeploymentHandle

from cluster.settings import settings
from dancecore.composer.composition import Composition
from dancecore.composer.parsing import Parsed
from dancecore.composer.planning import Plan
from dancecore.composer.steps import Step
from dancecore.composer.suggesting import Suggestion
from dancecore.composer.wish import Wish
from dancecore.errors import CODES, DanceError
from dancecore.types import Versions
from serve.recognition import Posed


class Deployed:
    """serve.recognition.Recognition over the handles of PoseEstimator and MoveFinder."""

    def __init__(self, pose: DeploymentHandle, moves: DeploymentHandle) -> None:
        self.pose, self.moves = pose, moves

    async def versions(self) -> Versions:
        versions: Versions = await _asked(self.moves.versions)
        return versions

    async def poses(self, clip: str, longest_ms: int | None = None) -> Posed:
        posed: Posed = await _asked(self.pose.poses, clip, longest_ms)
        return posed

    async def features(self, clip: str, versions: Versions) -> None:
        await _asked(self.moves.features, clip, versions)

    async def segments(self, clip: str, versions: Versions) -> None:
        await _asked(self.moves.segments, clip, versions)


class DeployedComposer:
    """serve.composing.Composing over the handle of the Composer."""

    def __init__(self, composer: DeploymentHandle) -> None:
        self.composer = composer

    async def suggest(self, before: Sequence[Step], wish: Wish, variant: str) -> list[Suggestion]:
        found: list[Suggestion] = await _asked(self.composer.suggest, before, wish, variant)
        return found

    async def plan(self, before: Sequence[Step], wish: Wish, variant: str) -> Plan:
        made: Plan = await _asked(self.composer.plan, before, wish, variant)
        return made

    async def swap(self, steps: Sequence[Step], order: int, wish: Wish, variant: str) -> Plan:
        made: Plan = await _asked(self.composer.swap, steps, order, wish, variant)
        return made

    async def regenerate(self, steps: Sequence[Step], keep: int, wish: Wish, variant: str) -> Plan:
        made: Plan = await _asked(self.composer.regenerate, steps, keep, wish, variant)
        return made

    async def parse(self, text: str) -> Parsed:
        parsed: Parsed = await _asked(self.composer.parse, text)
        return parsed

    async def preview(self, made: Composition) -> str:
        frames: str = await _asked(self.composer.preview, made)
        return frames


class DeployedExporter:
    """serve.composing.Exporting over the handle of the Exporter."""

    def __init__(self, exporter: DeploymentHandle) -> None:
        self.exporter = exporter

    async def export(self, key: str, name: str, written: str, how: dict[str, Any]) -> None:
        await _asked(self.exporter.export, key, name, written, how)

    async def compare(self, written: str, video: str, mirror: bool) -> dict[str, Any]:
        found: dict[str, Any] = await _asked(self.exporter.compare, written, video, mirror)
        return found


async def _asked(method: DeploymentHandle, *given: Any) -> Any:
    """What a replica answers. Of what Serve and Ray raise, that which passes becomes a DanceError."""
    try:
        return await method.remote(*given)
    except RayTaskError as error:
        if isinstance(error.cause, DanceError):
            raise error.cause from error
        raise
    except BackPressureError as error:
        raise DanceError(
            "OVERLOADED", CODES["OVERLOADED"], {"retry_after_s": settings().serve.retry_after_s}
        ) from error
    except (ActorDiedError, ActorUnavailableError, DeploymentUnavailableError) as error:
        raise DanceError("WORKER_DIED", "a worker died while it worked on this") from error
