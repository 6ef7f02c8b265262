"""A composition as WebVTT cues: what to dance, while it is danced."""

import html
from collections.abc import Mapping

from dancecore.composer.composition import Composition
from dancecore.composer.exports.timecode import one_line, shown
from dancecore.composer.wish import BAR


def to_webvtt(composition: Composition, names: Mapping[str, str]) -> str:
    """A cue for each step, named by its order: the move, its counts, and the bar it begins in."""
    lines = ["WEBVTT", ""]
    ends = [*composition.starts[1:], composition.beats]
    for order, (step, start, end) in enumerate(zip(composition.steps, composition.starts, ends, strict=True)):
        span = f"{_time(composition.seconds(start))} --> {_time(composition.seconds(end))}"
        said = f"{shown(step, names)}: {step.beats:g} counts, bar {int(start // BAR) + 1}"
        lines += [str(order), span, html.escape(one_line(said), quote=False), ""]
    return "\n".join(lines)


def _time(seconds: float) -> str:
    ms = round(1000 * seconds)
    return f"{ms // 3_600_000:02}:{ms // 60_000 % 60:02}:{ms // 1000 % 60:02}.{ms % 1000:03}"
