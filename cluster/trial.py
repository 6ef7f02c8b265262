"""What the database knows of two models that serve side by side: their clips, segments and corrections."""

from datetime import datetime
from typing import Any

from sqlalchemy import CTE, BigInteger, ColumnElement, Connection, cast, exists, func, select

from cluster.canary import Arm, Evidence
from cluster.tables import analysis_jobs, annotations, segments, videos

DIGEST = r"\.[0-9a-f]{8}$"
"""What `cluster.library.versions` adds to the id of a model: eight hex digits of the numbers it was used with."""


def evidence(tx: Connection, canary_id: str, production_id: str, since: datetime) -> Evidence:
    """What is known of a canary and of production since `since`, of the clips whose segments are stored now.

    An analysis belongs to the model whose id its `model_version` is or begins with; `canary.compare` gave its metrics.
    A segment is corrected when an annotation that was not rejected lies over more than half of it and names another
    move. Clips that their owner deleted count nowhere.
    """
    tried, served = (
        _clips(model, since).cte(name) for model, name in ((canary_id, "tried"), (production_id, "served"))
    )
    named = tried.c.metrics["named_ms"].as_float()
    differing = tried.c.metrics["differing_ms"].as_float()
    compared = tx.execute(select(func.count(named), func.sum(named), func.sum(differing)).select_from(tried)).one()
    return Evidence(
        canary_id, production_id, since, _arm(tx, tried), _arm(tx, served),
        compared[0], int(compared[1] or 0), int(compared[2] or 0),
    )  # fmt: skip


def _clips(model_id: str, since: datetime) -> Any:
    """Of each clip that the model analysed: its id and the metrics of the analysis."""
    job = analysis_jobs.c
    done_ms = cast(job.log[-1]["ts_ms"].as_string(), BigInteger)
    return (
        select(job.video, job.metrics)
        .join(videos, videos.c.indexed_by == job.id)
        .where(
            func.regexp_replace(job.model_version, DIGEST, "") == model_id,
            done_ms >= int(since.timestamp() * 1000),
            videos.c.deleted_at.is_(None),
        )
    )


def _arm(tx: Connection, clips: CTE) -> Arm:
    found = select(func.count(), func.count().filter(_corrected())).join(clips, clips.c.video == segments.c.video)
    count, corrected = tx.execute(found.select_from(segments)).one()
    return Arm(tx.scalar(select(func.count()).select_from(clips)) or 0, count, corrected)


def _corrected() -> ColumnElement[bool]:
    said, found = annotations.c, segments.c
    overlap = func.least(found.end_ms, said.end_ms) - func.greatest(found.start_ms, said.start_ms)
    return exists(
        select(1).where(
            said.video == found.video, said.status != "REJECTED", said.move.is_distinct_from(found.move),
            2 * overlap > found.end_ms - found.start_ms,
        )
    )  # fmt: skip
