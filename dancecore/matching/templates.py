"""Canonical templates: each move of the taxonomy as a clip of it would be seen, from several sides."""

import dataclasses
import io
from dataclasses import dataclass
from typing import Any

import numpy as np

from dancecore.errors import NO_NPZ, DanceError
from dancecore.features.columns import COLUMN_JOINTS, COLUMNS, MIRROR_FROM
from dancecore.features.extract import extract, mirror
from dancecore.moves.body import joints
from dancecore.moves.camera import Camera
from dancecore.moves.sequence import around
from dancecore.moves.sides import has_sides
from dancecore.moves.style import Style, styled
from dancecore.moves.taxonomy import Move
from dancecore.pose.cleaning import clean
from dancecore.settings import FeatureSettings, PoseSettings, TemplateSettings
from dancecore.skeleton import INDEX
from dancecore.types import Features, Float, Float64, IntT, PoseTrack, check_shape

REFERENCE = [INDEX[f"{side}_{joint}"] for side in ("left", "right") for joint in ("shoulder", "hip")]
"""Joints that many columns are measured from; they make a column no signature of theirs."""

ASSUMED_BPM = 120.0
"""At which the beats of an exemplar without known tempo are counted: what most music is near."""

LOOPS = 5
"""Danced to cut one from: the windows of `FeatureSettings` reach up to two short loops from the middle one."""


@dataclass(frozen=True, slots=True)
class Template:
    """One loop of a move seen from `yaw` degrees, danced as written or mirrored.

    `source`: the style it is danced in, or the exemplar it was cut from. `bpm` is 0 where nobody knows the tempo;
    `beats` are then counted at ASSUMED_BPM.
    values (T, 128) and mask (T, 33) float32 over `beats` beats at `bpm`, frame T being frame 0 again;
    weights (128,) float32 >= 0: how much each column counts.
    """

    move_id: str
    source: str
    mirror: bool
    yaw: float
    bpm: float
    beats: int
    values: Float
    mask: Float
    weights: Float

    def __post_init__(self) -> None:
        check_shape("values", self.values, (-1, len(COLUMNS)), np.float32)
        check_shape("mask", self.mask, (len(self.values), 33), np.float32)
        check_shape("weights", self.weights, (len(COLUMNS),), np.float32)

    @property
    def template_id(self) -> str:
        """Unique among the templates of one taxonomy."""
        return f"{self.move_id}_{self.source}{'_mirrored' if self.mirror else ''}_{self.yaw:+04.0f}"


def generate(
    move: Move, rate_hz: int, settings: TemplateSettings, features: FeatureSettings, pose: PoseSettings
) -> list[Template]:
    """A template for each style and view, and its mirror for a move that has sides. Deterministic.

    The neutral body dances some loops at `settings.bpm`, or the nearest tempo of the move, the middle one from the
    origin; a camera sees it as the pose estimator would, depth flattened; cleaning and features are those of any clip;
    the middle loop is kept. A mirrored move seen from one side is the mirror image of the move seen from the other.
    """
    bpm = float(np.clip(settings.bpm, *move.bpm))
    frames = max(2, round(move.beats * 60 / bpm * rate_hz))
    time_ns = np.round(np.arange(LOOPS * frames) * (move.beats * 60e9 / bpm / frames)).astype(np.int64)
    weights, sided = column_weights(move.signature, settings), has_sides(move)
    templates = []
    loops = around(move.motion, (np.arange(LOOPS * frames) - LOOPS // 2 * frames) * move.beats / frames)
    for style, (amplitude, sharpness) in settings.styles.items():
        world = landmarks(joints(styled(loops, _style(amplitude, sharpness))), settings.torso_stretch)
        for yaw in settings.views:
            seen = extract(clean(see(world, time_ns, viewpoint(yaw, settings), settings.depth_slope), pose), features)
            part = slice(LOOPS // 2 * frames, (LOOPS // 2 + 1) * frames)
            templates += both_sides(move.move_id, style, yaw, bpm, move.beats, seen, part, weights, sided)
    return templates


def viewpoint(yaw: float, settings: TemplateSettings) -> Camera:
    """The camera that sees templates from `yaw` degrees."""
    return Camera(settings.width, settings.height, yaw, settings.pitch, 0.0, settings.distance, settings.fov)


def both_sides(
    move_id: str, source: str, yaw: float, bpm: float, beats: int, seen: Features, part: slice, weights: Float,
    sided: bool,
) -> list[Template]:  # fmt: skip
    """The template of frames `part` of what was seen, and if `sided` its mirror image, seen from the other side."""
    sides = [(False, yaw, seen, weights)]
    if sided:
        sides.append((True, -yaw, mirror(seen), weights[MIRROR_FROM].copy()))
    return [
        Template(move_id, source, side, view, bpm, beats, what.values[part].copy(), what.mask[part].copy(), weight)
        for side, view, what, weight in sides
    ]


def landmarks(world: Float64, stretch: float) -> Float64:
    """Joints (T, 33, 3) as the pose estimator places them: its shoulders lie above and its hips below the centres of
    the joints, each by `stretch` of the torso's length."""
    shoulders, hips = REFERENCE[::2], REFERENCE[1::2]
    spine = world[:, shoulders].mean(axis=1, keepdims=True) - world[:, hips].mean(axis=1, keepdims=True)
    placed = world.copy()
    placed[:, shoulders] += stretch * spine
    placed[:, hips] -= stretch * spine
    return placed


def see(world: Float64, time_ns: IntT, camera: Camera, depth_slope: float) -> PoseTrack:
    """The faultless track of joints (T, 33, 3), world metres: every joint visible, depth reported at `depth_slope`."""
    about_hip = (world - world[:, [INDEX["left_hip"], INDEX["right_hip"]]].mean(1, keepdims=True)) @ camera.rotation().T
    about_hip[..., 2] *= depth_slope
    return PoseTrack(
        time_ns=time_ns,
        xy_px=camera.project(world).astype(np.float32),
        world_m=about_hip.astype(np.float32),
        visibility=np.ones(world.shape[:2], np.float32),
        cut=np.zeros(len(world), np.bool_),
        width=camera.width,
        height=camera.height,
    )


def column_weights(signature: dict[str, float], settings: TemplateSettings) -> Float:
    """(128,) how much each column tells: 1, less for joints that are no signature of the move.

    A column counts for the strongest signature among its joints, shoulders and hips left out where it has others.
    """
    of_joint = np.zeros(33)
    for name, weight in signature.items():
        of_joint[INDEX[name]] = weight
    own = COLUMN_JOINTS.copy()
    own[:, REFERENCE] &= ~np.delete(COLUMN_JOINTS, REFERENCE, axis=1).any(axis=1, keepdims=True)
    strength = np.where(own, of_joint, 0).max(axis=1)
    return (settings.signature_floor + (1 - settings.signature_floor) * strength).astype(np.float32)


def save(template: Template) -> bytes:
    """The npz file of a template, without pickle."""
    out = io.BytesIO()
    stored: dict[str, Any] = {f.name: np.asarray(getattr(template, f.name)) for f in dataclasses.fields(template)}
    np.savez_compressed(out, **stored)
    return out.getvalue()


def load(data: bytes) -> Template:
    """The template of a file that `save` made. Raises DanceError("INVALID_INPUT") for any other file."""
    try:
        with np.load(io.BytesIO(data), allow_pickle=False) as stored:
            fields = {field.name: stored[field.name] for field in dataclasses.fields(Template)}
    except NO_NPZ as error:
        raise DanceError("INVALID_INPUT", f"{len(data)} bytes that are not a stored template: {error}") from error
    arrays = {name: fields.pop(name) for name in ("values", "mask", "weights")}
    return Template(**{name: value.item() for name, value in fields.items()}, **arrays)


def _style(amplitude: float, sharpness: float) -> Style:
    """Nothing of it is chance."""
    return Style(amplitude, sharpness, delay=0.0, timing=0.0, asymmetry=0.0, noise_deg=0.0, habit=0, seed=0)
