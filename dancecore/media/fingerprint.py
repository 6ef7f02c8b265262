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

FINE = 64
"""Pixels, the side of a picture before anything is left out."""

PICKS, SIDE, LOW = 16, 32, 8
"""Pictures that are kept, their side in pixels, and the frequencies of each that are kept, each way."""

BITS = PICKS * LOW * LOW

STILL = 1.0
"""Of 255 levels, the standard deviation over time: noise of a camera that films nothing that moves."""

CROPS = (0, 3, 6)
"""Percent that is left out at every side, each with a fingerprint of its own: a copy's whole picture is then near one
of the picture it was cut out of, also where a camera in the hand moves all of it."""

Bits = NDArray[np.bool_]

Fingerprints = dict[int, Bits]
"""(BITS,) by the percent that is left out."""


def fingerprint(path: Path) -> Fingerprints | None:
    """Of the clip in a file; None where nothing moves. Raises DanceError as `frames` does."""
    seen = np.array(list(islice(_small(path), RATE_HZ * LONGEST_S)), np.float32)
    if (seen - seen.mean(axis=0)).std(axis=0).max() < STILL:
        return None
    return {crop: _bits(seen, crop) for crop in CROPS}


def apart(one: Fingerprints, other: Fingerprints) -> float:
    """The share of bits that differ, 0..1, mirrored or not, where at least one of both is whole; about 0.45 for
    different clips."""
    pairs = [(one[0], bits) for bits in other.values()] + [(other[0], bits) for bits in one.values()]
    return min(float((a != b).mean()) for straight, b in pairs for a in (straight, mirrored(straight)))


def mirrored(bits: Bits) -> Bits:
    """The fingerprint of the mirrored clip: frequencies that are odd from left to right change their sign."""
    return bits ^ ODD


def pack(bits: Bits) -> str:
    """As PostgreSQL's type `bit` is written."""
    return "".join("01"[bit] for bit in bits.tolist())


ODD: Bits = np.tile(np.arange(LOW) % 2 == 1, PICKS * LOW)
"""Which bits are of frequencies that are odd from left to right."""


def _bits(seen: Float, crop: int) -> Bits:
    """Of pictures (T, FINE, FINE)."""
    cut = round(FINE * crop / 100)
    inner = seen[:, cut : FINE - cut, cut : FINE - cut]
    picked = (inner - inner.mean(axis=0))[np.linspace(0, len(seen) - 1, PICKS).round().astype(int)]
    small = (cv2.resize(each, (SIDE, SIDE), interpolation=cv2.INTER_AREA) for each in picked)
    return np.stack([cv2.dct(each)[:LOW, :LOW] for each in small]).ravel() > 0


def _small(path: Path) -> Iterator[Float]:
    for batch in frames(path, RATE_HZ, batch=1):
        grey = cv2.cvtColor(batch.images[0], cv2.COLOR_RGB2GRAY)
        yield np.asarray(cv2.resize(grey, (FINE, FINE), interpolation=cv2.INTER_AREA), np.float32)
