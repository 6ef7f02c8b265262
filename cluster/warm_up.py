"""Compiles and caches, once at set-up, what would be compiled in the first clip: `python -m cluster.warm_up`."""

import numpy as np

from cluster.library import TAXONOMY, load_library
from cluster.settings import settings
from dancecore import music
from dancecore.composer import dancing
from dancecore.matching.enrol import Exemplar
from dancecore.matching.enrolled import Enrolled
from dancecore.models.classify import Classifier
from dancecore.moves.taxonomy import load_taxonomy
from dancecore.pipeline import identify
from dancecore.types import SECOND, Features, PoseTrack, Span

FRAMES = 80


def main() -> None:
    """Find the beats of a click track, and the moves of a dancer who stands still; dance two moves."""
    numbers = settings()
    music.warm_up(numbers.music)
    dancing.warm_up(load_taxonomy(TAXONOMY), numbers.composer)
    time_ns = np.arange(FRAMES, dtype=np.int64) * SECOND // numbers.media.rate_hz
    still = Features(time_ns, np.zeros((FRAMES, 128), np.float32), np.ones((FRAMES, 33), np.float32))
    library = load_library(numbers)
    joints, seen = np.ones((FRAMES, 33, 3), np.float32), np.ones((FRAMES, 33), np.float32)
    track = PoseTrack(time_ns, joints[..., :2], joints, seen, np.zeros(FRAMES, np.bool_), 640, 640)
    exemplar = Exemplar("still", track, Span(0, 2 * SECOND), None)
    own = Enrolled({"own": [exemplar]}, True, numbers.features, numbers.enrolled).within(track)
    identify(still, None, library.bank, numbers.analysis, own=own)
    if library.bundle:
        identify(still, None, library.bank, numbers.analysis, Classifier(library.bundle))


if __name__ == "__main__":
    main()
