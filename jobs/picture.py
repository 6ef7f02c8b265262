"""A clip's moves as a picture: the timeline above, the dancer as a stick figure at the middle of each move below."""

from pathlib import Path

import matplotlib
import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from cluster import keys
from cluster.artifacts import unpack_tracks
from cluster.move_index import ClipSegments, StoredSegment
from cluster.objects import objects
from dancecore import skeleton
from dancecore.types import MS, OTHER, PoseTrack

COLUMNS = 6
"""Stick figures in a row: each stays a good inch wide on a page."""


def draw(found: ClipSegments, png: Path) -> None:
    """Write the picture of an analysed clip. Raises DanceError("OBJECT_MISSING") when its poses are not stored."""
    poses = [
        unpack_tracks(objects().get(keys.keypoints(found.video_id, segment.versions.pose)))[0]
        for segment in found.segments[:1]
    ]
    rows = -(-len(found.segments) // COLUMNS)
    figure = Figure(figsize=(12, 2 + 2.6 * rows), layout="constrained")
    grid = figure.add_gridspec(rows + 1, COLUMNS, height_ratios=[1, *[2] * rows])
    _timeline(figure.add_subplot(grid[0, :]), found)
    for at, segment in enumerate(found.segments):
        _stick_figure(figure.add_subplot(grid[1 + at // COLUMNS, at % COLUMNS]), poses[0], segment, at + 1)
    figure.savefig(png, dpi=100, format="png")


def _timeline(axes: Axes, found: ClipSegments) -> None:
    names = sorted({segment.move_id for segment in found.segments} - {OTHER})
    colours = matplotlib.colormaps["tab20"]
    for number, segment in enumerate(found.segments, 1):
        colour = "lightgrey" if segment.move_id == OTHER else colours(names.index(segment.move_id) % 20)
        start, width = segment.start_ms / 1000, (segment.end_ms - segment.start_ms) / 1000
        axes.barh(0, width, left=start, color=colour, edgecolor="white")
        axes.text(start + width / 2, 0, str(number), ha="center", va="center")
    axes.set_xlim(0, max(found.duration_ms or 0, found.segments[-1].end_ms if found.segments else 1) / 1000)
    axes.set_yticks([])
    axes.set_xlabel("seconds")
    axes.set_title(found.filename)


def _stick_figure(axes: Axes, pose: PoseTrack, segment: StoredSegment, number: int) -> None:
    middle = (segment.start_ms + segment.end_ms) // 2 * MS
    xy = pose.xy_px[int(np.abs(pose.time_ns - middle).argmin())]
    for a, b in skeleton.BONES:
        axes.plot(xy[[a, b], 0], xy[[a, b], 1], color="black", linewidth=2, solid_capstyle="round")
    axes.set_title(f"{number} {segment.name} {segment.confidence:.0%}", fontsize=9)
    axes.set_aspect("equal")
    axes.set_axis_off()
    axes.invert_yaxis()
