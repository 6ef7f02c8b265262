"""A composition as an edit decision list, CMX 3600: the rendered dance cut into its steps."""

from collections.abc import Mapping

from dancecore.composer.composition import Composition
from dancecore.composer.exports.timecode import frames, one_line, shown, timecode
from dancecore.errors import DanceError

MOST_EVENTS = 999
"""Event numbers have three digits."""
REEL = "DANCE"
RECORD_FROM_H = 1
"""Hours: editors begin their tapes at one."""


def to_edl(composition: Composition, names: Mapping[str, str], fps: int) -> str:
    """An event for each step: where it is in the rendered video, and from one hour on in the edit. The move, its beats
    and its side are comments. The format is ASCII: other letters of the title become question marks.

    Raises DanceError("INVALID_INPUT") for more than 999 steps.
    """
    if len(composition.steps) > MOST_EVENTS:
        raise DanceError("INVALID_INPUT", f"an EDL holds {MOST_EVENTS} events, not {len(composition.steps)}")
    offset = RECORD_FROM_H * 3600 * fps
    lines = [f"TITLE: {one_line(composition.title)[:70]}", "FCM: NON-DROP FRAME", ""]
    for number, (step, span) in enumerate(zip(composition.steps, frames(composition, fps), strict=True), 1):
        source = " ".join(timecode(frame, fps) for frame in span)
        record = " ".join(timecode(frame + offset, fps) for frame in span)
        lines += [
            f"{number:03}  {REEL:<8} V     C        {source} {record}",
            f"* FROM CLIP NAME: {one_line(shown(step, names))}",
            f"* MOVE {one_line(step.move_id)} BEATS {step.beats:g} MIRROR {'YES' if step.mirror else 'NO'}",
        ]
    return ("\n".join(lines) + "\n").encode("ascii", "replace").decode()
