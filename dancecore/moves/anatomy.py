"""What joints can do: the angles of a motion as they are measured on people, and the range of each.

Ranges are the active ranges of adults of the American Academy of Orthopaedic Surgeons (1965), as tabulated by Norkin
& White (2016, appendix A), in degrees. Where a joint of the rig does the work of several, or bears weight, the range
is of the whole movement and its source is named beside it.
"""

import numpy as np
from scipy.spatial.transform import Rotation

from dancecore.moves.motion import RIG, Motion
from dancecore.types import Float64

RANGES: dict[str, tuple[float, float]] = {
    "trunk forward": (-35, 80),  # thoracolumbar 25 back; 10 more of dancers who train it
    "trunk side": (-35, 35),
    "trunk turn": (-45, 45),
    "neck forward": (-45, 45),
    "neck side": (-45, 45),
    "neck turn": (-60, 60),
    "collar raise": (-15, 45),  # clavicle at the sternum: Levangie & Norkin (2011)
    "collar forward": (-30, 30),  # clavicle at the sternum: Levangie & Norkin (2011)
    "shoulder backward": (-180, 60),  # extension: how far the upper arm points behind the frontal plane
    "shoulder across": (-180, 45),  # horizontal adduction of 135: how far the upper arm points past straight ahead
    "shoulder outward": (-90, 90),  # axial rotation; 70 inwards, and 20 more of the scapula that the rig lacks
    "elbow": (0, 150),
    "wrist bend": (-70, 80),
    "forearm roll": (-80, 80),
    "hip forward": (-30, 125),  # flexion 120
    "hip sideways": (-30, 45),
    "hip outward": (-45, 60),  # axial rotation 45; dancers turn out further (Hamilton et al. 1992)
    "knee": (0, 145),  # 135 active; 145 in a squat with the body's weight on it (Hemmerich et al. 2006)
    "ankle down": (-45, 60),  # 20 up, 50 down; bearing weight 45 up (Bennell et al. 1998), and dancers 60 down
    "ankle turn": (-45, 45),  # of foot and ankle 20 each way, and of the shank in the bent knee 25
}
"""Least and greatest angle; the body's two sides have the same. Words of direction name what a positive angle does."""

SLACK = 1.0
"""Degrees by which a goniometer is read at best."""
LEVEL = 0.5
"""Sine of the angle from the vertical above which an arm has a direction across the body: 30 degrees."""
OVERHEAD = 0.87
"""Cosine of the angle to straight up below which turning an arm about itself means something: 30 degrees."""

_SIDES = {"left": 1.0, "right": -1.0}


def _of(motion: Motion, *joints: str) -> Float64:
    """(F, 3, 3): rotation of a chain of joints."""
    whole = np.broadcast_to(np.eye(3), (len(motion.beats), 3, 3))
    for joint in joints:
        whole = whole @ motion.rotation[:, RIG.index(joint)]
    return whole


def _bends(rotation: Float64) -> Float64:
    """(F, 3) degrees [forward, side (to the left), turn (to the left)], the inverse of `posing.trunk`."""
    return Rotation.from_matrix(rotation).as_euler("YZX", degrees=True)[:, ::-1] * [1, -1, 1]


def _as_left(rotation: Float64, side: str) -> Float64:
    """A rotation of a joint as it would be on the left side."""
    mirror = np.diag([_SIDES[side], 1.0, 1.0])
    return mirror @ rotation @ mirror


def _twist(rotation: Float64) -> Float64:
    """(F,) degrees of turning about y that are left after the shortest way of the y axis to where it is.

    Swing-twist decomposition (Dobrowolski 2015). It means nothing near a swing of 180 degrees.
    """
    quaternion = Rotation.from_matrix(rotation).as_quat()
    return np.degrees(2 * np.arctan2(quaternion[:, 1], quaternion[:, 3]) + np.pi) % 360 - 180


def _shoulder(motion: Motion, side: str) -> dict[str, Float64]:
    hanging = Rotation.from_euler("Z", -90, degrees=True).as_matrix()  # of the T-pose's arm, which is level
    arm = _as_left(_of(motion, f"{side}_shoulder"), side)
    x, y, z = arm[:, :, 0].T
    across = np.degrees(np.arctan2(z, x)) - 90
    across = np.where(across < -180, across + 360, across)
    return {
        "shoulder backward": -np.degrees(np.arcsin(z.clip(-1, 1))),
        "shoulder across": np.where(np.hypot(x, z) > LEVEL, across, 0.0),
        "shoulder outward": np.where(y < OVERHEAD, _twist(arm @ hanging.T), 0.0),
    }


def _hip(motion: Motion, side: str) -> dict[str, Float64]:
    thigh = _as_left(_of(motion, f"{side}_hip"), side)
    x, y, z = -thigh[:, :, 1].T
    return {
        "hip forward": np.degrees(np.arctan2(z, -y)), "hip sideways": np.degrees(np.arcsin(x.clip(-1, 1))),
        "hip outward": _twist(thigh),
    }  # fmt: skip


def _limbs(motion: Motion, side: str) -> dict[str, Float64]:
    def vector(joint: str) -> Float64:
        rotation = _as_left(motion.rotation[:, RIG.index(f"{side}_{joint}")], side)
        return Rotation.from_matrix(rotation).as_rotvec(degrees=True)

    collar, elbow, knee = vector("collar"), vector("elbow"), vector("knee")
    hand = Rotation.from_matrix(_as_left(_of(motion, f"{side}_wrist"), side)).as_euler("XYZ", degrees=True)
    foot = _bends(_as_left(_of(motion, f"{side}_ankle"), side))
    return {
        "collar raise": collar[:, 2], "collar forward": -collar[:, 1], "elbow": -elbow[:, 1], "knee": knee[:, 0],
        "wrist bend": -hand[:, 2], "forearm roll": hand[:, 0], "ankle down": foot[:, 0], "ankle turn": foot[:, 2],
        **_shoulder(motion, side), **_hip(motion, side),
    }  # fmt: skip


def angles(motion: Motion) -> dict[str, Float64]:
    """Each angle of RANGES at every frame, (F,) degrees; those of limbs with "left " or "right " before the name."""
    words = ("forward", "side", "turn")
    out = {f"trunk {word}": values for word, values in zip(words, _bends(_of(motion, "spine", "chest")).T, strict=True)}
    out |= {f"neck {word}": values for word, values in zip(words, _bends(_of(motion, "neck", "head")).T, strict=True)}
    return out | {f"{side} {name}": values for side in _SIDES for name, values in _limbs(motion, side).items()}


def strains(motion: Motion) -> list[str]:
    """What this motion asks of a body beyond the range of a joint, in words; empty when a person can dance it."""
    found = []
    for name, values in angles(motion).items():
        low, high = RANGES[name.removeprefix("left ").removeprefix("right ")]
        worst = int(np.maximum(low - values, values - high).argmax())
        if not low - SLACK <= values[worst] <= high + SLACK:
            found.append(f"{name} {values[worst]:.0f} at beat {motion.beats[worst]:.2f}, range {low:.0f}..{high:.0f}")
    return found
