"""What a camera sees of a dancer whose joints are known: how large, turned how, what hides what."""

from collections.abc import Sequence
from dataclasses import dataclass

import numba
import numpy as np

from dancecore.moves.camera import CameraPath
from dancecore.skeleton import INDEX, JOINTS
from dancecore.types import BoolT, Float64

SHOULDERS = [INDEX["left_shoulder"], INDEX["right_shoulder"]]
HIPS = [INDEX["left_hip"], INDEX["right_hip"]]
EARS = [INDEX["left_ear"], INDEX["right_ear"]]

COVER_SLOPE, COVER_MARGIN = 1.3, 1.6
BEFORE_SLOPE, BEFORE_MARGIN = 1.5, 0.3
"""How hiding sets in at a body part's edge and with its distance before the joint, in its radii. These and the radii
below explain most of the visibilities of rendered dancers: R2 0.69 of elbows, 0.62 of wrists, 0.68 of knees."""

LIMBS = [(INDEX[f"{side}_{a}"], INDEX[f"{side}_{b}"])
         for a, b in (("shoulder", "elbow"), ("elbow", "wrist"), ("hip", "knee"), ("knee", "ankle"))
         for side in ("left", "right")]  # fmt: skip

LIMB_THICK = [0.13, 0.13, 0.10, 0.10, 0.25, 0.25, 0.19, 0.19]
"""Torso lengths: the radii of upper arms, forearms, thighs and shins in their clothes, as visibilities tell them."""

TRUNK_SHARES, TRUNK_THICK, HEAD_THICK = (0.25, 0.5, 0.75), 0.26, 0.2
"""Three rolls, so far from left to right, make the trunk; the head is a ball about the middle of the ears."""

ENDS = np.array([*(((a, a), (b, b)) for a, b in LIMBS), *[(SHOULDERS, HIPS)] * len(TRUNK_SHARES), (EARS, EARS)])
SHARES = np.array([*[0.0] * len(LIMBS), *TRUNK_SHARES, 0.5])
"""Each roll's ends (R, 2), both so far from one joint to another: ENDS (R, 2, 2), SHARES (R,)."""

THICK = np.array([*LIMB_THICK, *[TRUNK_THICK] * len(TRUNK_SHARES), HEAD_THICK])


def _hides() -> BoolT:
    """(33, R) bool: which rolls may hide which joints of arms and legs. A limb does not hide its own ends, nor hand
    and foot their forearm and shin."""
    table = np.zeros((len(JOINTS), len(THICK)), np.bool_)
    for joint, name in enumerate(JOINTS):
        table[joint] = name.endswith(("elbow", "wrist", "pinky", "index", "thumb", "knee", "ankle", "heel"))
        for roll, ends in enumerate(LIMBS):
            same_end = joint > ends[1] and (joint - ends[1]) % 2 == 0 and (ends[1] < HIPS[0]) == (joint < HIPS[0])
            if joint in ends or (same_end and JOINTS[ends[1]].endswith(("wrist", "ankle"))):
                table[joint, roll] = False
    return table


HIDES = _hides()


@dataclass(frozen=True, slots=True)
class Sight:
    """A dancer before a camera over T frames.

    space (T, 33, 3): the joints in the camera's axes, metres; xy (T, 33, 2) pixels; `torso_m` their torso's length and
    torso_px (T,) how long it would be in the picture if it were parallel to it; turn (T,) radians by which they face
    away from the camera, to the left of the picture below 0; hidden (T, 33) 0..1: how deep a joint is behind somebody
    else or, of arms and legs, behind other parts of the body; outside (T, 33): how far it is beyond the picture's edge,
    torso lengths.
    """

    space: Float64
    xy: Float64
    torso_m: float
    torso_px: Float64
    turn: Float64
    hidden: Float64
    outside: Float64


def look(joints: Float64, camera: CameraPath, others: Sequence[Float64] = ()) -> Sight:
    """Joints (T, 33, 3), world metres, through a camera, with other dancers' joints who may stand before them."""
    space = camera.see(joints)
    xy = camera.pixels(space)
    spine = space[:, SHOULDERS].mean(1) - space[:, HIPS].mean(1)
    across = space[:, SHOULDERS[0]] - space[:, SHOULDERS[1]] + space[:, HIPS[0]] - space[:, HIPS[1]]
    forward = np.cross(across, spine)
    torso_m = float(np.median(np.linalg.norm(spine, axis=1)))
    torso_px = torso_m * camera.focal_px / np.maximum(space[:, HIPS, 2].mean(1), 1e-3)
    hidden = _hidden(space, _rolls(space), THICK * torso_m, HIDES)
    for other in others:
        hidden = np.maximum(hidden, _hidden(space, _rolls(camera.see(other)), THICK * torso_m, np.ones_like(HIDES)))
    return Sight(
        space, xy, torso_m, torso_px, np.arctan2(forward[:, 0], -forward[:, 2]),
        hidden, _beyond(xy, camera.width, camera.height) / torso_px[:, None],
    )  # fmt: skip


@numba.njit(cache=True)
def _beyond(xy: Float64, width: int, height: int) -> Float64:
    """(T, N) pixels by which points (T, N, 2) lie outside the picture; NaN for those that are nowhere."""
    out = np.empty(xy.shape[:2])
    for t in range(xy.shape[0]):
        for n in range(xy.shape[1]):
            x, y = xy[t, n, 0], xy[t, n, 1]
            out[t, n] = np.nan if np.isnan(x) else max(-x, x - width, -y, y - height, 0.0)
    return out


@numba.njit(cache=True)
def _rolls(space: Float64) -> Float64:
    """(T, R, 2, 3): both ends of the rolls that stand for limbs, trunk and head, in the camera's axes."""
    out = np.empty((len(space), len(ENDS), 2, 3))
    for t in range(len(space)):
        for n in range(len(ENDS)):
            for end in range(2):
                one, other, share = space[t, ENDS[n, end, 0]], space[t, ENDS[n, end, 1]], SHARES[n]
                for i in range(3):
                    out[t, n, end, i] = (1 - share) * one[i] + share * other[i]
    return out


@numba.njit(cache=True, fastmath=True)
def _hidden(space: Float64, rolls: Float64, radius: Float64, hides: BoolT) -> Float64:
    """(T, 33) 0..1: 0 where every roll is clear of the joint in the picture or farther away than it, 1 where one is
    before it and covers it. Rolls are drawn as lines of their radius, 1 m away from the camera's centre."""
    out, line = np.zeros(space.shape[:2]), np.empty((space.shape[1], 2))
    for t in range(len(space)):
        for joint in range(space.shape[1]):
            line[joint, 0] = space[t, joint, 0] / space[t, joint, 2]
            line[joint, 1] = space[t, joint, 1] / space[t, joint, 2]
        for n in range(len(radius)):
            near, far = rolls[t, n, 0, 2], rolls[t, n, 1, 2]
            if near <= 0 or far <= 0:
                continue
            ax, ay = rolls[t, n, 0, 0] / near, rolls[t, n, 0, 1] / near
            dx, dy = rolls[t, n, 1, 0] / far - ax, rolls[t, n, 1, 1] / far - ay
            length = max(dx * dx + dy * dy, 1e-12)
            clear = max(0.0, min(near, far) - BEFORE_MARGIN * radius[n])  # nearer than this, nothing is behind it
            for joint in range(space.shape[1]):
                z = space[t, joint, 2]
                if z <= clear or not hides[joint, n]:
                    continue
                px, py = line[joint, 0] - ax, line[joint, 1] - ay
                share = min(1.0, max(0.0, (px * dx + py * dy) / length))
                depth = near + share * (far - near)
                before = BEFORE_SLOPE * (BEFORE_MARGIN + (z - depth) / radius[n])
                apart = np.sqrt((px - share * dx) ** 2 + (py - share * dy) ** 2) * depth / radius[n]
                over = COVER_SLOPE * (COVER_MARGIN - apart)
                out[t, joint] = max(out[t, joint], min(1.0, max(0.0, over)) * min(1.0, max(0.0, before)))
    return out
