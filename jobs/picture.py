"""A clip's moves as a picture: the timeline above, the dancer as stick figures in each move below."""

from pathlib import Path
from typing import Any

import matplotlib
import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from cluster import keys
from cluster.move_index import ClipSegments, StoredSegment
from cluster.objects import objects
from dancecore import skeleton
from dancecore.pose.packing import unpack_tracks
from dancecore.types import MS, OTHER, PoseTrack

COLUMNS = 6
"""Moves in a row: each stays a good inch wide on a page."""

STROBE = {0.25: "#c8c8c8", 0.5: "#808080", 0.75: "#000000"}
"""Where in a move the dancer is drawn, and in which grey: the later the darker, so that one sees where it goes."""


def draw(found: ClipSegments, png: Path) -> None:
    """Write the picture of a clip with segments. Raises DanceError("OBJECT_MISSING") when its poses are not stored."""
    pose = unpack_tracks(objects().get(keys.keypoints(found.video_id, found.segments[0].versions.pose)))[0]
    rows = -(-len(found.segments) // COLUMNS)
    figure = Figure(figsize=(12, 2 + 2.6 * rows), layout="constrained")
    grid = figure.add_gridspec(rows + 1, COLUMNS, height_ratios=[1, *[2] * rows])
    colours = _colours(found)
    _timeline(figure.add_subplot(grid[0, :]), found, colours)
    for at, segment in enumerate(found.segments):
        axes = figure.add_subplot(grid[1 + at // COLUMNS, at % COLUMNS])
        _stick_figures(axes, pose, segment)
        title = f"{at + 1}  {segment.name}{' (mirrored)' if segment.mirror else ''}  {segment.confidence:.0%}"
        axes.set_title(title, fontsize=9, backgroundcolor=colours[segment.move_id])
    figure.savefig(png, dpi=100, format="png")


def _colours(found: ClipSegments) -> dict[str, Any]:
    """A pale colour for each move of the clip, grey for OTHER."""
    names = sorted({segment.move_id for segment in found.segments} - {OTHER})
    pale = matplotlib.colormaps["Set3"]
    return {OTHER: "#e8e8e8"} | {name: pale(at % pale.N) for at, name in enumerate(names)}


def _timeline(axes: Axes, found: ClipSegments, colours: dict[str, Any]) -> None:
    for number, segment in enumerate(found.segments, 1):
        start, width = segment.start_ms / 1000, (segment.end_ms - segment.start_ms) / 1000
        axes.barh(0, width, left=start, color=colours[segment.move_id], edgecolor="white")
        axes.text(start + width / 2, 0, str(number), ha="center", va="center")
    axes.set_xlim(0, max(found.duration_ms or 0, found.segments[-1].end_ms) / 1000)
    axes.set_yticks([])
    axes.set_xlabel("seconds")
    axes.set_title(found.filename)


def _stick_figures(axes: Axes, pose: PoseTrack, segment: StoredSegment) -> None:
    for share, grey in STROBE.items():
        at_ns = round(segment.start_ms + share * (segment.end_ms - segment.start_ms)) * MS
        xy = pose.xy_px[int(np.abs(pose.time_ns - at_ns).argmin())]
        for a, b in skeleton.BONES:
            axes.plot(xy[[a, b], 0], xy[[a, b], 1], color=grey, linewidth=2, solid_capstyle="round")
    axes.set_aspect("equal")
    axes.set_axis_off()
    axes.invert_yaxis()
