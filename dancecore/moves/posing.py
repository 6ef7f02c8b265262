"""From joint angles and foot places at every frame to the rotations of a Motion."""

import numpy as np
from scipy.spatial.transform import Rotation

from dancecore.errors import DanceError
from dancecore.moves import legs
from dancecore.moves.body import NEUTRAL
from dancecore.moves.curves import channels_of, grid_of
from dancecore.moves.keyframes import Score
from dancecore.moves.motion import RIG, Motion
from dancecore.types import Float64

CM = 1 / (100 * NEUTRAL.leg)
"""Leg lengths in a centimetre of the neutral body."""
MIRROR = np.diag([-1.0, 1.0, 1.0])


def turn(axis: str, degrees: Float64) -> Float64:
    """(F, 3, 3) rotations about one axis."""
    return Rotation.from_euler(axis, degrees[:, None], degrees=True).as_matrix()


def trunk(values: Float64) -> Float64:
    """(F, 3, 3) from [forward, side, turn] degrees: bend forward, lean to the left, then turn to the left."""
    return Rotation.from_euler("YZX", values[:, [2, 1, 0]] * [1, -1, 1], degrees=True).as_matrix()


def left_shoulder(arm: Float64) -> Float64:
    """(F, 3, 3) of the left upper arm from [raise, around, twist, elbow]; see `keyframes`."""
    up, around, twist = arm[:, 0], arm[:, 1], arm[:, 2]
    swing = turn("Y", -around) @ turn("Z", up) @ turn("Y", around)
    return swing @ turn("Z", np.full_like(up, -90.0)) @ turn("X", -twist)


def _arm_joints(channels: dict[str, Float64], side: str) -> dict[str, Float64]:
    arm, hand, collar = (channels[f"{side}_{part}"] for part in ("arm", "hand", "collar"))
    left = {
        "collar": turn("Z", collar[:, 0]) @ turn("Y", -collar[:, 1]),
        "shoulder": left_shoulder(arm),
        "elbow": turn("Y", -arm[:, 3]),
        "wrist": turn("X", hand[:, 1]) @ turn("Z", -hand[:, 0]),
    }
    return {f"{side}_{part}": r if side == "left" else MIRROR @ r @ MIRROR for part, r in left.items()}


def _foot(values: Float64, facing: Float64, places: Float64, side: int) -> tuple[Float64, Float64]:
    """Ankle place (F, 3) in leg lengths and foot rotation (F, 3, 3) of one foot track; `places` turns its place."""
    x, z, lift = (values[:, :3] * CM).T
    yaw = values[:, 3] if side == 0 else -values[:, 3]
    level = facing @ turn("Y", yaw)
    rotation = level @ turn("X", values[:, 4])
    heel_down = (values[:, 4] < 0)[:, None]
    pivot = np.where(heel_down, [0.0, -legs.ANKLE, -legs.HEEL], [0.0, -legs.ANKLE, legs.TOE])
    ball = np.einsum("fij,fj->fi", places, np.column_stack([x, lift, z + legs.TOE]))
    back = level @ np.array([0.0, 0.0, -legs.TOE - legs.HEEL])
    ball += np.where(heel_down, back, 0.0)  # the toes are off the floor: the foot turns about its heel
    return ball - np.einsum("fij,fj->fi", rotation, pivot), rotation


def _feet(channels: dict[str, Float64], facing: Float64, places: Float64) -> legs.Feet:
    sides = [_foot(channels[f"{side}_foot"], facing, places, s) for s, side in enumerate(legs.SIDES)]
    return legs.Feet(*(np.stack(part, axis=1) for part in zip(*sides, strict=True)))


def _root(channels: dict[str, Float64], places: Float64, pelvis: Float64, feet: legs.Feet, lift: Float64) -> Float64:
    x, z, drop = (channels["pelvis"] * CM).T
    root = np.einsum("fij,fj->fi", places, np.column_stack([x, -drop, z]))
    root[:, 1] = legs.reachable_height(root, pelvis, feet, lift, loops=True)
    return root


def pose(beats: Float64, channels: dict[str, Float64], room: bool) -> Motion:
    """The motion of these channels: tracks of `keyframes` at every frame; `room`: places do not turn with the facing.

    The lower foot is put on the floor, then `jump` lifts everything; the pelvis sinks where a leg would not reach.
    Raises DanceError("INVALID_INPUT") when no pelvis height lets a standing foot be where it is written.
    """
    grounded = dict(channels)
    floor = np.minimum(channels["left_foot"][:, 2], channels["right_foot"][:, 2])
    for side in legs.SIDES:
        grounded[f"{side}_foot"] = channels[f"{side}_foot"] - np.outer(floor, [0, 0, 1, 0, 0])
    facing = turn("Y", channels["facing"][:, 0])
    places = np.broadcast_to(np.eye(3), facing.shape) if room else facing
    rotation = np.tile(np.eye(3), (len(beats), len(RIG), 1, 1))
    rotation[:, 0] = facing @ trunk(channels["hips"])
    spine, chest, head = (channels[name] for name in ("torso", "chest", "head"))
    upper = {"spine": trunk(spine / 2), "chest": trunk(spine / 2 + chest), "neck": trunk(head / 2)}
    upper |= {"head": trunk(head / 2)} | _arm_joints(channels, "left") | _arm_joints(channels, "right")
    for name, value in upper.items():
        rotation[:, RIG.index(name)] = value
    feet = _feet(grounded, facing, places)
    lift = np.stack([grounded[f"{side}_foot"][:, 2] for side in legs.SIDES], axis=1) * CM
    root = _root(grounded, places, rotation[:, 0], feet, lift)
    if np.isnan(root).any():
        raise DanceError("INVALID_INPUT", f"a foot is out of reach at beat {beats[np.isnan(root[:, 1]).argmax()]:.2f}")
    rotation = legs.stand(rotation, root, feet)
    root[:, 1] += channels["jump"][:, 0] * CM
    return Motion(beats, rotation, root)


def motion_of(score: Score) -> Motion:
    """The motion that a score writes down. Raises DanceError("INVALID_INPUT") for feet out of reach."""
    return pose(grid_of(score), channels_of(score), score.room)
