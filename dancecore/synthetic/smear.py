"""The blur of fast limbs while a shutter is open, without drawing what lies between two frames.

Each limb is a roll between two joints, and each pixel near it is averaged along the way that this part of the limb goes
in that time (Potmesil & Chakravarty 1983, with the motion of the bone in place of that of every point).
"""

import numba
import numpy as np

from dancecore.moves.camera import CameraPath
from dancecore.skeleton import INDEX
from dancecore.types import Float, Float64, Image, IntT

LIMBS = np.array([
    (INDEX[f"{side}_{a}"], INDEX[f"{side}_{b}"])
    for side in ("left", "right")
    for a, b in (("shoulder", "elbow"), ("elbow", "wrist"), ("wrist", "index"),
                 ("hip", "knee"), ("knee", "ankle"), ("ankle", "foot_index"))
])  # fmt: skip

THICK_M = 0.09
"""From a limb's bone to where its blur ends, clothes and all."""

LEAST_PX = 1.5
"""Ways shorter than this blur nothing that can be seen."""

MOST_PX = 24.0
"""No way is taken for longer: joints that pass by the camera's centre run away."""


def ways(path: CameraPath, joints: Float64, take: IntT, shutter: float) -> Float:
    """(F, L, 2, 5) float32 for L limbs of all dancers in joints (D, F, 33, 3): of both ends the place in the picture,
    the way of it while the shutter is open, `shutter` (0..1) of a frame's time, and the thickness, pixels."""
    limbs = joints[:, :, LIMBS].transpose(1, 0, 2, 3, 4).reshape(len(path), -1, 3)
    xy, depth = path.project(limbs), path.see(limbs)[..., 2]
    before, after = np.maximum(np.arange(len(path)) - 1, 0), np.minimum(np.arange(len(path)) + 1, len(path) - 1)
    before, after = (np.where(take[near] == take, near, np.arange(len(path))) for near in (before, after))
    moved = shutter * (xy[after] - xy[before]) / np.maximum(after - before, 1)[:, None, None]
    thick = THICK_M * path.focal_px[:, None] / depth
    each = np.concatenate([xy, np.clip(moved, -MOST_PX, MOST_PX), thick[..., None]], axis=-1)
    return each.reshape(len(path), -1, 2, 5).astype(np.float32)


def smear(image: Image, limbs: Float) -> Image:
    """The picture (H, W, 3) uint8 with one frame's limbs (L, 2, 5) of `ways` blurred."""
    fast = np.isfinite(limbs).all((1, 2)) & (np.abs(limbs[:, :, 2:4]).max((1, 2)) > LEAST_PX)
    if not fast.any():
        return image
    out = image.copy()
    _smear(image, limbs[fast], out)
    return out


@numba.njit(cache=True, fastmath=True)
def _smear(image: Image, limbs: Float, out: Image) -> None:
    height, width = image.shape[:2]
    half, zero, one = np.float32(0.5), np.float32(0), np.float32(1)
    for n in range(len(limbs)):
        a, b = limbs[n, 0], limbs[n, 1]
        along_x, along_y = b[0] - a[0], b[1] - a[1]
        per_length = one / (along_x * along_x + along_y * along_y + one)
        reach = max(a[4], b[4]) + half * max(max(abs(a[2]), abs(a[3])), max(abs(b[2]), abs(b[3])))
        for row in range(max(0, int(min(a[1], b[1]) - reach)), min(height, int(max(a[1], b[1]) + reach) + 1)):
            for col in range(max(0, int(min(a[0], b[0]) - reach)), min(width, int(max(a[0], b[0]) + reach) + 1)):
                x, y = np.float32(col) - a[0], np.float32(row) - a[1]
                share = min(one, max(zero, (x * along_x + y * along_y) * per_length))
                way_x, way_y = a[2] + share * (b[2] - a[2]), a[3] + share * (b[3] - a[3])
                way = np.sqrt(way_x * way_x + way_y * way_y)
                off = np.sqrt((x - share * along_x) ** 2 + (y - share * along_y) ** 2)
                near = (a[4] + share * (b[4] - a[4]) + half * way - off) * np.float32(0.3)
                if near <= 0 or way < one:
                    continue
                taps, near = int(way) + 2, min(near, one)
                for i in range(3):
                    total = zero
                    for tap in range(taps):
                        at = (np.float32(tap) + half) / np.float32(taps) - half
                        r = min(height - 1, max(0, int(np.float32(row) + at * way_y + half)))
                        c = min(width - 1, max(0, int(np.float32(col) + at * way_x + half)))
                        total += np.float32(image[r, c, i])
                    mixed = near * total / np.float32(taps) + (one - near) * np.float32(out[row, col, i])
                    out[row, col, i] = np.uint8(mixed + half)
