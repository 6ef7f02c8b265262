"""What a clip is known by when it comes again as another file: re-encoded, slightly cropped, mirrored.

Signs of the low frequencies of pictures (pHash: Zauner 2010), but of what differs from the clip's own mean picture: the
same room filmed by the same camera is told by who moves in it, not by its walls.
"""

from collections.abc import Iterator
from itertools import islice
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray

from dancecore.media.picture import frames
from dancecore.types import Float

RATE_HZ, LONGEST_S = 4, 20
"""Pictures that are looked at: as a dance changes, and of its beginning only, so that ten minutes cost no more."""

PICKS, SIDE, LOW = 16, 32, 8
"""Pictures that are kept, their side in pixels, and the frequencies of each that are kept, each way."""

BITS = PICKS * LOW * LOW

STILL = 1.0
"""Of 255 levels, the standard deviation over time: noise of a camera that films nothing that moves."""

Bits = NDArray[np.bool_]


def fingerprint(path: Path) -> Bits | None:
    """(BITS,) of the clip in a file; None where nothing moves. The share of bits that differ says how far two clips are
    from each other: about 0.5 for different ones. Raises DanceError as `frames` does."""
    seen = np.array(list(islice(_small(path), RATE_HZ * LONGEST_S)), np.float32)
    moved = seen - seen.mean(axis=0)
    if moved.std(axis=0).max() < STILL:
        return None
    picked = moved[np.linspace(0, len(moved) - 1, PICKS).round().astype(int)]
    return np.stack([cv2.dct(each)[:LOW, :LOW] for each in picked]).ravel() > 0


def mirrored(bits: Bits) -> Bits:
    """The fingerprint of the mirrored clip: frequencies that are odd from left to right change their sign."""
    return bits ^ ODD


def pack(bits: Bits) -> str:
    """As PostgreSQL's type `bit` is written."""
    return "".join("01"[bit] for bit in bits.tolist())


ODD: Bits = np.tile(np.arange(LOW) % 2 == 1, PICKS * LOW)
"""Which bits are of frequencies that are odd from left to right."""


def _small(path: Path) -> Iterator[Float]:
    for batch in frames(path, RATE_HZ, batch=1):
        grey = cv2.cvtColor(batch.images[0], cv2.COLOR_RGB2GRAY)
        yield np.asarray(cv2.resize(grey, (SIDE, SIDE), interpolation=cv2.INTER_AREA), np.float32)
