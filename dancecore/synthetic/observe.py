"""What BlazePose would report of known joints, without drawing anything: labelled dances by the thousand.

Errors are drawn from a model that `fitting` fits on rendered dancers (`configs/observe.yaml`). Whether a joint is
believed decides how it errs: one in sight is off by a steady and a trembling part, and slips now and then; one that is
hidden is guessed, on from the joint before it and too near to it; one outside the picture is put to its edge.
"""

from collections.abc import Sequence

import numba
import numpy as np
from scipy.special import expit

from dancecore.moves.camera import CameraPath
from dancecore.skeleton import INDEX, JOINTS, TWIN
from dancecore.synthetic.landmarks import BRANCHES, PARENT, PART
from dancecore.synthetic.noise import Noise
from dancecore.synthetic.observe_settings import ObserveSettings, Turned
from dancecore.synthetic.sight import HIPS, Sight, look
from dancecore.types import BoolT, Float64, IntT, PoseTrack

TURNS = np.radians([0.0, 45.0, 90.0, 180.0])
"""At which the numbers of a `Turned` stand."""

SURE, DOUBTED = 0.2, 0.6
"""Doubt (1 - visibility) below which a joint counts as in sight, above which as guessed."""

USUAL_PX = 80.0
"""A torso of this length in the picture is neither large nor small."""

HALF_OUT = 0.1
"""Torso lengths. Visibility falls as soon as a joint leaves the picture, and hardly on."""

BODY = np.arange(INDEX["left_shoulder"], len(JOINTS))
ARMS = np.arange(INDEX["left_elbow"], INDEX["left_hip"])
LEGS = np.arange(INDEX["left_knee"], len(JOINTS))
"""What is exchanged with its other side together: the body but for the head, or arms or legs alone."""

LEFT_HIP, RIGHT_HIP = HIPS

FROM, TO = np.stack([np.arange(33), PARENT, np.arange(33)]), np.stack([PARENT, PARENT[PARENT], TWIN])
"""(3, 33) each: the ways on which joints are pulled, see `pulls`."""


def observe(
    joints: Float64, time_ns: IntT, camera: CameraPath, settings: ObserveSettings, seed: int,
    others: Sequence[Float64] = (),
) -> PoseTrack:  # fmt: skip
    """The track BlazePose would give of joints (T, 33, 3), world metres, at time_ns (T,), seen by `camera` (T frames).

    `others` are the joints of other people, who may stand in the way. The same seed gives the same track.
    """
    rng = np.random.default_rng(seed)
    sight = look(joints, camera, others)
    noise = Noise(time_ns, rng)
    doubt = 1 - expit(_belief(sight, settings, noise))
    loud = np.exp(settings.clip_spread * noise.steady(1) + _each(settings.joint_spread) * noise.steady(33))
    error = _picture_error(sight, doubt, loud * _by_view(sight, settings), settings, noise)
    xy = sight.xy + error * sight.torso_px[:, None, None]
    _back_to_edge(xy, _each(settings.edge), camera.width, camera.height)
    world = _world(sight, error, doubt, loud, settings, noise)
    shares = (settings.body_swapped, settings.arms_swapped, settings.legs_swapped)
    for limbs, share in zip((BODY, ARMS, LEGS), shares, strict=True):
        _swap((xy, world, doubt), limbs, noise.bouts(_at(share, sight.turn), settings.swap_s))
    missed = noise.bouts(np.full(len(joints), settings.missed_share), settings.missed_s)
    missed |= sight.outside[:, HIPS].min(1) > 0  # whose hips are outside the picture is looked for in vain
    xy[missed], world[missed], doubt[missed] = np.nan, np.nan, 1.0
    return PoseTrack(
        time_ns=time_ns,
        xy_px=xy.astype(np.float32),
        world_m=world.astype(np.float32),
        visibility=(1 - doubt).astype(np.float32),
        cut=np.zeros(len(joints), np.bool_),
        width=camera.width,
        height=camera.height,
    )


@numba.njit(cache=True)
def _back_to_edge(xy: Float64, share: Float64, width: int, height: int) -> None:
    """Move points (T, 33, 2) outside the picture, in place, by a share (33,) of their way back to its edge."""
    for t in range(len(xy)):
        for joint in range(xy.shape[1]):
            for axis, side in ((0, width), (1, height)):
                at = xy[t, joint, axis]
                xy[t, joint, axis] -= share[joint] * (min(at, 0.0) + max(at - side, 0.0))


def _belief(sight: Sight, settings: ObserveSettings, noise: Noise) -> Float64:
    """(T, 33) the logit of each joint's visibility."""
    wavering = _each(settings.waver) * noise.fading(*settings.waver_fade, 33)
    wavering += _each(settings.waver_steady) * noise.steady(33)
    seen = _each(settings.sure) - _each(settings.hide) * sight.hidden - _each(settings.beyond) * far_out(sight.outside)
    return np.asarray(seen + wavering)


def far_out(outside: Float64) -> Float64:
    """0..1: how much it counts that a joint is so many torso lengths outside the picture; half of it at HALF_OUT."""
    return np.asarray(outside / (outside + HALF_OUT))


def _by_view(sight: Sight, settings: ObserveSettings) -> Float64:
    """(T, 1) by how much larger than usual errors are for how the dancer is seen."""
    gains = np.array([*settings.view_loud, settings.size_loud, settings.cut_loud])
    return np.asarray(np.exp(loud_causes(sight.turn, sight.torso_px, sight.outside) @ gains))[:, None]


def loud_causes(turn: Float64, torso_px: Float64, outside: Float64) -> Float64:
    """(T, 6) what makes errors larger: shares of the two TURNS that are nearest, the logarithm of the dancer's size
    over the usual one, and the share of joints outside the picture."""
    return np.column_stack([_nearest(turn), np.log(torso_px / USUAL_PX), (outside > 0).mean(1)])


def _picture_error(sight: Sight, doubt: Float64, loud: Float64, settings: ObserveSettings, noise: Noise) -> Float64:
    """(T, 33, 2) torso lengths."""
    trembling = noise.fading(_each(settings.jitter_s)[:, None], _each(settings.flicker)[:, None], 33, 2)
    astray = noise.fading(*settings.guess_fade, 33, 2)
    often = np.exp(settings.slip_spread * noise.steady(33) - settings.slip_spread**2 / 2) * _each(settings.slip_share)
    slips = noise.bouts(np.tile(often.clip(max=0.5), (len(doubt), 1)), settings.slip_s) * _each(settings.slip)
    twins = np.stack([_each(settings.twin_x), _each(settings.twin_y)], axis=1)
    own = _sized(loud * _each(settings.steady), noise.steady(33, 2))
    own = _paired(own + _sized(loud * (_each(settings.jitter) + slips), trembling), twins)
    own += _sized(_each(settings.guess) * doubt, astray)
    shrink, inherit = _each(settings.shrink), _each(settings.inherit)
    pull = np.array([settings.pull_x, settings.pull_y])[:, PART]
    _pull(own, sight.xy / sight.torso_px[:, None, None], pull, shrink * doubt)
    _hand_on(own, inherit + (1 - inherit) * doubt)
    return own


def _paired(noise: Float64, correlation: Float64) -> Float64:
    """Noise (T, 33, ...) mixed with the twins, so that theirs correlates (33, ...) with it and no variance changes."""
    flat = noise.reshape(*noise.shape[:2], -1)
    return _with_twins(flat, correlation.reshape(33, -1)).reshape(noise.shape)


@numba.njit(cache=True)
def _with_twins(noise: Float64, correlation: Float64) -> Float64:
    own, other = (np.sqrt(1 + correlation) + np.sqrt(1 - correlation)) / 2, np.empty(correlation.shape)
    other[:] = np.sqrt(1 + correlation) - own
    out = np.empty(noise.shape)
    for t in range(len(noise)):
        for joint in range(noise.shape[1]):
            for axis in range(noise.shape[2]):
                mixed = own[joint, axis] * noise[t, joint, axis] + other[joint, axis] * noise[t, TWIN[joint], axis]
                out[t, joint, axis] = mixed
    return out


@numba.njit(cache=True)
def _sized(size: Float64, noise: Float64) -> Float64:
    """Noise (T or 1, 33, D) times sizes (T or 1, 33); NumPy takes ten times as long where the last axis is so short."""
    out = np.empty((max(len(size), len(noise)), *noise.shape[1:]))
    for t in range(len(out)):
        own, large = noise[min(t, len(noise) - 1)], size[min(t, len(size) - 1)]
        for joint in range(out.shape[1]):
            for axis in range(out.shape[2]):
                out[t, joint, axis] = large[joint] * own[joint, axis]
    return out


def pulls(sight: Sight) -> Float64:
    """(T, 3, 33, 2) the ways in the picture, torso lengths, from each joint to the one before it, from that one to the
    one before it, and to the joint's twin; 0 where there is none."""
    return np.asarray((sight.xy[:, TO] - sight.xy[:, FROM]) / sight.torso_px[:, None, None, None])


@numba.njit(cache=True)
def _pull(error: Float64, place: Float64, share: Float64, shrink: Float64) -> None:
    """Add to errors (T, 33, 2), in place, shares (2, 33, 3) of the ways of `pulls` between places (T, 33, 2), and
    shares (T, 33) of the first way."""
    for t in range(len(error)):
        for joint in range(error.shape[1]):
            for axis in range(2):
                for way in range(3):
                    part = share[axis, joint, way] + (shrink[t, joint] if way == 0 else 0.0)
                    error[t, joint, axis] += part * (place[t, TO[way, joint], axis] - place[t, FROM[way, joint], axis])


@numba.njit(cache=True)
def _hand_on(error: Float64, share: Float64) -> None:
    """Add to the errors (T, 33, D), in place, a share (T, 33) of those of the joints before."""
    for t in range(len(error)):
        for joint in BRANCHES:
            for axis in range(error.shape[2]):
                error[t, joint, axis] += share[t, joint] * error[t, PARENT[joint], axis]


def _world(
    sight: Sight, error: Float64, doubt: Float64, loud: Float64, settings: ObserveSettings, noise: Noise
) -> Float64:
    """(T, 33, 3) metres about the mid-hip: everybody is reported to be of one size, and too flat."""
    world = _about_hips(sight.space, 1 / sight.torso_m)
    flat = _sized(loud * _each(settings.flat_steady), noise.steady(33, 2))
    flat = flat + _sized(loud * _each(settings.flat_jitter), noise.fading(*settings.flat_fade, 33, 2))
    flat = _paired(flat, np.stack([_each(settings.flat_twin_x), _each(settings.flat_twin_y)], axis=1))
    _hand_on(flat, np.broadcast_to(_each(settings.flat_inherit), doubt.shape))
    world[..., :2] += error + flat
    size = _each(settings.depth_jitter) + _each(settings.depth_guess) * doubt
    depth = loud * (_each(settings.depth_steady) * noise.steady(33) + size * noise.fading(*settings.depth_fade, 33))
    depth = _paired(depth, _each(settings.depth_twin))
    _hand_on(depth[..., None], np.broadcast_to(_each(settings.depth_inherit), depth.shape))
    sway = settings.sway_steady * noise.steady() + noise.fading(*settings.sway_fade)
    depth += sway[:, None] * _each(settings.sway)
    world[..., 2] = _flattened(world[..., 2], sight.turn, settings) + depth
    torso_m = settings.torso_m * (1 + settings.torso_spread * noise.rng.standard_normal())
    return _about_hips(world, torso_m)


@numba.njit(cache=True)
def _about_hips(points: Float64, scale: float) -> Float64:
    """Points (T, 33, 3) from between the hips, so many times as large."""
    out = np.empty(points.shape)
    for t in range(len(points)):
        for joint in range(points.shape[1]):
            for axis in range(3):
                middle = (points[t, LEFT_HIP, axis] + points[t, RIGHT_HIP, axis]) / 2
                out[t, joint, axis] = scale * (points[t, joint, axis] - middle)
    return out


def _flattened(depth: Float64, turn: Float64, settings: ObserveSettings) -> Float64:
    """Depths (T, 33) as they are reported of dancers turned so far (T,). Where twins are and how far apart they are go
    by themselves: the way a body faces is told far better than how it leans."""
    share = _nearest(turn)
    middle, apart = (share @ np.array(each)[PART].T for each in (settings.depth_slope, settings.depth_apart))
    lean = np.cos(turn)[:, None] * _each(settings.lean)
    return np.asarray(middle * (depth + depth[:, TWIN]) / 2 + apart * (depth - depth[:, TWIN]) / 2 + lean)


def _swap(values: tuple[Float64, ...], limbs: IntT, when: BoolT) -> None:
    """Exchange left and right of these joints in these frames, in place."""
    for value in values:
        value[np.ix_(when, limbs)] = value[np.ix_(when, TWIN[limbs])]


def _each(parts: tuple[float, ...]) -> Float64:
    """(33,) the numbers of the parts for their joints."""
    return np.array(parts)[PART]


def _at(numbers: Turned, turn: Float64) -> Float64:
    """(T,) the number for dancers who are turned so far."""
    return np.interp(np.abs(turn), TURNS, numbers)


def _nearest(turn: Float64) -> Float64:
    """(T, 4) shares of the two TURNS that are nearest, which weigh the numbers of a `Turned`."""
    return np.stack([np.interp(np.abs(turn), TURNS, knot) for knot in np.eye(len(TURNS))], axis=1)
