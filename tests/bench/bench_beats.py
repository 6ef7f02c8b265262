"""Beats of music: how rightly and how quickly they are found beside librosa's own beat tracker, and the first call."""

import resource
import subprocess
import sys
import time
import wave
from pathlib import Path
from tempfile import TemporaryDirectory

import librosa
import mir_eval
import numpy as np

from cluster.settings import settings
from dancecore.music import track_beats
from dancecore.synthetic import music
from dancecore.types import Float, Float64
from tests.bench.report import Row

SONGS, SECONDS = 16, 30.0
SLOW, FAST = 70.0, 170.0
"""Beats a minute: the tempi of dance music and somewhat beyond."""
FIRST = """
import sys
from pathlib import Path
from cluster.settings import settings
from jobs.music import find_beats
print(find_beats(Path(sys.argv[1]), settings(), bpm=None, first_s=None, taps=None, first=None).grid.bpm)
"""


def measure() -> list[Row]:
    """beats: the F-measure of mir_eval and processor time, both beside librosa's beat_track; beats_cold."""
    songs = [song(seed) for seed in range(SONGS)]
    rate, found = settings().music.rate_hz, {"ours": [], "librosa": []}  # type: dict[str, list[tuple[float, float]]]
    for samples, beats in songs:
        for name, track in (("ours", ours), ("librosa", theirs)):
            track(samples[: 5 * rate])  # what compiles does so before it is timed
            start = time.process_time()
            said = track(samples)
            found[name].append((time.process_time() - start, mir_eval.beat.f_measure(beats, said)))
    (our_s, our_f), (their_s, their_f) = (np.mean(found[name], axis=0).tolist() for name in ("ours", "librosa"))
    near, quick = our_f >= their_f - 0.01, their_s / our_s
    return [
        Row("beats_f", our_f, "F, 30 s", f"librosa {their_f:.3f}", our_f / their_f, "within 0.01", near),
        Row("beats", 1000 * our_s, "ms, 30 s", f"librosa {1000 * their_s:.0f} ms", quick, "librosa itself", True),
        cold(songs[0][0]),
    ]


def ours(samples: Float) -> Float64:
    grid = track_beats(samples, settings().music.rate_hz, settings().music)
    return np.array([]) if grid is None else grid.beats_ns / 1e9


def theirs(samples: Float) -> Float64:
    _, times = librosa.beat.beat_track(y=samples, sr=settings().music.rate_hz, units="time")
    return np.asarray(times)


def song(seed: int) -> tuple[Float, Float64]:
    """Thirty seconds at the rate of analysis, and the times of the beats, as unevenly as people play."""
    rng = np.random.default_rng(seed)
    period = 60 / rng.uniform(SLOW, FAST)
    beats = 0.2 + period * np.arange(int((SECONDS - 0.5) / period))
    beats = beats + rng.normal(0, 0.008, len(beats))
    whole = music.compose(beats, rng.uniform(0, 0.3), SECONDS, seed, settings().synthetic.dance.drums)
    return librosa.resample(whole, orig_sr=music.RATE, target_sr=settings().music.rate_hz), beats


def cold(samples: Float) -> Row:
    """The first call in a new process, from its start to the beats: processor time, imports and all."""
    with TemporaryDirectory() as folder:
        path = Path(folder) / "song.wav"
        with wave.open(str(path), "wb") as out:
            out.setnchannels(1)
            out.setsampwidth(2)
            out.setframerate(settings().music.rate_hz)
            out.writeframes((32767 * np.clip(samples, -1, 1)).astype("<i2").tobytes())
        before = resource.getrusage(resource.RUSAGE_CHILDREN)
        subprocess.run([sys.executable, "-c", FIRST, str(path)], check=True, capture_output=True)
        after = resource.getrusage(resource.RUSAGE_CHILDREN)
    took = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
    return Row("beats_cold", took, "s", "a new process", took / 10, "< 10 s", took < 10)


if __name__ == "__main__":
    print(*measure(), sep="\n")
