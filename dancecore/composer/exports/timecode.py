"""When steps are, in whole frames of a video: what ends where another begins does so in every format."""

from collections.abc import Mapping
from itertools import pairwise

from dancecore.composer.composition import Composition
from dancecore.composer.steps import Step


def frames(composition: Composition, fps: int) -> list[tuple[int, int]]:
    """(first frame, frame after the last) of each step in a video of so many frames a second."""
    starts = [*composition.starts, composition.beats]
    edges = [round(composition.seconds(beat) * fps) for beat in starts]
    return list(pairwise(edges))


def timecode(frame: int, fps: int) -> str:
    """hh:mm:ss:ff, non-drop-frame."""
    seconds, rest = divmod(frame, fps)
    return f"{seconds // 3600:02}:{seconds // 60 % 60:02}:{seconds % 60:02}:{rest:02}"


def shown(step: Step, names: Mapping[str, str]) -> str:
    """What a person reads of a step."""
    return names.get(step.move_id, step.move_id) + (" (mirror)" if step.mirror else "")


def one_line(text: str) -> str:
    """A text without the line breaks and controls that would end a line of a file."""
    return " ".join("".join(c if c.isprintable() else " " for c in text).split())
