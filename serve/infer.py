"""A short clip's segments at once: the same steps as an analysis, under an id of its own, of which nothing is kept."""

import json
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any, BinaryIO

from fastapi.concurrency import run_in_threadpool

from cluster import keys
from cluster.ids import ulid, ulid_time
from cluster.index import Embeddings
from cluster.objects import Objects
from cluster.steps import unpack_embeddings
from serve.recognition import Recognition

PREFIX = "inf"
LONGEST = timedelta(hours=1)
"""After which nobody waits for an answer any more."""


@dataclass(frozen=True, slots=True)
class Inferred:
    """What was found in a clip: {"segments": [...]} as CONTRACTS has them, and their embeddings; None without a
    classifier."""

    segments: dict[str, Any]
    embeddings: Embeddings | None


async def infer(recognition: Recognition, store: Objects, clip: BinaryIO, longest_ms: int) -> Inferred:
    """The segments of a clip. Raises DanceError as the recognition does."""
    versions, name = await recognition.versions(), ulid(PREFIX)
    try:
        await run_in_threadpool(store.put, keys.source(name), clip)
        await recognition.poses(name, longest_ms)
        await recognition.features(name, versions)
        await recognition.segments(name, versions)
        return await run_in_threadpool(_found, store, name, versions.model)
    finally:
        await run_in_threadpool(_forget, store, name)


def _found(store: Objects, name: str, model: str) -> Inferred:
    key = keys.embeddings(name, model)
    embeddings = unpack_embeddings(store.get(key)) if store.exists(key) else None
    return Inferred(json.loads(store.get(keys.segments(name, model))), embeddings)


def forget_left_over(store: Objects, now: datetime) -> None:
    """Remove what an ingress that died left of clips that it was asked about."""
    left = {key.split("/")[1] for key in store.keys(f"videos/{PREFIX}_")}
    for name in left:
        if datetime.fromtimestamp(ulid_time(name), UTC) < now - LONGEST:
            _forget(store, name)


def _forget(store: Objects, name: str) -> None:
    for key in store.keys(keys.of_video(name)):
        store.delete(key)
