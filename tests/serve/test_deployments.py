"""What the replicas do that Serve asks of them: clips in batches, and whether they are in health."""

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from ray import serve
from ray.exceptions import RayTaskError

from cluster import keys
from cluster.library import pose_version
from cluster.objects import LocalObjects
from cluster.settings import settings
from cluster.weights import fetch
from dancecore.errors import DanceError
from dancecore.pose import load
from dancecore.types import PoseTrack
from serve.deployments import PoseEstimator, Waiting, total_frames
from tests.jobs.quick import dance
from tests.serve.conftest import Local, QuickEstimator


class Counted(QuickEstimator):
    """Finds nobody in the second clip of a batch, and says how many there were."""

    together = PoseEstimator.together

    def check_health(self) -> None:
        """It has no model."""

    async def wait_longer(self) -> None:
        """A crowded machine takes long to probe three clips."""
        self.together.set_batch_wait_timeout_s(5.0)

    def tracks(self, paths: Sequence[Path]) -> list[list[PoseTrack] | DanceError]:
        nobody = DanceError("NO_PERSON", f"nobody in one of {len(paths)}")
        return [nobody if i == 1 else [dance(i)] for i in range(len(paths))]


def test_clips_that_wait_at_once_are_one_batch_and_fail_each_by_itself(
    ray_here: None, store: LocalObjects, clips: list[bytes]
) -> None:
    for i, clip in enumerate(clips):
        store.put(keys.source(f"vid_{i}"), clip)
    estimator = serve.deployment(Counted, max_ongoing_requests=3).bind(store)  # type: ignore[call-overload]
    handle = serve.run(estimator, name="batches", route_prefix=None)
    try:
        handle.wait_longer.remote().result()
        said = []
        for answer in [handle.poses.remote(f"vid_{i}", None) for i in range(3)]:
            try:
                answer.result()
            except RayTaskError as error:
                said.append(str(error.cause))
    finally:
        serve.shutdown()
    assert said == ["NO_PERSON: nobody in one of 3"]
    stored = [store.exists(keys.keypoints(f"vid_{i}", pose_version(settings()))) for i in range(3)]
    assert sum(stored) == 2


def test_a_clip_longer_than_a_batch_is_one_of_its_own() -> None:
    most = settings().serve.pose_batch_frames
    assert total_frames([Waiting(Path("a"), 10 * most)]) == most
    assert total_frames([Waiting(Path("a"), 300), Waiting(Path("b"), 20)]) == 320


class WeightsGone:
    """A session that cannot run."""

    def get_inputs(self) -> list[Any]:
        raise RuntimeError("the memory of the GPU is gone")

    def run(self, *_: object) -> list[Any]:
        raise RuntimeError("the memory of the GPU is gone")


def test_models_that_cannot_run_are_not_in_health(local: Local) -> None:
    estimator, finder = local.pose, local.moves
    estimator.model = load("lite", fetch(["lite"]), settings().pose, "cpu")
    estimator.check_health()
    finder.check_health()
    _, classifier = finder.kept[finder.library.versions]
    assert classifier
    gone = WeightsGone()
    estimator.model, classifier.session = replace(estimator.model, landmarks=gone), gone
    for broken in (estimator, finder):
        with pytest.raises(RuntimeError, match="gone"):
            broken.check_health()
