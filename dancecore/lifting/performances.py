"""Training data of the lifter: one dance by two people, each seen by a camera of their own, and the poses it is of."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
from scipy.ndimage import gaussian_filter1d

from dancecore.lifting.imagined import imagine
from dancecore.lifting.inputs import inputs_of
from dancecore.lifting.people import Dancing, draw_dancing
from dancecore.lifting.skeleton import FACING_S, HIPS, LIFTED, SHOULDERS, heading, turned
from dancecore.moves.body import joints as stick_joints
from dancecore.moves.camera import Camera, still
from dancecore.moves.motion import RIG, Motion
from dancecore.moves.rotations import from_rotvecs
from dancecore.moves.sequence import mirrored
from dancecore.moves.style import wobbled
from dancecore.moves.taxonomy import Taxonomy
from dancecore.pose.cleaning import clean
from dancecore.settings import FeatureSettings, PoseSettings
from dancecore.skeleton import INDEX, JOINTS
from dancecore.synthetic.choreography import choreograph
from dancecore.synthetic.fast_body import FastBody
from dancecore.synthetic.generators import Step
from dancecore.synthetic.observe import observe
from dancecore.synthetic.observe_settings import ObserveSettings
from dancecore.types import SECOND, Float, Float64, PoseTrack

UPPER = [i for i, name in enumerate(RIG) if not name.endswith(("pelvis", "hip", "knee", "ankle"))]

PACES = (0.65, 1.5)
"""Seconds of a dance that people dance in a second; half of the pairs dance at one pace."""

TILTED_SHARE, TILT = 0.06, (0.5, 1.8)
"""Of dances that go on lying, leaning or on all fours, and by how many radians the body is tipped over."""

FLAT_SHARE, LACKING_SHARE = 0.3, 0.5
"""Of performances of which the depth is not known, and of those by skeletons that lack joints."""

LACKING = (
    ([j for j, name in enumerate(JOINTS) if "eye" in name or "ear" in name or "mouth" in name], 0.4),
    ([j for j, name in enumerate(JOINTS) if name.endswith(("pinky", "thumb"))], 0.35),
    ([j for j, name in enumerate(JOINTS) if name.endswith(("pinky", "thumb", "index"))], 0.25),
    ([j for j, name in enumerate(JOINTS) if name.endswith("heel")], 0.35),
    ([j for j, name in enumerate(JOINTS) if name.endswith(("heel", "foot_index"))], 0.2),
    ([INDEX["nose"]], 0.1),
)
"""Joints that some skeletons lack together, and how often each of these does."""


@dataclass(frozen=True, slots=True)
class Sample:
    """One performance over T frames, all float32. inputs (T, 136) as `inputs_of`; pose (T, 51), facing (T, 2), travel
    (T, 3) as `lifter.Lifted` has them, of the taxonomy's neutral body; content (T,): the second of the dance."""

    inputs: Float
    pose: Float
    facing: Float
    travel: Float
    content: Float


@dataclass(frozen=True, slots=True)
class World:
    """What performances are drawn from. `moves`: ids of the moves of the taxonomy that may be danced."""

    taxonomy: Taxonomy
    moves: tuple[str, ...]
    bodies: tuple[FastBody, ...]
    observe: ObserveSettings
    features: FeatureSettings
    pose: PoseSettings
    rate_hz: int
    seconds: float


def perform(world: World, seed: int) -> tuple[Sample, Sample]:
    """The same dance twice; the same seed gives the same samples."""
    rng = np.random.default_rng([0x11F7, seed])
    one, other = _dance(world, rng)
    return _seen(world, rng, *one), _seen(world, rng, *other)


def _dance(world: World, rng: np.random.Generator) -> list[tuple[Motion, Float64]]:
    """One dance by two people, with the second of it that each frame shows: made-up, of the taxonomy's moves, or with
    the arms of one and the legs of another."""
    seconds = np.arange(int(world.seconds * world.rate_hz)) / world.rate_hz
    paces = np.exp(rng.uniform(np.log(PACES[0]), np.log(PACES[1]), 2))
    if rng.uniform() < 0.5:
        paces[:] = np.sqrt(paces.prod())
    people = [draw_dancing(rng, world.seconds, float(pace)) for pace in paces]
    content = [each.content(seconds) for each in people]
    kind = rng.choice(["imagined", "moves", "mixed", "mixed moves"], p=[0.4, 0.25, 0.2, 0.15])
    lower = _imagined(rng, people, content) if kind == "imagined" else _moves(world, rng, people, content)
    danced = lower
    if "mixed" in kind:
        upper = _imagined(rng, people, content) if kind == "mixed" else _moves(world, rng, people, content)
        danced = [_mixed(a, b) for a, b in zip(upper, lower, strict=True)]
    danced = [who.carried(wobbled(each, who.style)) for who, each in zip(people, danced, strict=True)]
    if rng.uniform() < 0.5:
        danced = [mirrored(each) for each in danced]
    if rng.uniform() < TILTED_SHARE:
        axis = rng.standard_normal(3) * np.array([1.0, 0.1, 0.7])
        tip = from_rotvecs(axis / np.linalg.norm(axis) * rng.uniform(*TILT))
        danced = [_tipped(each, tip) for each in danced]
    return list(zip(danced, content, strict=True))


def _imagined(rng: np.random.Generator, people: Sequence[Dancing], content: Sequence[Float64]) -> list[Motion]:
    plan = imagine(rng, max(float(each[-1]) for each in content))
    moved = [plan.motion(at, who.style.amplitude) for who, at in zip(people, content, strict=True)]
    return [Motion(2 * at, each.rotation, each.root) for at, each in zip(content, moved, strict=True)]


def _moves(
    world: World, rng: np.random.Generator, people: Sequence[Dancing], content: Sequence[Float64]
) -> list[Motion]:
    bpm, blend = float(rng.uniform(80, 140)), float(rng.uniform(0.5, 1.5))
    steps, left = [], max(float(each[-1]) for each in content) * bpm / 60
    while left > 0:
        move = world.moves[rng.integers(len(world.moves))]
        steps.append(Step(move, int(rng.choice([2, 4, 4, 8])), bool(rng.integers(2)), True))
        left -= steps[-1].beats
    calm = [replace(who.style, noise_deg=0.0) for who in people]  # the wobble comes when arms and legs are together
    return [
        choreograph(steps, blend, style, world.taxonomy, at * bpm / 60) for style, at in zip(calm, content, strict=True)
    ]


def _mixed(upper: Motion, lower: Motion) -> Motion:
    rotation = lower.rotation.copy()
    rotation[:, UPPER] = upper.rotation[:, UPPER]
    return Motion(lower.beats.copy(), rotation, lower.root.copy())


def _tipped(motion: Motion, tip: Float64) -> Motion:
    rotation = motion.rotation.copy()
    rotation[:, 0] = tip @ rotation[:, 0]
    return Motion(motion.beats.copy(), rotation, motion.root * np.array([1.0, 0.3, 1.0]))


def _seen(world: World, rng: np.random.Generator, motion: Motion, content: Float64) -> Sample:
    joints = world.bodies[rng.integers(len(world.bodies))].joints(motion)
    camera = camera_on(rng, joints)
    time_ns = np.arange(len(joints)) * (SECOND // world.rate_hz)
    track = observe(joints, time_ns, still(camera, len(joints)), world.observe, seed=int(rng.integers(2**31)))
    if rng.uniform() < LACKING_SHARE:
        track = lacking(rng, track)
    depth = bool(rng.uniform() >= FLAT_SHARE)
    inputs = inputs_of(clean(track, world.pose), world.features, depth=depth)
    return Sample(inputs, *target(motion, camera.yaw, world.rate_hz), content.astype(np.float32))


def camera_on(rng: np.random.Generator, joints: Float64) -> Camera:
    """A camera anywhere about the dancer that has most of them in the picture."""
    width, height = [(360, 640), (640, 360), (480, 480), (1000, 1000)][int(rng.integers(4))]
    fov, pitch = float(rng.uniform(30, 65)), float(rng.uniform(-10, 30) if rng.uniform() < 0.85 else rng.uniform(0, 55))
    middle = joints.mean(axis=(0, 1))
    size = float(np.percentile(np.linalg.norm(joints - middle, axis=-1), 99.5))
    narrow = 2 * np.arctan(np.tan(np.radians(fov) / 2) * min(1.0, width / height))
    distance = max(size / np.sin(narrow / 2) * float(rng.uniform(0.85, 1.7)), 1.2)
    x, y, z = (float(at) for at in middle + size * rng.uniform(-0.15, 0.15, 3))
    yaw, roll = float(rng.uniform(-180, 180)), float(rng.uniform(-6, 6))
    return Camera(width, height, yaw, pitch, roll, float(distance), fov, (x, y, z))


def lacking(rng: np.random.Generator, track: PoseTrack) -> PoseTrack:
    """The track without joints that some skeletons lack."""
    gone = [joint for joints, share in LACKING if rng.uniform() < share for joint in joints]
    xy, world, visibility = track.xy_px.copy(), track.world_m.copy(), track.visibility.copy()
    xy[:, gone], world[:, gone], visibility[:, gone] = np.nan, np.nan, 0
    return replace(track, xy_px=xy, world_m=world, visibility=visibility)


def target(motion: Motion, camera_yaw: float, rate_hz: int) -> tuple[Float, Float, Float]:
    """The pose (T, 51), facing (T, 2) and travel (T, 3) that the lifter is to find, see `Sample`."""
    joints = stick_joints(motion)
    hips = joints[:, HIPS].mean(axis=1)
    torso = float(np.median(np.linalg.norm(joints[:, SHOULDERS].mean(1) - hips, axis=1)))
    front = gaussian_filter1d(heading(joints), FACING_S * rate_hz, mode="nearest")
    pose = turned((joints - hips[:, None])[:, LIFTED], front) / torso
    travel = turned(np.gradient(hips, 1 / rate_hz, axis=0)[:, None], front)[:, 0] / torso
    off = front - np.radians(camera_yaw)
    facing = np.stack([np.cos(off), np.sin(off)], axis=1)
    return pose.reshape(len(pose), -1).astype(np.float32), facing.astype(np.float32), travel.astype(np.float32)
