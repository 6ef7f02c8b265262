"""What Serve and Ray raise becomes an error that says what to do."""

import asyncio
from typing import Any

import pytest
from ray.exceptions import ActorDiedError, RayTaskError
from ray.serve.exceptions import BackPressureError

from cluster.settings import settings
from dancecore.errors import DanceError
from serve.handles import Deployed


class Failing:
    """A handle whose every call raises an error."""

    def __init__(self, error: Exception) -> None:
        self.error = error

    def __getattr__(self, name: str) -> "Failing":
        return self

    async def remote(self, *given: Any) -> None:
        raise self.error


CASES: dict[str, tuple[Exception, str]] = {
    "the clip's own": (RayTaskError("poses", "traceback", DanceError("NO_PERSON", "nobody")), "NO_PERSON"),
    "a replica died": (ActorDiedError(), "WORKER_DIED"),
    "too many wait": (BackPressureError(num_queued_requests=8, max_queued_requests=8), "OVERLOADED"),
}


@pytest.mark.parametrize(("error", "code"), CASES.values(), ids=CASES)
def test_what_passes_is_told_apart(error: Exception, code: str) -> None:
    handle: Any = Failing(error)
    with pytest.raises(DanceError) as caught:
        asyncio.run(Deployed(handle, handle).poses("vid_1"))
    assert caught.value.code == code
    if code == "OVERLOADED":
        assert caught.value.details == {"retry_after_s": settings().serve.retry_after_s}


def test_a_bug_stays_a_bug() -> None:
    handle: Any = Failing(RayTaskError("poses", "traceback", KeyError("x")))
    with pytest.raises(RayTaskError):
        asyncio.run(Deployed(handle, handle).poses("vid_1"))
