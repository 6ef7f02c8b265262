"""Linear blend skinning (Magnenat-Thalmann et al. 1988)."""

import numba
import numpy as np

from dancecore.synthetic.rig import Int32
from dancecore.types import Float, Float64


@numba.njit(cache=True)
def skin(vertices: Float64, index: Int32, weights: Float64, transforms: Float64) -> Float:
    """(V, 3) float32: vertices (V, 3) moved by the blend of the transforms (B, 3, 4) at index (V, K).

    weights (V, K) fall along each row; what follows a 0 counts for nothing.
    """
    out = np.zeros((len(vertices), 3), np.float32)
    for v in range(len(vertices)):
        for k in range(index.shape[1]):
            w = weights[v, k]
            if w <= 0:
                break
            t = transforms[index[v, k]]
            for i in range(3):
                moved = t[i, 0] * vertices[v, 0] + t[i, 1] * vertices[v, 1] + t[i, 2] * vertices[v, 2] + t[i, 3]
                out[v, i] += w * moved
    return out
