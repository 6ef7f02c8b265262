"""How a run ended: what was done, how close to the ceiling it came, what went wrong."""

import json
from collections import Counter
from collections.abc import Sequence
from dataclasses import asdict, dataclass

from cluster.placement import Plan
from jobs.guard import Row


@dataclass(frozen=True, slots=True)
class Work:
    """What there is to do: clips to index, clips that the probe refused, and how many are indexed already."""

    todo: list[Row]
    refused: list[Row]
    skipped: int


@dataclass(frozen=True, slots=True)
class Summary:
    """The end of an indexing run.

    clips: found, each content once; indexed: stored by this run; skipped: stored at these versions before; resumed:
    met artifacts of an earlier run; posed, frames, seconds: clips and frames whose poses were found in this run, and
    the time from the first to the last of them; ceiling: frames/s of the bare model on all workers together, 0 when no
    poses were found; errors: clips by "stage/CODE".
    """

    clips: int
    indexed: int
    skipped: int
    resumed: int
    posed: int
    frames: int
    seconds: float
    ceiling: float
    errors: dict[str, int]
    failed: tuple[tuple[str, str, str], ...]

    @property
    def frames_per_s(self) -> float:
        return self.frames / self.seconds if self.seconds else 0.0

    @property
    def ceiling_share(self) -> float | None:
        """Share of the bare model's speed that was reached; None when no poses were found."""
        return self.frames_per_s / self.ceiling if self.ceiling and self.frames else None

    @property
    def error_share(self) -> float:
        return sum(self.errors.values()) / self.clips if self.clips else 0.0


def summarise(refused: Sequence[Row], rows: Sequence[Row], skipped: int) -> Summary:
    """`refused`: manifest rows with an error; `rows`: what came out of the indexing chain."""
    posed = [row for row in rows if row["frames"]]
    wrong = [row for row in (*refused, *rows) if row["error"]]
    speeds = {row["worker"]: row["bare_fps"] for row in posed}
    return Summary(
        clips=len(refused) + len(rows) + skipped, indexed=sum(not row["error"] for row in rows), skipped=skipped,
        resumed=sum(row["resumed"] for row in rows), posed=len(posed), frames=sum(row["frames"] for row in posed),
        seconds=max(r["pose_ended_s"] for r in posed) - min(r["pose_began_s"] for r in posed) if posed else 0.0,
        ceiling=sum(speeds.values()), errors=dict(Counter(row["error"] for row in wrong).most_common()),
        failed=tuple((row["path"], row["error"], row["message"]) for row in wrong),
    )  # fmt: skip


def as_json(summary: Summary) -> str:
    """The summary as one JSON object, with its shares."""
    derived = {name: getattr(summary, name) for name in ("frames_per_s", "ceiling_share", "error_share")}
    return json.dumps(asdict(summary) | derived, indent=2)


def print_summary(summary: Summary) -> None:
    """Three lines as in a log, then one line for each clip that failed."""
    pose = f"pose     {summary.posed} clips  {summary.frames} frames  {summary.seconds:.1f} s"
    if (share := summary.ceiling_share) is not None:
        pose += f"   {summary.frames_per_s:.0f} frames/s   {share:.0%} of the bare model"
    errors = ", ".join(f"{count} x {code}" for code, count in summary.errors.items()) or "none"
    print(
        f"clips    {summary.clips}   indexed {summary.indexed}   resumed {summary.resumed}   skipped {summary.skipped}"
    )
    print(pose)
    print(f"errors   {errors}")
    for path, error, message in summary.failed:
        print(f"  {path}: {error}: {message}")


def workers(placed: Plan) -> str:
    """One line: what runs where, and why not elsewhere."""
    line = f"workers  {placed.pose_actors} for poses ({placed.provider}), {placed.analysis_actors} for analysis"
    return "; ".join((line, *placed.notes))


def print_survey(work: Work, placed: Plan, as_json: bool) -> None:
    """What a run would do: clips to index, clips that are refused, clips that are done, and the workers."""
    said = {
        "to_index": [row["path"] for row in work.todo],
        "refused": [{name: row[name] for name in ("path", "error", "message")} for row in work.refused],
        "skipped": work.skipped, "plan": asdict(placed),
    }  # fmt: skip
    if as_json:
        print(json.dumps(said, indent=2))
        return
    print(f"to index {len(work.todo)}   refused {len(work.refused)}   indexed already {work.skipped}")
    print(workers(placed))
    for row in work.refused:
        print(f"  {row['path']}: {row['error']}: {row['message']}")
