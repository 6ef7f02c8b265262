"""Practising: a take beside its model, `danceapp compare`."""

import json
import sys
from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path

import matplotlib as mpl
import numpy as np
from rich import box
from rich.console import Console
from rich.table import Table

from cluster.library import TAXONOMY
from cluster.settings import Settings
from cluster.weights import weights_dir
from dancecore.composer.comparing import Comparison, Count, compare
from dancecore.composer.composition import from_json
from dancecore.composer.dancing import danced
from dancecore.composer.performance import Performance, of_motion, of_track
from dancecore.errors import DanceError
from dancecore.moves.draw import INK, draw_pose
from dancecore.moves.taxonomy import load_taxonomy
from dancecore.skeleton import JOINTS
from dancecore.types import SECOND, Image, PoseTrack

FIGURES = 6
"""Counts that are drawn: those that differ most."""
FIGURE_PX = 220
TALL_M = 2.2
"""Metres that the height of a figure's picture shows."""
GREY = (185, 185, 185)


def compare_files(
    model: Path, take: Path, settings: Settings, *, bpm: float | None, mirror: bool
) -> tuple[Comparison, Performance, Performance]:
    """A take beside its model; either may be a composition or a video. Also both performances, as they were compared.

    The counts are those of the composition, of the model's music, or from its first frame on at `bpm`. `mirror`: the
    take was danced as in a mirror.
    Raises DanceError: INVALID_INPUT for a model without beats, and what reading the files raises.
    """
    first, beats = _performance(model, settings, mirror=False)
    second, _ = _performance(take, settings, mirror=mirror)
    length = len(first) / first.rate_hz
    counted = np.arange(0, length, 60 / bpm).tolist() if bpm else beats
    if not counted:
        raise DanceError("INVALID_INPUT", f"{model.name} has no beats that can be trusted: give its tempo, --bpm")
    found = compare(first, second, counted, settings.composer)
    return found, first, second


def _performance(path: Path, settings: Settings, *, mirror: bool) -> tuple[Performance, list[float]]:
    """What is danced in a file, and the seconds of its beats as far as they are known."""
    rate = settings.composer.compare_hz
    if not path.is_file():
        raise DanceError("FILE_NOT_FOUND", f"there is no {path}")
    if path.suffix == ".json":
        made = from_json(path.read_text(encoding="utf-8"))
        dance = danced(made.steps, load_taxonomy(TAXONOMY), made.bpm, settings.media.rate_hz, settings.composer)
        return of_motion(dance.motion, made.bpm, rate), [made.seconds(beat) for beat in range(int(made.beats))]
    track, beats = _watched(path, settings)
    return of_track(track.mirrored() if mirror else track, rate), beats


def _watched(path: Path, settings: Settings) -> tuple[PoseTrack, list[float]]:
    from dancecore.media import frames, probe
    from dancecore.pipeline import hear
    from dancecore.pose import clean, estimate, load, primary

    probe(path, settings.media)
    print(f"finding the dancer in {path.name}", file=sys.stderr)
    model = load(settings.pose.variant, weights_dir(), settings.pose)
    seen = estimate(frames(path, settings.media.rate_hz), model, settings.pose)
    heard = hear(path, settings.analysis)
    beats = [] if heard is None else (heard.beats_ns / SECOND).tolist()
    return clean(primary(seen, settings.pose), settings.pose), beats


def print_comparison(found: Comparison, as_json: bool) -> None:
    """The scores, and a line for each count that differs."""
    if as_json:
        print(json.dumps(asdict(found), indent=2).replace("NaN", "null"))
        return
    print(
        f"timing {found.timing:.0%}, shape {found.shape:.0%}; all of the take is {round(found.offset_ms):+d} ms later"
    )
    named = [count for count in found.counts if count.off_time or count.off_shape]
    if not named:
        print("no count differs")
        return
    table = Table(box=box.SIMPLE_HEAD, pad_edge=False)
    for column in ("count", "at", "time", "shape"):
        table.add_column(column, justify="right" if column in ("count", "at") else "left")
    for count in named:
        late = f"{abs(count.late_ms):.0f} ms {'late' if count.late_ms > 0 else 'early'}" if count.off_time else ""
        shape = ", ".join(f"{_said(limb)} {count.degrees[limb]:.0f}°" for limb in count.off_shape)
        table.add_row(str(count.count), f"{count.take_s:.2f} s", late, shape)
    Console(width=max(Console().width, 100)).print(table)


def draw_comparison(found: Comparison, model: Performance, take: Performance, path: Path) -> None:
    """Draw how late each count is, and for those that differ most the take over its model, in grey."""
    mpl.use("Agg")
    from matplotlib import pyplot as plt

    worst = _worst(found.counts)
    figure = plt.figure(figsize=(12, 6 if worst else 3), layout="constrained")
    grid = figure.add_gridspec(2 if worst else 1, max(1, len(worst)))
    bars = figure.add_subplot(grid[0, :])
    late = [0.0 if np.isnan(count.late_ms) else count.late_ms for count in found.counts]
    colours = ["#d64541" if count.off_time else "#1f77b4" for count in found.counts]
    bars.bar([count.count for count in found.counts], late, color=colours)
    bars.set(xlabel="count", ylabel="ms late", title=f"timing {found.timing:.0%}, shape {found.shape:.0%}")
    bars.axhline(0, color="black", linewidth=0.5)
    seen = take.turned(np.radians(found.turn_deg))
    for column, count in enumerate(worst):
        axes = figure.add_subplot(grid[1, column])
        axes.imshow(_overlaid(model, seen, count))
        axes.set_axis_off()
        said = "\n".join(_said(limb) for limb in count.off_shape[:3])
        axes.set_title(f"count {count.count}\n{said}" if said else f"count {count.count}", fontsize=9)
    figure.savefig(path, dpi=100)
    plt.close(figure)


def _worst(counts: Sequence[Count]) -> list[Count]:
    named = [count for count in counts if count.off_time or count.off_shape]
    named.sort(key=lambda count: -max(abs(count.late_ms) / 100, max(count.degrees.values(), default=0.0) / 30))
    return sorted(named[:FIGURES], key=lambda count: count.count)


def _overlaid(model: Performance, take: Performance, count: Count) -> Image:
    """The take's pose at the moment of a count over that of the model."""
    image = np.full((FIGURE_PX, FIGURE_PX, 3), INK.paper, np.uint8)
    grey = type(INK)(left=GREY, right=GREY, middle=GREY)
    at = round(count.model_s * model.rate_hz)
    for world, ink in ((model.world[at], grey), (take.world[min(at + _shift(count, take), len(take) - 1)], INK)):
        xy = world[:, :2] * [1, -1] * FIGURE_PX / TALL_M + FIGURE_PX / 2
        draw_pose(image, xy, np.ones(len(JOINTS)), -world[:, 2], ink, 2)
    return image


def _shift(count: Count, take: Performance) -> int:
    """Frames from the model's count to the same time of the take: it is shown when the music counts, late or not."""
    late = 0.0 if np.isnan(count.late_ms) else count.late_ms / 1000
    return round((count.take_s - late - count.model_s) * take.rate_hz)


def _said(limb: str) -> str:
    return limb.replace("_", " ")
