"""A Motion's rotations on anny's bones: each bone turned to the T-pose, then with its joint, twists spread.

Twists about a limb are shared by the limb's two bones, so that no wrist or shoulder is wrung like a candy wrapper
(Kavan et al. 2008, section 2 on linear blending's collapse); bends of spine and neck are shared by their bones.
"""

import numpy as np
from scipy.spatial.transform import Rotation

from dancecore.moves.motion import RIG, Motion
from dancecore.synthetic.rig import Rest
from dancecore.types import Float64

X, Y = np.array([1.0, 0, 0]), np.array([0, 1.0, 0])

SPREAD: dict[str, tuple[str, str, float]] = {
    "root": ("pelvis", "pelvis", 1.0),
    "pelvis.L": ("pelvis", "pelvis", 1.0),
    "pelvis.R": ("pelvis", "pelvis", 1.0),
    "spine05": ("pelvis", "spine", 0.5),
    "spine04": ("pelvis", "spine", 1.0),
    "spine03": ("spine", "chest", 0.5),
    "spine02": ("spine", "chest", 1.0),
    "spine01": ("spine", "chest", 1.0),
    "neck01": ("chest", "neck", 0.5),
    "neck02": ("chest", "neck", 1.0),
    "neck03": ("neck", "head", 0.5),
    "head": ("neck", "head", 1.0),
}
"""Each bone of the trunk: how far it has turned from one joint's rotation to the next's."""


def bone_rotations(motion: Motion, rest: Rest) -> Float64:
    """(F, B, 3, 3): what turns each bone of `rest` from its rest pose to where `motion` has it, in the world."""
    world = dict(zip(RIG, np.moveaxis(motion.world_rotation(), 1, 0), strict=True))
    turned: dict[str, Float64] = {
        bone: world[a] @ _share(_swap(world[a]) @ world[b], part) for bone, (a, b, part) in SPREAD.items()
    }
    for side, letter, sign in (("left", "L", 1.0), ("right", "R", -1.0)):
        turned |= _arm(world, rest, side, letter, sign) | _leg(world, rest, side, letter)
    return np.stack([_inherit(turned, rest, i) for i in range(len(rest.bones))], axis=1)


def _inherit(turned: dict[str, Float64], rest: Rest, bone: int) -> Float64:
    """A bone that is not named (finger, toe, eye) moves with the nearest ancestor that is."""
    while rest.bones[bone] not in turned:
        bone = int(rest.parents[bone])
    return turned[rest.bones[bone]]


def _arm(world: dict[str, Float64], rest: Rest, side: str, letter: str, sign: float) -> dict[str, Float64]:
    collar, shoulder, elbow, wrist = (world[f"{side}_{name}"] for name in ("collar", "shoulder", "elbow", "wrist"))
    upper = _shortest(_bone_axis(rest, f"upperarm01.{letter}", f"lowerarm01.{letter}"), sign * X)
    fore = _shortest(upper @ _bone_axis(rest, f"lowerarm01.{letter}", f"wrist.{letter}"), sign * X) @ upper
    hand = _hand(rest, letter, sign)
    swing, twist = _split(_swap(collar) @ shoulder, X)
    bend, roll = _split(_swap(shoulder) @ elbow, X)
    _, wring = _split(_swap(elbow) @ wrist @ hand @ fore.T, X)
    return {
        f"clavicle.{letter}": collar,
        f"shoulder01.{letter}": collar,
        f"upperarm01.{letter}": collar @ swing @ _share(twist, 0.5) @ upper,
        f"upperarm02.{letter}": shoulder @ upper,
        f"lowerarm01.{letter}": shoulder @ bend @ _share(roll, 0.5) @ fore,
        f"lowerarm02.{letter}": elbow @ _share(wring, 0.5) @ fore,
        f"wrist.{letter}": wrist @ hand,
    }


def _leg(world: dict[str, Float64], rest: Rest, side: str, letter: str) -> dict[str, Float64]:
    pelvis, hip, knee, ankle = (world[name] for name in ("pelvis", f"{side}_hip", f"{side}_knee", f"{side}_ankle"))
    thigh = _shortest(_bone_axis(rest, f"upperleg01.{letter}", f"lowerleg01.{letter}"), -Y)
    shin = _shortest(thigh @ _bone_axis(rest, f"lowerleg01.{letter}", f"foot.{letter}"), -Y) @ thigh
    toes = _bone_axis(rest, f"foot.{letter}", f"toe3-1.{letter}")
    foot = Rotation.from_rotvec(-np.arctan2(toes[0], toes[2]) * Y).as_matrix()
    swing, twist = _split(_swap(pelvis) @ hip, Y)
    return {
        f"upperleg01.{letter}": pelvis @ swing @ _share(twist, 0.5) @ thigh,
        f"upperleg02.{letter}": hip @ thigh,
        f"lowerleg01.{letter}": knee @ shin,
        f"lowerleg02.{letter}": knee @ shin,
        f"foot.{letter}": ankle @ foot,
    }


def _hand(rest: Rest, letter: str, sign: float) -> Float64:
    """(3, 3) that brings the hand to the T-pose: fingers outward, palm down, thumb forward."""
    outward = _bone_axis(rest, f"wrist.{letter}", f"finger3-1.{letter}")
    across = _bone_axis(rest, f"finger5-1.{letter}", f"finger2-1.{letter}")
    normal = np.cross(across, outward)
    normal /= np.linalg.norm(normal)
    at_rest = np.stack([outward, normal, np.cross(outward, normal)], axis=1)
    in_t = np.stack([sign * X, sign * Y, np.cross(X, Y)], axis=1)
    return np.asarray(in_t @ at_rest.T)


def _bone_axis(rest: Rest, start: str, end: str) -> Float64:
    """(3,) unit vector from one bone's head to another's, at rest."""
    axis = rest.heads[rest.bones.index(end)] - rest.heads[rest.bones.index(start)]
    return np.asarray(axis / np.linalg.norm(axis))


def _shortest(start: Float64, end: Float64) -> Float64:
    """(3, 3): the smallest rotation that takes one unit vector to another, not its opposite."""
    axis = np.cross(start, end)
    sine = np.linalg.norm(axis)
    angle = np.arctan2(sine, start @ end)
    return np.asarray(Rotation.from_rotvec(axis / max(float(sine), 1e-12) * angle).as_matrix())


def _split(rotation: Float64, axis: Float64) -> tuple[Float64, Float64]:
    """(F, 3, 3) as swing @ twist, the twist about `axis` (Dobrowolski 2015)."""
    quaternion = Rotation.from_matrix(rotation).as_quat()
    angle = 2 * np.arctan2(quaternion[:, :3] @ axis, quaternion[:, 3])
    twist = Rotation.from_rotvec(((angle + np.pi) % (2 * np.pi) - np.pi)[:, None] * axis).as_matrix()
    return rotation @ _swap(twist), twist


def _share(rotation: Float64, part: float) -> Float64:
    """A part of each rotation, about its own axis."""
    return np.asarray(Rotation.from_rotvec(part * Rotation.from_matrix(rotation).as_rotvec()).as_matrix())


def _swap(rotation: Float64) -> Float64:
    return np.swapaxes(rotation, -1, -2)
