"""A metronome."""

import numpy as np

from dancecore.types import Float, Float64

SOUND_HZ = 44100
CLICK_S = 0.04
CLICKS_HZ = (1760.0, 1175.0)
"""Pitch of the first beat of a phrase and of the others."""


def metronome(beats: int, bpm: float, loops: int) -> Float:
    """(N,) float32 in -1..1 at SOUND_HZ: a click on each beat of `loops` phrases, higher on the first of each."""
    return clicks(np.arange(loops * beats) * 60 / bpm, beats, loops * beats * 60 / bpm)


def clicks(times_s: Float64, phrase: int, seconds: float) -> Float:
    """(N,) float32 in -1..1 at SOUND_HZ, so many seconds: a click at each time, higher on the first of each phrase."""
    track = np.zeros(round(seconds * SOUND_HZ), np.float32)
    time = np.arange(round(CLICK_S * SOUND_HZ)) / SOUND_HZ
    for beat, at in enumerate(times_s):
        hertz = CLICKS_HZ[0 if beat % phrase == 0 else 1]
        part = track[round(at * SOUND_HZ) :][: len(time)]
        part += (0.6 * np.sin(2 * np.pi * hertz * time) * np.exp(-time / CLICK_S * 5))[: len(part)]
    return track
