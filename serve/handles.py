"""Recognition by the deployments, through their Serve handles."""

from typing import Any

from ray.exceptions import ActorDiedError, ActorUnavailableError, RayTaskError
from ray.serve.exceptions import BackPressureError, DeploymentUnavailableError
from ray.serve.handle import DeploymentHandle

from cluster.settings import settings
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
        raise DanceError("WORKER_DIED", "a worker died while it worked on this clip") from error
