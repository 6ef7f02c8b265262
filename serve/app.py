"""The service's wiring diagram: which deployments there are, and who asks whom. Numbers live in configs/serve.yaml."""

import asyncio
import logging
from typing import Any

from fastapi import FastAPI
from limits.storage import MemoryStorage
from limits.strategies import MovingWindowRateLimiter
from pydantic import ImportString, TypeAdapter
from ray import serve
from ray.serve import Application
from ray.serve.config import BackpressureConfig
from ray.serve.handle import DeploymentHandle

from cluster.database import engine
from cluster.objects import objects
from cluster.settings import ServeSettings, settings
from serve.deployments import MoveFinder, PoseEstimator
from serve.handles import Deployed
from serve.ingress.api import create_app
from serve.ingress.services import SendCode, Services
from serve.worker import Worker


def build(numbers: ServeSettings) -> Application:
    """The whole service as one application, whose ingress is the one HTTP entrance."""
    pose = _deployed(PoseEstimator, numbers, numbers.pose_replicas, numbers.pose_cpus).bind()
    moves = _deployed(MoveFinder, numbers, numbers.move_replicas, numbers.move_cpus).bind()
    worker = _deployed(QueueWorker, numbers, numbers.worker_replicas, numbers.light_cpus).bind(pose, moves)
    ongoing = numbers.ingress_ongoing + numbers.max_queued  # so that it is our answer that tells of too many
    ingress = _deployed(Ingress, numbers, numbers.ingress_replicas, numbers.light_cpus, ongoing)
    return ingress.bind(pose, moves, worker)


@serve.ingress()
class Ingress:
    """The HTTP ingress. It is given the worker so that Serve starts one; it asks nothing of it."""

    def __init__(self, pose: DeploymentHandle, moves: DeploymentHandle, worker: DeploymentHandle) -> None:
        _log()
        numbers = settings()
        send: SendCode = TypeAdapter(ImportString[SendCode]).validate_python(numbers.serve.code_sender)
        limiter = MovingWindowRateLimiter(MemoryStorage())
        self.services = Services(engine(), objects(), numbers, Deployed(pose, moves), send, limiter)

    def __serve_build_asgi_app__(self) -> FastAPI:
        return create_app(self.services)


class QueueWorker:
    """A worker of the queue as a replica: Serve starts it, watches it, and starts another when it dies."""

    def __init__(self, pose: DeploymentHandle, moves: DeploymentHandle) -> None:
        _log()
        self.recognition = Deployed(pose, moves)
        self.work = asyncio.ensure_future(self._work())

    async def _work(self) -> None:
        await self.recognition.versions()  # the schema is there, and somebody recognises, before a job is taken
        worker = Worker(engine(), objects(), self.recognition, settings().serve)
        await asyncio.gather(worker.run(), worker.tend())

    def check_health(self) -> None:
        """Raise what ended the work, if anything did."""
        if self.work.done():
            raise RuntimeError("the worker ended") from self.work.exception()


def _log() -> None:
    """What we log goes where Serve keeps the lines of this replica."""
    ours = logging.getLogger("danceapp")
    ours.handlers = logging.getLogger("ray.serve").handlers
    ours.setLevel(logging.INFO)


def _deployed(
    kind: type[Any], numbers: ServeSettings, replicas: int, cpus: float, ongoing: int = 1
) -> serve.Deployment:
    options = serve.deployment(
        num_replicas=replicas, max_ongoing_requests=ongoing, max_queued_requests=numbers.max_queued,
        ray_actor_options={"num_cpus": cpus}, health_check_period_s=numbers.health_every_s,
        health_check_timeout_s=numbers.health_timeout_s, graceful_shutdown_timeout_s=numbers.drain_s,
        backpressure_config=BackpressureConfig(retry_after_s=numbers.retry_after_s),
    )  # fmt: skip
    return options(kind)
