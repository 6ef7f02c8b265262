"""The service's wiring diagram: which deployments there are, and who asks whom. Numbers live in configs/serve.yaml."""

import asyncio
import logging
from typing import Any

from fastapi import FastAPI
from pydantic import ImportString, TypeAdapter
from ray import serve
from ray.serve import Application
from ray.serve.config import BackpressureConfig
from ray.serve.handle import DeploymentHandle
from ray.serve.schema import LoggingConfig

from cluster.database import engine
from cluster.migrate import migrate
from cluster.objects import objects
from cluster.settings import ServeSettings, settings
from dancecore.errors import DanceError
from serve.composer import Choreographer, FileMaker
from serve.composition_worker import CompositionWorker
from serve.deployments import MoveFinder, PoseEstimator
from serve.handles import Deployed, DeployedComposer, DeployedExporter
from serve.ingress.api import create_app
from serve.ingress.services import SendCode, Services
from serve.telling import tell
from serve.upkeep import Upkeep
from serve.worker import Worker

log = logging.getLogger("danceapp.composer")

LOGGING = LoggingConfig(encoding="JSON", enable_access_log=False)
"""A JSON object a line; of requests serve.ingress.envelope says more than Serve would."""


def build(numbers: ServeSettings, pose_gpus: float = 0.0) -> Application:
    """The whole service as one application, whose ingress is the one HTTP entrance. `pose_gpus`: of a GPU for each
    replica that looks at clips, which then takes several of them at a time."""
    pose = _estimating(numbers, pose_gpus).bind()
    finder = _deployed(MoveFinder, numbers, numbers.move_replicas, numbers.move_cpus)
    moves = finder.options(user_config={"model": numbers.model or None}).bind()
    composer = _deployed(Composer, numbers, numbers.composer_replicas, numbers.composer_cpus).bind()
    exporter = _deployed(Exporter, numbers, numbers.exporter_replicas, numbers.composer_cpus).bind()
    worker = _deployed(QueueWorker, numbers, numbers.worker_replicas, numbers.light_cpus).bind(pose, moves, exporter)
    let_in = numbers.ingress_ongoing + numbers.streams_at_once
    ongoing = let_in + numbers.max_queued  # so that it is our answer that tells of too many
    ingress = _deployed(Ingress, numbers, numbers.ingress_replicas, numbers.light_cpus, ongoing)
    return ingress.bind(pose, moves, composer, worker)


@serve.ingress()
class Ingress:
    """The HTTP ingress. It is given the worker so that Serve starts one; it asks nothing of it."""

    def __init__(
        self, pose: DeploymentHandle, moves: DeploymentHandle, composer: DeploymentHandle, worker: DeploymentHandle
    ) -> None:
        tell("ingress")
        numbers = settings()
        send: SendCode = TypeAdapter(ImportString[SendCode]).validate_python(numbers.serve.code_sender)
        self.services = Services(engine(), objects(), numbers, Deployed(pose, moves), DeployedComposer(composer), send)

    def __serve_build_asgi_app__(self) -> FastAPI:
        return create_app(self.services)


class QueueWorker:
    """A worker of the queue as a replica: Serve starts it, watches it, and starts another when it dies."""

    def __init__(self, pose: DeploymentHandle, moves: DeploymentHandle, exporter: DeploymentHandle) -> None:
        tell("worker")
        self.recognition, self.exporting = Deployed(pose, moves), DeployedExporter(exporter)
        self.work = asyncio.ensure_future(self._work())

    async def _work(self) -> None:
        await self.recognition.versions()  # the schema is there, and somebody recognises, before a job is taken
        pool, store, numbers = engine(), objects(), settings()
        worker, upkeep = Worker(pool, store, self.recognition, numbers.serve), Upkeep(pool, store, numbers)
        dances = CompositionWorker(pool, store, self.recognition, self.exporting, numbers)
        await asyncio.gather(worker.run(), worker.tend(), dances.run(), upkeep.run())

    def check_health(self) -> None:
        """Raise what ended the work, if anything did."""
        if self.work.done():
            raise RuntimeError("the worker ended") from self.work.exception()


class Composer(Choreographer):
    """Writes dances as a replica, and looks now and then whether more was learned of people's dances."""

    def __init__(self) -> None:
        tell("composer")
        migrate()
        super().__init__(engine(), settings())
        self.learning = asyncio.ensure_future(self._keep_up())

    async def _keep_up(self) -> None:
        while True:
            await asyncio.sleep(self.settings.serve.graph_every_s)
            try:
                await asyncio.to_thread(self.reload)
            except DanceError as error:
                log.warning("what was learned is not to be had, and is asked for again: %s", error)

    def check_health(self) -> None:
        """Raise what ended the learning, if anything did."""
        if self.learning.done():
            raise RuntimeError("the composer learns no more") from self.learning.exception()


class Exporter(FileMaker):
    """Makes files and comparisons as a replica of its own, so that nobody waits for a film to hear a suggestion."""

    def __init__(self) -> None:
        tell("exporter")
        super().__init__(objects(), settings())


def _estimating(numbers: ServeSettings, gpus: float) -> serve.Deployment:
    """On cores one clip at a time: several together gain nothing there, and a short one would wait for a long one."""
    ongoing, least = numbers.pose_ongoing if gpus else 1, numbers.pose_replicas
    alone = _deployed(PoseEstimator, numbers, numbers.pose_replicas, numbers.pose_cpus, ongoing)
    return alone.options(
        ray_actor_options={"num_cpus": numbers.pose_cpus, "num_gpus": gpus},
        num_replicas="auto",
        autoscaling_config={
            "min_replicas": least, "max_replicas": max(least, numbers.pose_replicas_most),
            "target_ongoing_requests": ongoing,
        },
    )  # fmt: skip


def _deployed(
    kind: type[Any], numbers: ServeSettings, replicas: int, cpus: float, ongoing: int = 1
) -> serve.Deployment:
    options = serve.deployment(
        num_replicas=replicas, max_ongoing_requests=ongoing, max_queued_requests=numbers.max_queued,
        ray_actor_options={"num_cpus": cpus}, health_check_period_s=numbers.health_every_s,
        health_check_timeout_s=numbers.health_timeout_s, graceful_shutdown_timeout_s=numbers.drain_s,
        logging_config=LOGGING,
        backpressure_config=BackpressureConfig(retry_after_s=numbers.retry_after_s),
    )  # fmt: skip
    return options(kind)
