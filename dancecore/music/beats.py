"""Beats of music by dynamic programming over onset strength (Ellis 2007), as librosa does it."""

import librosa
import numpy as np
from numpy.typing import NDArray

from dancecore.errors import DanceError
from dancecore.settings import MusicSettings
from dancecore.types import SECOND, BeatGrid, Float

MIN_BEATS = 4
"""Three intervals: fewer say nothing about a tempo."""

LATE_FRAMES = 0.9
"""The onset strength peaks this long after the onset, measured on clicks at 60-180 bpm: 21 ms at a hop of 23 ms."""

LAG_SLACK = 0.03
"""Players drift; the autocorrelation is read at its best within 3 % of a whole number of beats."""


def track_beats(samples: Float, rate: int, settings: MusicSettings) -> BeatGrid | None:
    """Beats of `samples`, (N,) float32 mono at `rate` Hz; None for silence and for too few beats to have a tempo.

    `bpm` is the slope of a line through the beat times, 60 to 180 by default: a slower beat is counted at double
    time. `confidence` is the pulse clarity (Lartillot et al. 2008): the autocorrelation of the onset strength, r,
    averaged over one to four beats, as r / (r + even_clarity). Steady clicks reach 0.8, music 0.5-0.75; ten seconds
    of noise, speech or clicks without a pulse stay below 0.35, but four seconds of speech can reach 0.5.
    Raises DanceError("INVALID_INPUT") for samples of another kind.
    """
    if samples.ndim != 1 or samples.dtype != np.float32 or not np.isfinite(samples).all():
        raise DanceError("INVALID_INPUT", f"samples must be finite float32 (N,), not {samples.dtype} {samples.shape}")
    if len(samples) < MIN_BEATS * rate * 60 / settings.max_bpm or np.sqrt(np.mean(samples**2)) < settings.min_level:
        return None
    onsets = librosa.onset.onset_strength(y=samples, sr=rate, hop_length=settings.hop)
    if not onsets.any():
        return None
    beats = _beat_frames(onsets, rate, settings)
    if len(beats) < MIN_BEATS:
        return None
    times_s = (beats - LATE_FRAMES) * settings.hop / rate
    period = float(np.polyfit(np.arange(len(beats)), beats, 1)[0])
    return BeatGrid(
        bpm=60 * rate / (settings.hop * period),
        beats_ns=np.round(times_s[times_s >= 0] * SECOND).astype(np.int64),
        confidence=_confidence(onsets, period, settings.even_clarity),
    )


def warm_up(settings: MusicSettings) -> None:
    """Load and compile what librosa needs, so that no clip waits: 20 s on an empty cache, then 3 s a process."""
    clicks = np.zeros(4 * settings.rate_hz, np.float32)
    clicks[:: settings.rate_hz // 2] = 1
    track_beats(clicks, settings.rate_hz, settings)


def _beat_frames(onsets: Float, rate: int, settings: MusicSettings) -> NDArray[np.int64]:
    """(B,) frames of the beats at the tempo that is likeliest under the prior, folded into the allowed range."""
    tempo = librosa.feature.tempo(
        onset_envelope=onsets, sr=rate, hop_length=settings.hop, start_bpm=settings.prior_bpm,
        std_bpm=settings.prior_octaves, max_tempo=settings.max_bpm,
    )[0]  # fmt: skip
    while tempo < settings.min_bpm:
        tempo *= 2
    _, beats = librosa.beat.beat_track(
        onset_envelope=onsets, sr=rate, hop_length=settings.hop, bpm=tempo, tightness=settings.tightness, trim=False
    )
    return np.asarray(beats)


def _confidence(onsets: Float, period: float, even_clarity: float) -> float:
    """Pulse clarity in 0..1 of onset strength that is said to repeat every `period` frames."""
    centred = onsets - onsets.mean()
    overlap = np.arange(len(centred), 0, -1)
    correlation = librosa.autocorrelate(centred) / overlap
    best = []
    for beats in range(1, 5):
        low, high = int(beats * period * (1 - LAG_SLACK)), int(beats * period * (1 + LAG_SLACK)) + 2
        if high <= len(centred) // 2:  # beyond half the clip too few frames overlap to correlate
            best.append(correlation[low:high].max() / correlation[0])
    clarity = max(0.0, float(np.mean(best))) if best else 0.0
    return clarity / (clarity + even_clarity)
