"""A composition as CSV: a row for each step."""

import csv
import io

from dancecore.composer.composition import Composition
from dancecore.composer.steps import Step
from dancecore.errors import DanceError

HEADER = ("order", "move_id", "beats", "mirror", "start_beat", "end_beat")


def to_csv(composition: Composition) -> str:
    """Rows under HEADER; mirror is true or false, beats count from 0."""
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\n")
    writer.writerow(HEADER)
    for order, (step, start) in enumerate(zip(composition.steps, composition.starts, strict=True)):
        span = f"{start:g}", f"{start + step.beats:g}"
        writer.writerow([order, step.move_id, f"{step.beats:g}", str(step.mirror).lower(), *span])
    return out.getvalue()


def from_csv(text: str) -> tuple[Step, ...]:
    """The steps of a table that `to_csv` wrote, or that has its columns `move_id` and `beats` at least.

    Raises DanceError("INVALID_INPUT") that names the line.
    """
    rows = csv.DictReader(io.StringIO(text))
    if not {"move_id", "beats"} <= set(rows.fieldnames or ()):
        raise DanceError("INVALID_INPUT", f"a table of steps has the columns {','.join(HEADER)}")
    steps = []
    for row in rows:
        mirror = (row.get("mirror") or "false").strip().lower()
        try:
            beats = float(row["beats"])
        except (TypeError, ValueError):
            raise DanceError("INVALID_INPUT", f"line {rows.line_num}: {row['beats']!r} is no number of beats") from None
        if mirror not in ("true", "false"):
            raise DanceError("INVALID_INPUT", f"line {rows.line_num}: mirror is true or false, not {mirror!r}")
        steps.append(Step(row["move_id"] or "", beats, mirror == "true"))
    return tuple(steps)
