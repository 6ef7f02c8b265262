"""A body without a mesh: its landmarks, rigid on the joints of the rig, fifty times as fast as `Body`.

Calibrated once for each shape on the body in the T-pose; the two differ where the skin stretches and where a bend is
shared by several bones: spine, neck and the rise of the shoulders.
"""

from dataclasses import dataclass
from functools import lru_cache

import numba
import numpy as np
from numpy.typing import NDArray
from scipy.spatial import ConvexHull

from dancecore.moves import body as stick
from dancecore.moves.motion import PARENT, RIG, Motion
from dancecore.skeleton import INDEX
from dancecore.synthetic.body import T_POSE, Body, build
from dancecore.synthetic.landmarks import load_landmarks
from dancecore.synthetic.rig import Shape
from dancecore.types import Float64

KEPT = 4096
"""Bodies, a few kB each: more than a data set has creators."""

ANKLES = (RIG.index("left_ankle"), RIG.index("right_ankle"))

PIVOTS: dict[str, tuple[str, ...]] = {
    "spine": ("spine05", "spine04"), "chest": ("spine03", "spine02"), "neck": ("neck01", "neck02"),
    "head": ("neck03", "head"), "collar": ("clavicle",), "shoulder": ("upperarm01",), "elbow": ("lowerarm01",),
    "wrist": ("wrist",), "hip": ("upperleg01",), "knee": ("lowerleg01",), "ankle": ("foot",),
}  # fmt: skip
"""Where a joint of the rig turns: at the head of a bone, or between those of the two that share its turn."""


@dataclass(frozen=True, slots=True)
class FastBody:
    """One person. offsets (19, 3): each RIG joint from its parent in the T-pose, metres, the pelvis's unused; landmarks
    (33, 3): from the RIG joint that each moves with; soles: for each foot (S, 3) what it stands on, from its ankle."""

    offsets: Float64
    leg_m: float
    landmarks: Float64
    soles: tuple[Float64, Float64]

    def joints(self, motion: Motion) -> Float64:
        """(F, 33, 3): what `Body.joints` gives for this motion, world metres."""
        world, place = _forward(motion.rotation, motion.root, self.offsets, self.leg_m)
        neutral = stick.rig_offsets(stick.NEUTRAL)
        _, meant = _forward(motion.rotation, motion.root, neutral, stick.NEUTRAL.leg)
        lift = _lowest(world, meant, STICK_SOLES) * (self.leg_m / stick.NEUTRAL.leg) - _lowest(world, place, self.soles)
        place[..., 1] += lift[:, None]
        return _carried(world, place, load_landmarks().moves_with, self.landmarks)


@lru_cache(maxsize=KEPT)
def fast_body(shape: Shape) -> FastBody:
    """The body of this shape. Raises DanceError("MISSING_EXTRA") without anny."""
    return calibrated(build(shape))


def calibrated(body: Body) -> FastBody:
    """The same body without its mesh."""
    transforms = body.transforms(T_POSE)[0]
    heads = np.einsum("bij,bj->bi", transforms[..., :3], body.rest.heads) + transforms[..., 3]
    pivots = np.stack([_pivot(name, body, heads) for name in RIG])
    moves_with = load_landmarks().moves_with
    landmarks = body.joints(transforms[None])[0] - pivots[moves_with]
    parents = np.array(PARENT)
    soles = body.standing[body.soles].astype(np.float64)
    left, right = (soles[soles[:, 0] * sign > 0] for sign in (1, -1))
    feet = (_hull(left - pivots[ANKLES[0]]), _hull(right - pivots[ANKLES[1]]))
    return FastBody(pivots - pivots[parents.clip(0)], body.leg_m, landmarks, feet)


def _pivot(name: str, body: Body, heads: Float64) -> Float64:
    """Where a RIG joint turns in the T-pose; the pelvis between the hips."""
    side, _, joint = name.rpartition("_")
    bones = [f"{bone}.{side[0].upper()}" if side else bone for bone in PIVOTS.get(joint, ())]
    if not bones:
        bones = ["upperleg01.L", "upperleg01.R"]
    return np.asarray(np.mean([heads[body.rest.bones.index(bone)] for bone in bones], axis=0))


def _hull(points: Float64) -> Float64:
    """Those of the points (N, 3) that can be the lowest."""
    return points[ConvexHull(points).vertices]


def _stick_sole(side: str) -> Float64:
    at = stick.joints(T_POSE)[0]
    ankle = stick.rig_positions(T_POSE, stick.NEUTRAL)[0, RIG.index(f"{side}_ankle")]
    return np.asarray(at[[INDEX[f"{side}_heel"], INDEX[f"{side}_foot_index"]]] - ankle)


STICK_SOLES = (_stick_sole("left"), _stick_sole("right"))
"""What the taxonomy's neutral figure stands on."""


@numba.njit(cache=True)
def _forward(rotation: Float64, root: Float64, offsets: Float64, leg_m: float) -> tuple[Float64, Float64]:
    """World rotations (F, 19, 3, 3) and places (F, 19, 3) of the RIG joints."""
    world, place = np.empty_like(rotation), np.empty(rotation.shape[:3])
    for f in range(len(rotation)):
        world[f, 0] = rotation[f, 0]
        for i in range(3):
            place[f, 0, i] = root[f, i] * leg_m + (leg_m if i == 1 else 0.0)
        for j in range(1, rotation.shape[1]):
            p = PARENT[j]
            for i in range(3):
                moved = place[f, p, i]
                for k in range(3):
                    moved += world[f, p, i, k] * offsets[j, k]
                    turned = 0.0
                    for m in range(3):
                        turned += world[f, p, i, m] * rotation[f, j, m, k]
                    world[f, j, i, k] = turned
                place[f, j, i] = moved
    return world, place


@numba.njit(cache=True)
def _lowest(world: Float64, place: Float64, soles: tuple[Float64, Float64]) -> Float64:
    """(F,) the height of the lowest point of both feet."""
    out = np.full(len(world), np.inf)
    for f in range(len(world)):
        for side in range(2):
            ankle = ANKLES[side]
            for n in range(len(soles[side])):
                height = place[f, ankle, 1]
                for k in range(3):
                    height += world[f, ankle, 1, k] * soles[side][n, k]
                out[f] = min(out[f], height)
    return out


@numba.njit(cache=True)
def _carried(world: Float64, place: Float64, moves_with: NDArray[np.int64], offset: Float64) -> Float64:
    """(F, N, 3) points that lie at offsets (N, 3) from RIG joints (N,)."""
    out = np.empty((len(world), len(offset), 3))
    for f in range(len(world)):
        for n in range(len(offset)):
            joint = moves_with[n]
            for i in range(3):
                moved = place[f, joint, i]
                for k in range(3):
                    moved += world[f, joint, i, k] * offset[n, k]
                out[f, n, i] = moved
    return out
