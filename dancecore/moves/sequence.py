"""Motions put together: mirrored, played at a tempo, joined into a dance."""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

import numpy as np

from dancecore.errors import DanceError
from dancecore.moves.crossing import cross
from dancecore.moves.motion import RIG, Motion
from dancecore.moves.posing import MIRROR
from dancecore.moves.rotations import along, from_rotvecs
from dancecore.skeleton import twin
from dancecore.types import Float64

_RIG_TWIN = np.array([RIG.index(twin(name)) for name in RIG])


def mirrored(motion: Motion) -> Motion:
    """The motion seen in a mirror: left limbs do what right ones did. Applied twice it changes nothing, exactly."""
    rotation = MIRROR @ motion.rotation[:, _RIG_TWIN] @ MIRROR
    return Motion(motion.beats.copy(), rotation, motion.root * np.array([-1.0, 1.0, 1.0]))


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
    if not (share % 1).any():  # the motion's own frames, exactly
        at = at + share.astype(int)
        return Motion(beats, motion.rotation[at], motion.root[at])
    rotation = along(motion.rotation, at, share)
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


def _yaw(angle: float) -> Float64:
    """(3, 3): turns to the left."""
    return from_rotvecs(np.array([0.0, angle, 0.0]))


def placed(motion: Motion, yaw: float, place: Float64) -> Motion:
    """The motion turned by `yaw` radians to the left about the origin, then moved by `place` (3,) leg lengths."""
    turn = _yaw(yaw)
    rotation = motion.rotation.copy()
    rotation[:, 0] = turn @ rotation[:, 0]
    return Motion(motion.beats.copy(), rotation, motion.root @ turn.T + place)


def travel(motion: Motion) -> tuple[float, Float64]:
    """How far one run of the motion turns (radians) and carries the dancer over the floor (3,), in its own frame."""
    steps = np.diff(np.arctan2(motion.rotation[:, 0, 0, 2], motion.rotation[:, 0, 2, 2])) / (2 * np.pi)
    turned = 2 * np.pi * float((steps - np.round(steps)).sum())
    return turned, (motion.root[-1] - _yaw(turned) @ motion.root[0]) * np.array([1.0, 0.0, 1.0])


def around(motion: Motion, beats: Float64) -> Motion:
    """The motion at any `beats` (N,), as if it had been repeated before its start and after its end."""
    length = motion.beats[-1] - motion.beats[0]
    run = np.floor((beats - motion.beats[0]) / length)
    once = sample(motion, np.clip(beats - run * length, motion.beats[0], motion.beats[-1]))
    turned, place = travel(motion)
    if abs(np.remainder(turned + np.pi, 2 * np.pi) - np.pi) < 1e-6 and np.abs(place).max() < 1e-6:
        return Motion(beats.astype(np.float64), once.rotation, once.root)
    rotation, root = once.rotation.copy(), once.root.copy()
    for k in np.unique(run):
        moved = np.linalg.matrix_power(_rigid(turned, place), int(k))
        rotation[run == k, 0] = moved[:3, :3] @ rotation[run == k, 0]
        root[run == k] = root[run == k] @ moved[:3, :3].T + moved[:3, 3]
    return Motion(beats.astype(np.float64), rotation, root)


def _rigid(yaw: float, place: Float64) -> Float64:
    matrix = np.eye(4)
    matrix[:3, :3], matrix[:3, 3] = _yaw(yaw), place
    return matrix


@dataclass(frozen=True, slots=True)
class Part:
    """A phrase danced over and over for so many `beats`, whole frames of it; the last time it may be cut short."""

    phrase: Motion
    beats: float


def join(parts: Sequence[Part], blends: Sequence[float]) -> Motion:
    """One dance of these parts, each beginning where the one before left the dancer and facing as it left them.

    Over so many beats (`blends`, one for each seam) about each seam the dancer crosses from one phrase, danced on, to
    the next, danced before its start. Beats count from 0.
    Raises DanceError("INVALID_INPUT") without parts, or when one is shorter than a blend that it takes part in.
    """
    lengths = [part.beats for part in parts]
    if not parts or any(blend > min(pair) for blend, pair in zip(blends, pairwise(lengths), strict=True)):
        raise DanceError("INVALID_INPUT", f"nothing to join, or a blend of {blends} is longer than a part of {lengths}")
    step = float(parts[0].phrase.beats[1] - parts[0].phrase.beats[0])
    halves = [int(blend / 2 / step) for blend in blends]  # frames on either side of a seam
    danced = _chained(parts, step, halves)
    counts, before = [round(length / step) for length in lengths], [0, *halves]
    rotation, root = (
        np.concatenate([getattr(d, name)[b : b + n] for d, b, n in zip(danced, before, counts, strict=True)]
                       + [getattr(danced[-1], name)[-1:]])
        for name in ("rotation", "root")
    )  # fmt: skip
    for i, (half, seam) in enumerate(zip(halves, np.cumsum(counts), strict=False)):
        leaving = _cut(danced[i], before[i] + counts[i] - half, half)
        coming = _cut(danced[i + 1], 0, half)
        way = step / max(blends[i], step) * np.arange(-half, half + 1, dtype=np.float64) + 0.5
        crossed = cross(leaving, coming, way)
        rotation[seam - half : seam + half + 1], root[seam - half : seam + half + 1] = crossed.rotation, crossed.root
    return Motion(step * np.arange(len(root), dtype=np.float64), rotation, root)


def _cut(motion: Motion, first: int, half: int) -> Motion:
    """The frames about a seam."""
    part = slice(first, first + 2 * half + 1)
    return Motion(motion.beats[part].copy(), motion.rotation[part].copy(), motion.root[part].copy())


def _chained(parts: Sequence[Part], step: float, halves: Sequence[int]) -> list[Motion]:
    """The parts, each put where the one before it ends, with so many frames more on the sides that have a seam."""
    frame, chain = np.eye(4), []
    for part, before, after in zip(parts, [0, *halves], [*halves, 0], strict=True):
        end = before + round(part.beats / step)
        frames = np.arange(-before, end - before + after + 1, dtype=np.float64)
        danced = around(part.phrase, part.phrase.beats[0] + step * frames)
        chain.append(placed(danced, float(np.arctan2(frame[0, 2], frame[0, 0])), frame[:3, 3]))
        ends = [before, end]
        frame = frame @ _rigid(*travel(Motion(danced.beats[ends], danced.rotation[ends], danced.root[ends])))
    return chain
