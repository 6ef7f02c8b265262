"""How each group of columns is measured on a normalised body. Each function gives {column name: (T,) in its unit}.

Axes: x right and y down in the picture, z away from the camera; torso lengths, radians, seconds. Arithmetic keeps to
the rules of `normalise`: swapping left with right and negating x gives exactly the twin column times its sign.
"""

import numpy as np

from dancecore.features.columns import DISTANCES, ENERGIES, JOINT_ANGLES, LIMB_ENDS, MOVING, SHOULDERS
from dancecore.features.normalise import Body, across, middle, rate, smooth
from dancecore.skeleton import INDEX
from dancecore.types import Float64

Measures = dict[str, Float64]


def angle_between(u: Float64, v: Float64) -> Float64:
    """(T,) angle in 0..pi between vectors (T, 3); accurate near 0 and pi, where the arc cosine is not."""
    return np.arctan2(_length(np.cross(u, v)), (u * v).sum(axis=1))


def joint_angle(points: Float64, a: str, vertex: str, b: str) -> Float64:
    """(T,) interior angle at `vertex` between the directions to joints `a` and `b` of (T, 33, 3)."""
    at = points[:, INDEX[vertex]]
    return angle_between(points[:, INDEX[a]] - at, points[:, INDEX[b]] - at)


def angles(body: Body) -> Measures:
    """Interior joint angles in space, and the leans, tilts and turns of trunk and head."""
    space = body.space
    taken = {f"angle.{name}": joint_angle(space, *joints) for name, joints in JOINT_ANGLES}
    spine = middle(space, "shoulder") - middle(space, "hip")
    chest, lateral = middle(body.image, "shoulder"), facing(body)
    head = space[:, INDEX["nose"]] - middle(space, "ear")
    taken["angle.lean_side"] = _signed_angle(chest[:, 0], -chest[:, 1])
    taken["angle.lean_forward"] = _signed_angle(_forward(spine, lateral), -spine[:, 1])
    taken["angle.shoulder_tilt"] = _elevation(across(space, "shoulder"))
    taken["angle.hip_tilt"] = _elevation(across(space, "hip"))
    taken["angle.twist"] = _turn(_level(across(space, "hip")), _level(across(space, "shoulder")))
    taken["angle.head_tilt"] = _elevation(across(space, "ear"))
    taken["angle.head_nod"] = _elevation(head)
    taken["angle.head_turn"] = _turn(_level(across(space, "shoulder")), _level(across(space, "ear")))
    return taken


def motion(body: Body) -> Measures:
    """Velocities and accelerations in the picture: limbs, chest and head about the mid-hip, the mid-hip itself."""
    taken: Measures = {}
    parts = {name: rate(body.image[:, INDEX[name]], body.seconds) for name, _ in MOVING}
    parts["root"] = body.travel
    parts["head"] = rate(body.image[:, INDEX["nose"]], body.seconds)
    parts["chest"] = rate(middle(body.image, "shoulder"), body.seconds)
    for name, velocity in parts.items():
        acceleration = rate(velocity, body.seconds)
        for axis, letter in enumerate("xy"):
            taken[f"velocity.{name}.{letter}"] = velocity[:, axis]
            taken[f"acceleration.{name}.{letter}"] = acceleration[:, axis]
    for name in SHOULDERS:
        up = rate(body.image[:, INDEX[name], 1], body.seconds)
        taken[f"velocity.{name}.y"], taken[f"acceleration.{name}.y"] = up, rate(up, body.seconds)
    return taken


def distances(body: Body) -> Measures:
    """Between pairs of joints, in space."""
    return {
        f"distance.{name}": _length(body.space[:, INDEX[a]] - body.space[:, INDEX[b]]) for name, (a, b) in DISTANCES
    }


def symmetry(body: Body) -> Measures:
    """How far left and right are from being each other's reflection: both zero for a body that is its own mirror."""
    taken: Measures = {}
    velocity = rate(body.image, body.seconds)
    for joint in LIMB_ENDS:
        left, right = INDEX[f"left_{joint}"], INDEX[f"right_{joint}"]
        for suffix, points in (("", body.image), (".velocity", velocity)):
            taken[f"symmetry.{joint}{suffix}.x"] = points[:, left, 0] + points[:, right, 0]
            taken[f"symmetry.{joint}{suffix}.y"] = points[:, left, 1] - points[:, right, 1]
    return taken


def energy(body: Body, window_s: float) -> Measures:
    """Root mean square speed of each part over `window_s`."""
    squared = (rate(body.space, body.seconds) ** 2).sum(axis=2)
    taken: Measures = {}
    for name, joints in ENERGIES[:4]:
        first, second = (squared[:, INDEX[joint]] for joint in joints)
        taken[f"energy.{name}"] = first + second
    chest = rate(middle(body.space, "shoulder"), body.seconds)
    taken["energy.trunk"] = 2 * (chest**2).sum(axis=1)
    taken["energy.root"] = 2 * (body.travel**2).sum(axis=1)
    return {name: np.sqrt(np.maximum(smooth(e / 2, window_s, body.seconds), 0)) for name, e in taken.items()}


def robust(body: Body, window_s: float) -> Measures:
    """What hardly depends on where the camera stands: places along the body's own axes, heights, the turn."""
    taken: Measures = {}
    lateral = _level(smooth(facing(body), window_s, body.seconds))
    for side in ("left", "right"):
        for joint in ("wrist", "ankle"):
            place = body.space[:, INDEX[f"{side}_{joint}"]]
            taken[f"robust.{side}_{joint}.side"] = _sideways(place, lateral)
            taken[f"robust.{side}_{joint}.forward"] = _forward(place, lateral)
            taken[f"robust.{side}_{joint}.up"] = -place[:, 1]
        for joint in ("elbow", "knee"):
            taken[f"robust.{side}_{joint}.up"] = -body.space[:, INDEX[f"{side}_{joint}"], 1]
    taken["robust.nose.up"] = -body.space[:, INDEX["nose"], 1]
    taken["robust.hips_over_feet.side"] = -_sideways(middle(body.space, "ankle"), lateral)
    taken["robust.turn_rate"] = _turn_rate(lateral, body.seconds)
    taken["robust.facing"] = lateral[:, 0]
    return taken


def facing(body: Body) -> Float64:
    """(T, 3) level unit vector to the dancer's left, from shoulders and hips; (1, 0, 0) faces the camera."""
    return _level(across(body.space, "shoulder") + across(body.space, "hip"))


def _level(vector: Float64) -> Float64:
    """The unit vector (T, 3) along a vector's level part; (1, 0, 0) where it has none."""
    length = np.sqrt(vector[:, 0] ** 2 + vector[:, 2] ** 2)
    flat = np.zeros_like(vector)
    safe = np.maximum(length, 1e-9)
    flat[:, 0] = np.where(length > 1e-9, vector[:, 0] / safe, 1.0)
    flat[:, 2] = np.where(length > 1e-9, vector[:, 2] / safe, 0.0)
    return flat


def _sideways(place: Float64, lateral: Float64) -> Float64:
    return place[:, 0] * lateral[:, 0] + place[:, 2] * lateral[:, 2]


def _forward(place: Float64, lateral: Float64) -> Float64:
    return place[:, 0] * lateral[:, 2] - place[:, 2] * lateral[:, 0]


def _turn(start: Float64, end: Float64) -> Float64:
    """(T,) angle in -pi..pi from one level unit vector to another, positive to the dancer's left.

    Turning left, seen from above, takes left (x) towards backward (z).
    """
    return _signed_angle(_forward(end, start) * -1.0, _sideways(end, start))


def _turn_rate(lateral: Float64, seconds: Float64) -> Float64:
    """(T,) rad/s, positive to the dancer's left: the turn from each frame to the next, averaged over both its sides."""
    if len(seconds) < 2:
        return np.zeros(len(seconds))
    step = _turn(lateral[:-1], lateral[1:]) / np.diff(seconds)
    return (np.concatenate([step[:1], step]) + np.concatenate([step, step[-1:]])) / 2


def _elevation(vector: Float64) -> Float64:
    """(T,) angle in -pi/2..pi/2 by which a vector points above the level."""
    return _signed_angle(-vector[:, 1], np.sqrt(vector[:, 0] ** 2 + vector[:, 2] ** 2))


def _signed_angle(opposite: Float64, adjacent: Float64) -> Float64:
    """The arc tangent, exactly odd in `opposite`; 0 where both are: a negative zero would make it half a turn."""
    return np.copysign(np.arctan2(np.abs(opposite), adjacent + 0.0), opposite)


def _length(vector: Float64) -> Float64:
    return np.sqrt(vector[:, 0] ** 2 + vector[:, 1] ** 2 + vector[:, 2] ** 2)
