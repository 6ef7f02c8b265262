"""A composition as FCPXML 1.9: the rendered dance on a timeline, cut into its steps, with a marker on each bar."""

from collections.abc import Mapping
from fractions import Fraction
from xml.etree import ElementTree as xml

from dancecore.composer.composition import Composition
from dancecore.composer.exports.timecode import frames, one_line, shown
from dancecore.composer.wish import BAR

VERSION = "1.9"


def to_fcpxml(composition: Composition, names: Mapping[str, str], fps: int, video: str, size: tuple[int, int]) -> str:
    """A project with a clip for each step, which names the move; its note holds id, beats and side.

    `video`: the name of the rendered file, beside this one. `size`: its width and height, pixels.
    """
    spans = frames(composition, fps)
    whole = _time(spans[-1][1], fps)
    root = xml.Element("fcpxml", version=VERSION)
    resources = xml.SubElement(root, "resources")
    width, height = (str(side) for side in size)
    xml.SubElement(resources, "format", id="r1", frameDuration=_time(1, fps), width=width, height=height)
    asset = xml.SubElement(
        resources, "asset", id="r2", name=video, start="0s", duration=whole, hasVideo="1", format="r1", hasAudio="1",
        audioSources="1", audioChannels="1", audioRate="44100",
    )  # fmt: skip
    xml.SubElement(asset, "media-rep", kind="original-media", src=f"./{video}")
    title = one_line(composition.title)
    event = xml.SubElement(xml.SubElement(root, "library"), "event", name="DanceApp")
    project = xml.SubElement(event, "project", name=title)
    sequence = xml.SubElement(project, "sequence", format="r1", duration=whole, tcStart="0s", tcFormat="NDF")
    spine = xml.SubElement(sequence, "spine")
    for step, start, (first, after) in zip(composition.steps, composition.starts, spans, strict=True):
        clip = xml.SubElement(
            spine, "asset-clip", ref="r2", name=one_line(shown(step, names)), offset=_time(first, fps),
            start=_time(first, fps), duration=_time(after - first, fps), format="r1", tcFormat="NDF",
        )  # fmt: skip
        side = "mirror" if step.mirror else "as written"
        xml.SubElement(clip, "note").text = f"{one_line(step.move_id)}, {step.beats:g} beats, {side}"
        for bar in _bars(start, step.beats):
            at = _time(round(composition.seconds(BAR * bar) * fps), fps)
            xml.SubElement(clip, "marker", start=at, duration=_time(1, fps), value=f"bar {bar + 1}")
    xml.indent(root)
    return '<?xml version="1.0" encoding="UTF-8"?>\n<!DOCTYPE fcpxml>\n' + xml.tostring(root, "unicode") + "\n"


def _bars(start: float, beats: float) -> range:
    """The bars, from 0, that begin in a step."""
    return range(int(-(-start // BAR)), int(-(-(start + beats) // BAR)))


def _time(frame: int, fps: int) -> str:
    """Seconds as the format writes them: a whole number, or a fraction."""
    time = Fraction(frame, fps)
    return f"{time.numerator}s" if time.denominator == 1 else f"{time.numerator}/{time.denominator}s"
