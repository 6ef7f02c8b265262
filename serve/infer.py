"""A short clip's segments at once: the same steps as an analysis, under an id of its own, of which nothing is kept."""

import json
from datetime import UTC, datetime, timedelta
from typing import Any, BinaryIO

from fastapi.concurrency import run_in_threadpool

from cluster import keys
from cluster.ids import ulid, ulid_time
from cluster.objects import Objects
from serve.recognition import Recognition

PREFIX = "inf"
LONGEST = timedelta(hours=1)
"""After which nobody waits for an answer any more."""


async def infer(recognition: Recognition, store: Objects, clip: BinaryIO, longest_ms: int) -> dict[str, Any]:
    """The segments of a clip, {"segments": [...]} as CONTRACTS has them. Raises DanceError as the recognition does."""
    versions, name = await recognition.versions(), ulid(PREFIX)
    try:
        await run_in_threadpool(store.put, keys.source(name), clip)
        await recognition.poses(name, longest_ms)
        await recognition.features(name, versions)
        await recognition.segments(name, versions)
        found: dict[str, Any] = json.loads(await run_in_threadpool(store.get, keys.segments(name, versions.model)))
        return found
    finally:
        await run_in_threadpool(_forget, store, name)


def forget_left_over(store: Objects, now: datetime) -> None:
    """Remove what an ingress that died left of clips that it was asked about."""
    left = {key.split("/")[1] for key in store.keys(f"videos/{PREFIX}_")}
    for name in left:
        if datetime.fromtimestamp(ulid_time(name), UTC) < now - LONGEST:
            _forget(store, name)


def _forget(store: Objects, name: str) -> None:
    for key in store.keys(keys.of_video(name)):
        store.delete(key)
