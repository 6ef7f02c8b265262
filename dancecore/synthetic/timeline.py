"""When what of a dance is seen and heard: tempo, cuts and playback speed."""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache

import numpy as np

from dancecore.synthetic.dance import Dance
from dancecore.types import OTHER, Float, Float64, IntT

WANDER_BEATS = 32
"""The tempo swings once about its mean in so many beats, eight bars: bands drift slower than a phrase."""


@dataclass(frozen=True, slots=True)
class Danced:
    """What is danced from `start_ms` to `end_ms`."""

    start_ms: int
    end_ms: int
    move_id: str
    mirror: bool


@lru_cache(maxsize=8)  # one dance at a time is asked for again and again
def beat_times(dance: Dance) -> Float64:
    """(B,) seconds at which each beat of the whole dance, its end included, is played; the first at 0. Read-only."""
    phase = np.random.default_rng(dance.music_seed).uniform()
    middle = np.arange(dance.beats) + 0.5
    tempo = dance.bpm * (1 + dance.drift * np.sin(2 * np.pi * (middle / WANDER_BEATS + phase)))
    played = np.concatenate([[0.0], np.cumsum(60 / tempo)])
    played.flags.writeable = False
    return played


def timeline(dance: Dance, rate_hz: float) -> tuple[Float64, IntT]:
    """beats (F,) of the dance and index (F,) of the take that each frame of the clip shows, `rate_hz` frames a second:
    frame f is shown f / rate_hz seconds into the clip."""
    played, cuts = beat_times(dance), cuts_s(dance)
    seconds = np.arange(int(np.ceil(cuts[-1] * rate_hz - 1e-9))) / rate_hz
    take = np.searchsorted(cuts[1:-1], seconds + 1e-9, side="right")
    start, speed = np.array([(each.start_beat, each.speed) for each in dance.takes]).T
    danced = np.interp(start, np.arange(len(played)), played)[take] + (seconds - cuts[take]) * speed[take]
    return np.interp(danced, played, np.arange(len(played))), take


def cuts_s(dance: Dance) -> Float64:
    """(T + 1,) seconds into the clip at which each take begins, and the clip's end."""
    start, end, speed = np.array([(each.start_beat, each.end_beat, each.speed) for each in dance.takes]).T
    played = beat_times(dance)
    start_s, end_s = (np.interp(beat, np.arange(len(played)), played) for beat in (start, end))
    return np.concatenate([[0.0], np.cumsum((end_s - start_s) / speed)])


def segments(dance: Dance) -> tuple[Danced, ...]:
    """What is seen when, covering the clip without gaps; steps that are no dance are OTHER. What goes on after a cut
    is one segment."""
    bounds = np.cumsum([0, *(step.beats for step in dance.steps)])
    seen: list[tuple[str, bool]] = []
    since: list[float] = []
    for k, take in enumerate(dance.takes):
        first = int(np.searchsorted(bounds, take.start_beat, side="right")) - 1
        for i in range(first, int(np.searchsorted(bounds, take.end_beat))):
            step = dance.steps[i]
            label = (step.move_id, step.mirror) if step.dance else (OTHER, False)
            if not seen or seen[-1] != label:
                seen.append(label)
                since.append(float(_shown_ms(dance, k, [max(float(bounds[i]), take.start_beat)])[0]))
    ends = [*since[1:], round(1000 * cuts_s(dance)[-1])]
    return tuple(Danced(int(a), int(b), *label) for a, b, label in zip(since, ends, seen, strict=True))


def beats_ms(dance: Dance) -> IntT:
    """(B,) when the beats of the clip are heard."""
    takes = enumerate(dance.takes)
    heard = [_shown_ms(dance, k, np.arange(np.ceil(take.start_beat), take.end_beat)) for k, take in takes]
    return np.concatenate(heard)


def _shown_ms(dance: Dance, take: int, beats: Sequence[float] | Float64) -> IntT:
    """When a take shows these beats of the dance."""
    played, shown = beat_times(dance), dance.takes[take]
    start, *danced = np.interp([shown.start_beat, *beats], np.arange(len(played)), played)
    return np.round(1000 * (cuts_s(dance)[take] + (np.array(danced) - start) / shown.speed)).astype(np.int64)


def heard(music: Float, rate: int, dance: Dance) -> Float:
    """The sound (N,) of the clip: the music of the whole dance (M,), `rate` samples a second, cut and sped up or slowed
    down with the picture, pitch and all."""
    played, ends = beat_times(dance), np.round(cuts_s(dance) * rate).astype(int)
    parts = []
    for take, length in zip(dance.takes, np.diff(ends), strict=True):
        first = round(float(np.interp(take.start_beat, np.arange(len(played)), played)) * rate)
        parts.append(np.interp(first + take.speed * np.arange(length), np.arange(len(music)), music))
    return np.concatenate(parts).astype(np.float32)
