"""A dance as a video, with a metronome or to somebody's music."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from dancecore.composer.composition import Composition
from dancecore.composer.preview import Stage, pictures
from dancecore.composer.wish import BAR
from dancecore.errors import DanceError
from dancecore.media.clicks import SOUND_HZ, clicks
from dancecore.media.writing import write_video
from dancecore.moves.motion import Motion
from dancecore.types import SECOND, BeatGrid, Float, Float64, Image

FPS = 30
"""Frames a second of what is rendered."""

PRESET = "veryfast"
"""Of x264: stick figures are as small by it, and made in a third of the time."""

STRETCH = 0.15
"""How much quicker or slower than it was written a dance may be danced to fit its music."""


@dataclass(frozen=True, slots=True)
class Track:
    """Somebody's music: samples (N,) float32 mono at SOUND_HZ, and its beats."""

    samples: Float
    grid: BeatGrid


def film(
    path: Path, composition: Composition, motion: Motion, names: Mapping[str, str], *, stage: Stage | None = None,
    speed: float = 1.0, loops: int = 1, track: Track | None = None, progress: Callable[[int, int], None] | None = None,
) -> None:  # fmt: skip
    """Write an MP4 of the dance, `loops` times over, at `speed` times its tempo, clicking on each beat.

    With `track` its music sounds instead, from its first beat on, and the dance keeps to its beats; a beat of the music
    may be half or two of the dance. `progress` is told frames done and frames in all.
    Raises DanceError("INVALID_INPUT") for a speed or number that cannot be, or music more than 15 % off the tempo.
    """
    if not (0.25 <= speed <= 2 and 1 <= loops <= 100):
        raise DanceError("INVALID_INPUT", f"speed wants to be 0.25 to 2 and loops 1 to 100, not {speed:g} and {loops}")
    total = composition.beats * loops
    times = (
        _metronomic(total, composition.bpm * speed)
        if track is None
        else _musical(track, total, composition.bpm * speed)
    )
    at = np.arange(round(times[-1] * FPS)) / FPS
    beats = np.interp(at, times, np.append(np.arange(len(times) - 1.0), total)) % composition.beats
    if track is None:
        sound = clicks(times[:-1], BAR, float(times[-1]))
    else:
        first = int(track.grid.beats_ns[0]) * SOUND_HZ // SECOND
        sound = track.samples[first : first + round(times[-1] * SOUND_HZ)]
    frames = pictures(composition, motion, beats, names, stage or Stage(), FPS)
    write_video(path, _watched(frames, len(beats), progress), FPS, sound, SOUND_HZ, preset=PRESET)


def _metronomic(total: float, bpm: float) -> Float64:
    """Seconds of each beat of so many, and of the end."""
    return np.append(np.arange(int(np.ceil(total))), total) * 60 / bpm


def _musical(track: Track, total: float, bpm: float) -> Float64:
    """The same, on the beats of the music, counted from its first."""
    grid = track.grid
    if len(grid.beats_ns) < 2:
        raise DanceError("INVALID_INPUT", "this music has no beats to dance to")
    rate = min((0.5, 1.0, 2.0), key=lambda rate: abs(np.log(grid.bpm * rate / bpm)))
    if not 1 / (1 + STRETCH) <= grid.bpm * rate / bpm <= 1 + STRETCH:
        raise DanceError(
            "INVALID_INPUT", f"this music has {grid.bpm:.0f} bpm, the dance {bpm:.0f}: more than {STRETCH:.0%} apart"
        )
    heard = (grid.beats_ns - grid.beats_ns[0]) / SECOND
    period = float(np.diff(heard).mean())
    wanted = np.append(np.arange(int(np.ceil(total))), total) / rate
    inside = np.interp(wanted, np.arange(len(heard)), heard)
    beyond = heard[-1] + (wanted - (len(heard) - 1)) * period
    return np.where(wanted <= len(heard) - 1, inside, beyond)


def _watched(frames: Iterator[Image], total: int, progress: Callable[[int, int], None] | None) -> Iterator[Image]:
    for done, frame in enumerate(frames, 1):
        yield frame
        if progress is not None:
            progress(done, total)
