"""Compiles and caches, once at set-up, what would be compiled in the first clip: `python -m cluster.warm_up`.

librosa takes 20 s on an empty cache, then 3 s a process.
"""

import numpy as np

from cluster.library import load_library
from cluster.settings import settings
from dancecore.music import track_beats
from dancecore.pipeline import identify
from dancecore.types import Features

CLICKS_S = 4


def main() -> None:
    """Find the beats of a click track and the moves of a dancer who stands still."""
    numbers = settings()
    clicks = np.zeros(CLICKS_S * numbers.music.rate_hz, np.float32)
    clicks[:: numbers.music.rate_hz // 2] = 1
    beats = track_beats(clicks, numbers.music.rate_hz, numbers.music)
    frames = CLICKS_S * numbers.media.rate_hz
    time_ns = np.arange(frames, dtype=np.int64) * 1_000_000_000 // numbers.media.rate_hz
    still = Features(time_ns, np.zeros((frames, 128), np.float32), np.ones((frames, 33), np.float32))
    identify(still, beats, load_library(numbers).bank, numbers.analysis)


if __name__ == "__main__":
    main()
