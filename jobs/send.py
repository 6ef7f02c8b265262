"""Indexing by a service: clips are sent there, analysed there, and summed up as if it had been here."""

import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from cluster.settings import Settings
from cluster.telemetry import progress
from dancecore.errors import DanceError
from jobs.probe import find_clips
from jobs.remote import Service
from jobs.summary import Summary, summarise

OURS = ("UNAUTHENTICATED", "FORBIDDEN", "RATE_LIMITED", "SERVER_UNREACHABLE", "OVERLOADED", "DATABASE_UNAVAILABLE",
        "OBJECTS_UNAVAILABLE", "STORAGE_FULL", "INTERNAL")  # fmt: skip
"""Failures that are not of one clip: they end the run, and the same command goes on where it was."""


def send(paths: Sequence[Path], service: Service, consent: str, settings: Settings, limit: int | None) -> Summary:
    """Bring every clip in `paths` in and wait until it is analysed; what is known is not sent again.

    `consent`: the version of the terms that whoever is seen agreed to. Raises DanceError: OURS, NO_CLIPS.
    """
    clips = find_clips(paths)[:limit]
    rows: list[dict[str, Any]] = []
    asked: dict[str, tuple[Path, bool]] = {}
    began = time.monotonic()
    with progress("sent", len(clips), settings.index.report_every_s) as advance:
        for clip in clips:
            try:
                job = service.bring(clip, consent)
                asked.setdefault(job["job_id"], (clip, job["status"] == "DONE"))
            except DanceError as error:
                if error.code in OURS:
                    raise
                rows.append(_row(clip, began, error=f"upload/{error.code}", message=error.message))
            advance(clip.name)
    with progress("analysed", len(asked), settings.index.report_every_s) as advance:
        for name, (clip, known) in asked.items():
            if not known:
                rows.append(_done(clip, service.ended(name), began))
            advance(clip.name)
    return summarise([], rows, sum(known for _, known in asked.values()))


def _done(clip: Path, job: dict[str, Any], began: float) -> dict[str, Any]:
    metrics = {name: value for event in job["timeline"] for name, value in event["metrics"].items()}
    frames = int(metrics["frames"]) if "fps_effective" in metrics else 0
    if job["state"] == "DONE":
        return _row(clip, began, frames=frames)
    detail = job["timeline"][-1].get("detail") or job["state"]
    return _row(clip, began, error=f"analysis/{job['reason'] or job['state']}", message=detail)


def _row(clip: Path, began: float, *, frames: int = 0, error: str = "", message: str = "") -> dict[str, Any]:
    """As the chain of `jobs.index` ends; how fast the bare model is there nobody knows."""
    return {
        "path": str(clip), "frames": frames, "error": error, "message": message, "resumed": False, "worker": "service",
        "bare_fps": 0.0, "pose_began_s": began, "pose_ended_s": time.monotonic(),
    }  # fmt: skip
