"""What the lifting network says of each frame: 105 numbers."""

import numpy as np

from dancecore.lifting.skeleton import LIFTED_TWIN
from dancecore.types import Float, IntT

POSE, SPREAD, FACING, TRAVEL, EMBEDDING = slice(0, 51), slice(51, 68), slice(68, 70), slice(70, 73), slice(73, 105)
"""Columns: x, y, z of each lifted joint; the logarithm of how far off each is; cosine and sine of the facing; travel;
an embedding of what is danced about this frame."""

WIDTH = EMBEDDING.stop


def _mirror() -> tuple[IntT, Float]:
    source, sign = np.arange(EMBEDDING.start), np.ones(EMBEDDING.start, np.float32)
    source[POSE] = (3 * LIFTED_TWIN[:, None] + np.arange(3)).ravel()
    sign[POSE] = np.tile([-1, 1, 1], len(LIFTED_TWIN))
    source[SPREAD] = SPREAD.start + LIFTED_TWIN
    sign[[FACING.start + 1, TRAVEL.start]] = -1
    return source, sign


MIRROR_FROM, MIRROR_SIGN = _mirror()
"""(73,) each: what the columns but the embedding's are in a mirror, sign x column from."""
