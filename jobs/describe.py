"""What is in sets of labelled dances, printed and drawn: `danceapp data describe`."""

import json
from dataclasses import asdict
from itertools import chain
from pathlib import Path

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from rich import box
from rich.console import Console
from rich.table import Table

from cluster.settings import settings
from dancecore.learning.datasets.describe import UNKNOWN, Description, describe, entries_of
from dancecore.learning.datasets.entries import SPLITS

SHADES = {"train": "#4c72b0", "validation": "#dd8452", "test": "#55a868", UNKNOWN: "#8c8c8c"}


def describe_sets(paths: list[Path], png: Path | None, as_json: bool) -> None:
    """Print what the sets hold together, beside what they should hold, and draw it to `png`.

    Raises DanceError as `entries_of` does.
    """
    media = settings().media
    found = describe(chain.from_iterable(entries_of(path, media) for path in paths), settings().datasets)
    if as_json:
        print(json.dumps(_plain(found), indent=2))
    else:
        _print(found, Console())
    if png:
        draw(found, png)


def draw(found: Description, png: Path) -> None:
    """Write one picture: segments of each move by split, how long they are, where the cameras stand, who dances."""
    height = max(6.0, 0.2 * len(found.moves) + 1)
    figure = Figure(figsize=(14, height), layout="constrained")
    grid = figure.add_gridspec(3, 2, width_ratios=[2, 1])
    _segments(figure.add_subplot(grid[:, 0]), found)
    _lengths(figure.add_subplot(grid[0, 1]), found)
    _cameras(figure.add_subplot(grid[1, 1], projection="polar"), found)
    _creators(figure.add_subplot(grid[2, 1]), found)
    figure.suptitle(f"{found.clips} clips, {found.creators} creators, {found.minutes:.0f} minutes")
    figure.savefig(png, dpi=100, format="png")


def _plain(found: Description) -> dict[str, object]:
    targets = [asdict(target) | {"met": target.met} for target in found.targets]
    moves = [
        {"move_id": m.move_id, "segments": len(m.lengths_ms), "creators": m.creators, "mirrored": m.mirrored,
         "minutes": sum(m.lengths_ms) / 60_000, "splits": m.splits}
        for m in found.moves
    ]  # fmt: skip
    return asdict(found) | {"moves": moves, "yaws": np.histogram(found.yaws, np.arange(-180, 181, 30))[0].tolist(),
                            "targets": targets}  # fmt: skip


def _print(found: Description, console: Console) -> None:
    table = Table(box=box.SIMPLE)
    for name in ("move", "segments", "creators", "mirrored", "minutes", "train", "val.", "test"):
        table.add_column(name, justify="left" if name == "move" else "right", no_wrap=name == "move")
    for m in found.moves:
        counts = (len(m.lengths_ms), m.creators, m.mirrored, f"{sum(m.lengths_ms) / 60_000:.1f}")
        table.add_row(m.move_id, *map(str, counts), *(str(m.splits.get(split, 0)) for split in SPLITS))
    console.print(table)
    console.print(f"{found.clips} clips, {found.creators} creators, {found.minutes:.1f} minutes, "
                  f"{found.other_ms / 60_000:.1f} of them no known move")  # fmt: skip
    console.print("camera sides: " + ", ".join(f"{side} {clips}" for side, clips in sorted(found.sides.items())))
    for target in found.targets:
        mark = "[green]ok[/green]  " if target.met else "[red]short[/red]"
        console.print(f"{mark} {target.name}: {target.have}, wanted at least {target.want}")


def _segments(axes: Axes, found: Description) -> None:
    names = [m.move_id for m in found.moves]
    left = np.zeros(len(names))
    for split, shade in SHADES.items():
        counts = np.array([m.splits.get(split, 0) for m in found.moves])
        if counts.any():
            axes.barh(names, counts, left=left, color=shade, label=split)
        left += counts
    axes.axvline(settings().datasets.min_segments, color="black", linewidth=1, linestyle=":")
    axes.invert_yaxis()
    axes.margins(y=0.01)
    axes.set_xlabel("segments (dotted: wanted)")
    if names:
        axes.legend(loc="lower right")


def _lengths(axes: Axes, found: Description) -> None:
    axes.hist([ms / 1000 for m in found.moves for ms in m.lengths_ms], bins=30, color=SHADES["train"])
    axes.set_xlabel("seconds a segment")


def _cameras(axes: Axes, found: Description) -> None:
    counts, edges = np.histogram(found.yaws, np.arange(-180, 181, 15))
    axes.bar(np.radians(edges[:-1] + 7.5), counts, width=np.radians(15), color=SHADES["test"])
    axes.set_theta_zero_location("S")  # type: ignore[attr-defined]
    axes.set_title("cameras around the dancer, who faces down", fontsize=9)


def _creators(axes: Axes, found: Description) -> None:
    axes.hist([m.creators for m in found.moves], bins=20, color=SHADES["validation"])
    axes.set_xlabel("creators a move")
