"""Dance music made of nothing: drums, bass and chords at a set tempo, its beats exact to the sample."""

import numpy as np
from scipy.signal import butter, sosfilt

from dancecore.synthetic.settings import DrumSettings, Range
from dancecore.types import Float, Float64

RATE = 44100
"""Samples a second."""

BEATS_A_BAR = 4

PROGRESSIONS = ((0, 5, 3, 4), (0, 3, 4, 4), (0, 4, 5, 3), (5, 3, 0, 4))
"""Scale degrees of the chords of four bars: I-vi-IV-V and others that pop songs are made of."""

SCALES = ((0, 2, 4, 5, 7, 9, 11), (0, 2, 3, 5, 7, 8, 10))
"""Semitones of the major and the natural minor scale."""

KICKS = ((0, 1, 2, 3), (0, 2), (0, 1.5, 2), (0, 2, 2.5))
"""Beats of the bar on which the bass drum falls; the snare falls on 1 and 3, the hats between."""


def compose(beats_s: Float64, swing: float, seconds: float, seed: int, drums: DrumSettings) -> Float:
    """(N,) float32 in -1..1 at RATE: a piece whose beats are at `beats_s` (B,), seconds, the first a bar's first.

    The beats may come as evenly or unevenly as they like; what sounds between them keeps its place between its
    neighbours, with every off-beat late by the share `swing` (0..1) of half a beat. `seconds` is the length of the
    whole; what comes before the first beat is silent. The same seed gives the same piece at any tempo; another seed
    another groove, key and progression, and other drums.
    """
    rng = np.random.default_rng(seed)
    track = np.zeros(round(seconds * RATE))
    scale, key = SCALES[rng.integers(len(SCALES))], 45 + int(rng.integers(0, 12))
    chords, kicks = PROGRESSIONS[rng.integers(len(PROGRESSIONS))], KICKS[rng.integers(len(KICKS))]
    kick, snare, hat = _kick(rng, drums.kick_hz), _snare(rng, drums.snare_hz), _hat(rng)
    for bar in range(0, len(beats_s), BEATS_A_BAR):
        degree = chords[bar // BEATS_A_BAR % len(chords)]
        last = min(bar + BEATS_A_BAR, len(beats_s))
        hits = [(at, 0.9 * kick) for at in kicks] + [(at, 0.5 * snare) for at in (1, 3)]
        hits += [(half / 2, (0.2 if half % 2 else 0.12) * hat) for half in range(2 * BEATS_A_BAR)]
        for at, sound in hits:
            if bar + at < last:
                _add(track, _when(bar + at, beats_s, swing), sound)
        start, end = _when(bar, beats_s, swing), _when(last, beats_s, swing)
        _add(track, start, 0.10 * _chord(degree, scale, key, end - start))
        for beat in range(bar, last):
            start, end = _when(beat, beats_s, swing), _when(beat + 1, beats_s, swing)
            _add(track, start, 0.3 * _bass(_pitch(degree, scale, key - 12), 0.9 * (end - start)))
    return np.asarray(np.tanh(track), np.float32)


def _when(beat: float, beats_s: Float64, swing: float) -> float:
    """Seconds at which this beat, or this place between two beats, is heard; the last beat lasts as the one before."""
    whole, part = divmod(beat, 1)
    late = part * (1 + swing) if part < 0.5 else 1 - (1 - part) * (1 - swing)
    at = min(int(whole), len(beats_s) - 2)
    return float(beats_s[at] + (whole - at + late) * (beats_s[at + 1] - beats_s[at]))


def _add(track: Float64, start_s: float, sound: Float64) -> None:
    at = round(start_s * RATE)
    room = max(0, min(len(sound), len(track) - at))
    track[at : at + room] += sound[:room]


def _time(seconds: float) -> Float64:
    return np.arange(int(seconds * RATE)) / RATE


def _kick(rng: np.random.Generator, hertz: Range) -> Float64:
    """A sine that falls in pitch and dies away, with a click in front."""
    t = _time(0.25)
    low = rng.uniform(*hertz)
    phase = 2 * np.pi * (low * t + 4.0 * (1 - np.exp(-t * 30)))
    return np.asarray(np.sin(phase) * np.exp(-t * 14) + 0.3 * np.exp(-t * 400))


def _snare(rng: np.random.Generator, hertz: Range) -> Float64:
    t = _time(0.18)
    body = np.sin(2 * np.pi * rng.uniform(*hertz) * t) * np.exp(-t * 30)
    return np.asarray(0.5 * body + rng.standard_normal(len(t)) * np.exp(-t * 22) * 0.5)


def _hat(rng: np.random.Generator) -> Float64:
    t = _time(0.05)
    return np.asarray(sosfilt(butter(2, 7000, "high", fs=RATE, output="sos"), rng.standard_normal(len(t)))) * np.exp(
        -t * 80
    )


def _pitch(degree: int, scale: tuple[int, ...], key: int) -> float:
    """Hertz of a scale degree above a MIDI key."""
    octave, step = divmod(degree, len(scale))
    return float(440 * 2 ** ((key + scale[step] + 12 * octave - 69) / 12))


def _bass(hertz: float, seconds: float) -> Float64:
    t = _time(seconds)
    wave = np.sin(2 * np.pi * hertz * t) + 0.4 * np.sin(4 * np.pi * hertz * t)
    return np.asarray(wave * np.exp(-t * 3) * np.minimum(1, t / 0.005) * np.minimum(1, (seconds - t) / 0.01))


def _chord(degree: int, scale: tuple[int, ...], key: int, seconds: float) -> Float64:
    """A triad that swells, so that it marks no beat of its own."""
    t = _time(seconds)
    swell = np.minimum(1, t / 0.15) * np.minimum(1, (seconds - t) / 0.1)
    notes = [_pitch(degree + third, scale, key + 12) for third in (0, 2, 4)]
    return np.asarray(sum(np.sin(2 * np.pi * f * t) + 0.3 * np.sin(4 * np.pi * f * t) for f in notes) * swell)
