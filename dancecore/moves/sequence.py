"""Motions put together: mirrored, played at a tempo, joined into a dance."""

from collections.abc import Sequence
from itertools import pairwise

import numpy as np
from scipy.spatial.transform import Rotation

from dancecore.errors import DanceError
from dancecore.moves import legs
from dancecore.moves.motion import RIG, Motion
from dancecore.skeleton import twin
from dancecore.types import Float64

_RIG_TWIN = np.array([RIG.index(twin(name)) for name in RIG])
_MIRROR = np.diag([-1.0, 1.0, 1.0])


def mirrored(motion: Motion) -> Motion:
    """The motion seen in a mirror: left limbs do what right ones did. Applied twice it changes nothing, exactly."""
    rotation = _MIRROR @ motion.rotation[:, _RIG_TWIN] @ _MIRROR
    return Motion(motion.beats.copy(), rotation, motion.root * np.array([-1.0, 1.0, 1.0]))


def between(a: Float64, b: Float64, share: Float64) -> Float64:
    """Rotations (..., 3, 3) `share` of the way from a to b along the shortest arc (Shoemake 1985)."""
    shape = np.broadcast_shapes(a.shape, b.shape)
    first = Rotation.from_matrix(np.broadcast_to(a, shape).reshape(-1, 3, 3))
    second = Rotation.from_matrix(np.broadcast_to(b, shape).reshape(-1, 3, 3))
    step = (first.inv() * second).as_rotvec() * np.broadcast_to(share, shape[:-2]).reshape(-1, 1)
    return (first * Rotation.from_rotvec(step)).as_matrix().reshape(shape)


def sample(motion: Motion, beats: Float64) -> Motion:
    """The motion at `beats` (N,), which lie within it; rotations by slerp, the root linearly.

    Raises DanceError("INVALID_INPUT") for a beat outside the motion.
    """
    beats = np.asarray(beats, dtype=np.float64).copy()
    if len(beats) and not (motion.beats[0] <= beats.min() and beats.max() <= motion.beats[-1]):
        whole = f"{motion.beats[0]:g}..{motion.beats[-1]:g}"
        raise DanceError("INVALID_INPUT", f"beats {beats.min():g}..{beats.max():g} are not within {whole}")
    at = np.clip(np.searchsorted(motion.beats, beats, side="right") - 1, 0, len(motion.beats) - 2)
    share = (beats - motion.beats[at]) / (motion.beats[at + 1] - motion.beats[at])
    rotation = between(motion.rotation[at], motion.rotation[at + 1], share[:, None])
    root = motion.root[at] + share[:, None] * (motion.root[at + 1] - motion.root[at])
    return Motion(beats, rotation, root)


def retime(motion: Motion, bpm: float, rate_hz: float) -> Motion:
    """The frames that a recording at `rate_hz` shows of this motion danced at `bpm`, from its start to its end."""
    length = (motion.beats[-1] - motion.beats[0]) * 60 / bpm
    frames = np.arange(int(np.floor(length * rate_hz + 1e-9)) + 1)
    beats = motion.beats[0] + frames / rate_hz * bpm / 60
    return sample(motion, np.minimum(beats, motion.beats[-1]))


def heading(motion: Motion) -> Float64:
    """(F,) radians the pelvis faces, to the left of +z, unwrapped over time."""
    forward = motion.rotation[:, 0, :, 2]
    return np.unwrap(np.arctan2(forward[:, 0], forward[:, 2]))


def placed(motion: Motion, yaw: float, place: Float64) -> Motion:
    """The motion turned by `yaw` radians to the left about the origin, then moved by `place` (3,) leg lengths."""
    turn = Rotation.from_euler("Y", yaw).as_matrix()
    rotation = motion.rotation.copy()
    rotation[:, 0] = turn @ rotation[:, 0]
    return Motion(motion.beats.copy(), rotation, motion.root @ turn.T + place)


def _travel(motion: Motion) -> tuple[float, Float64]:
    """How far one run of the motion turns (radians) and carries the dancer over the floor (3,), in its own frame."""
    turned = float(heading(motion)[-1] - heading(motion)[0])
    turn = Rotation.from_euler("Y", turned).as_matrix()
    return turned, (motion.root[-1] - turn @ motion.root[0]) * np.array([1.0, 0.0, 1.0])


def around(motion: Motion, beats: Float64) -> Motion:
    """The motion at any `beats` (N,), as if it had been repeated before its start and after its end."""
    length = motion.beats[-1] - motion.beats[0]
    run = np.floor((beats - motion.beats[0]) / length)
    once = sample(motion, np.clip(beats - run * length, motion.beats[0], motion.beats[-1]))
    turned, place = _travel(motion)
    if abs(np.remainder(turned + np.pi, 2 * np.pi) - np.pi) < 1e-6 and np.abs(place).max() < 1e-6:
        return Motion(beats.astype(np.float64), once.rotation.copy(), once.root.copy())
    rotation, root = once.rotation.copy(), once.root.copy()
    for k in np.unique(run):
        moved = np.linalg.matrix_power(_rigid(turned, place), int(k))
        rotation[run == k, 0] = moved[:3, :3] @ rotation[run == k, 0]
        root[run == k] = root[run == k] @ moved[:3, :3].T + moved[:3, 3]
    return Motion(beats.astype(np.float64), rotation, root)


def _rigid(yaw: float, place: Float64) -> Float64:
    matrix = np.eye(4)
    matrix[:3, :3], matrix[:3, 3] = Rotation.from_euler("Y", yaw).as_matrix(), place
    return matrix


def _fade(a: Float64, b: Float64, share: Float64) -> Float64:
    """From rotations a to b (F, ..., 3, 3), share (F,) of the way, turning the same way round in every frame.

    The shortest arc would change sides, and the limb jump, in the frame in which the two are half a turn apart.
    """
    arc = Rotation.from_matrix((a.swapaxes(-1, -2) @ b).reshape(-1, 3, 3)).as_rotvec().reshape(len(a), -1, 3)
    for f in range(1, len(arc)):
        angle = np.linalg.norm(arc[f], axis=-1, keepdims=True).clip(1e-12)
        other_way = arc[f] * (1 - 2 * np.pi / angle)
        nearer = np.linalg.norm(other_way - arc[f - 1], axis=-1) < np.linalg.norm(arc[f] - arc[f - 1], axis=-1)
        arc[f][nearer] = other_way[nearer]
    turned = Rotation.from_rotvec((arc * share[:, None, None]).reshape(-1, 3)).as_matrix().reshape(a.shape)
    return a @ turned


def blend(a: Motion, b: Motion, share: Float64) -> Motion:
    """From a to b frame by frame, `share` (F,) of the way; the feet go straight from place to place on the floor."""
    root = a.root + share[:, None] * (b.root - a.root)
    one, two = legs.feet_of(a), legs.feet_of(b)
    ankle = one.ankle + share[:, None, None] * (two.ankle - one.ankle)
    feet = legs.Feet(ankle, _fade(one.rotation, two.rotation, share))
    return Motion(a.beats.copy(), legs.stand(_fade(a.rotation, b.rotation, share), root, feet), root)


def join(parts: Sequence[Motion], blend_beats: float) -> Motion:
    """One dance of these motions, each beginning where the one before left the dancer and facing as it left them.

    Over `blend_beats` about each seam the two motions, both danced on, are cross-faded. Beats count from 0.
    Raises DanceError("INVALID_INPUT") without parts, or when one is shorter than a blend.
    """
    if not parts or min(float(p.beats[-1] - p.beats[0]) for p in parts) < blend_beats:
        raise DanceError("INVALID_INPUT", f"nothing to join, or a part is shorter than a blend of {blend_beats} beats")
    chain = _chained(parts)
    beats, rotation, root = (
        np.concatenate([*(getattr(p, name)[:-1] for p in chain[:-1]), getattr(chain[-1], name)])  # seams once
        for name in ("beats", "rotation", "root")
    )
    for before, after in pairwise(chain):
        offset = (beats - after.beats[0]) / blend_beats
        near = np.abs(offset) < 0.5
        share = offset[near] + 0.5
        smooth = share**3 * (share * (6 * share - 15) + 10)  # no jump in speed or acceleration (Perlin 2002)
        mixed = blend(around(before, beats[near]), around(after, beats[near]), smooth)
        rotation[near], root[near] = mixed.rotation, mixed.root
    return Motion(beats, rotation, root)


def _chained(parts: Sequence[Motion]) -> list[Motion]:
    """The parts, each put where and when the one before it ends."""
    frame, start, chain = np.eye(4), 0.0, []
    for part in parts:
        moved = placed(part, float(np.arctan2(frame[0, 2], frame[0, 0])), frame[:3, 3])
        chain.append(Motion(part.beats - part.beats[0] + start, moved.rotation.copy(), moved.root.copy()))
        start = float(chain[-1].beats[-1])
        frame = frame @ _rigid(*_travel(part))
    return chain
