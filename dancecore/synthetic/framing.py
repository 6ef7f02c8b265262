"""Where the camera is in every frame: framed on the dancers as a view says, and held as an operator holds it."""

from dataclasses import dataclass
from typing import Literal, cast

import numba
import numpy as np
from scipy.signal import lfilter

from dancecore.moves.camera import CameraPath, axes
from dancecore.skeleton import INDEX
from dancecore.synthetic.settings import Range, ViewSettings
from dancecore.types import Float64

Crop = Literal["whole", "feet", "knees"]

MARGIN = 0.03
"""Of the picture's sides: nothing that must be seen comes nearer to the edge."""

CROWN_M = 0.14
"""The top of the head over the eyes, hair and all."""

CUT: dict[Crop, float] = {"whole": 0.0, "feet": 0.14, "knees": 0.32}
"""Where the picture's lower edge cuts a standing dancer, as a share of the stature: mid-shin, above the knee."""

STEEPEST = 0.9
"""Sine of the steepest look up or down."""

SWAYS = 8
"""Sines in the sway: enough that it never looks periodic within a clip."""

EYES = [INDEX["left_eye"], INDEX["right_eye"]]
HIPS = [INDEX["left_hip"], INDEX["right_hip"]]
CORE = [*EYES, *(INDEX[f"{side}_{part}"] for side in ("left", "right") for part in ("shoulder", "elbow", "hip"))]
"""What a picture that cuts the legs still must show; hands may leave it."""


@dataclass(frozen=True, slots=True)
class View:
    """How one take is filmed.

    The camera stands at `yaw` degrees about the dancers (0 before them, +90 on their left), `height_m` above the floor,
    its picture turned by `roll` degrees; `fov` degrees lie across the picture's longer side. What `crop` leaves of
    a standing dancer fills `body_share` of the picture's height, its middle off the picture's by `off_x`, `off_y` of
    the shorter side. Over the take the camera walks `orbit` degrees about the dancers, drifts so that they move `pan`
    of the shorter side across the picture, and zooms by the factor `zoom`. The operator makes good `follow` (0..1) of
    the dancers' travel, `lag_s` late; hands turn the camera by `shake_deg` (root mean square), within `sway_hz`; `seed`
    is the hands'.
    """

    yaw: float
    height_m: float
    roll: float
    fov: float
    crop: Crop
    body_share: float
    off_x: float
    off_y: float
    orbit: float
    pan: float
    zoom: float
    follow: float
    lag_s: float
    shake_deg: float
    sway_hz: Range
    seed: int


def draw_view(rng: np.random.Generator, settings: ViewSettings) -> View:
    """A view for one take."""
    crop = cast(Crop, str(rng.choice(list(settings.crop_shares), p=list(settings.crop_shares.values()))))
    held, zoomed = rng.uniform() < settings.hand_share, rng.uniform() < settings.zoom_share

    def draw(name: str, used: bool = True, still: float = 0.0) -> float:
        value = float(rng.uniform(*getattr(settings, name)))
        return value if used else still

    return View(
        yaw=draw("back" if rng.uniform() < settings.back_share else "front"),
        height_m=draw("height_m"),
        roll=draw("roll"),
        fov=draw("fov"),
        crop=crop,
        body_share=draw("body_share" if crop == "whole" else "cut_body_share"),
        off_x=draw("off_centre"),
        off_y=draw("off_centre", used=crop == "whole"),
        orbit=draw("orbit", held),
        pan=draw("pan", held),
        zoom=draw("zoom", zoomed, still=1.0),
        follow=draw("follow", held),
        lag_s=draw("lag_s"),
        shake_deg=draw("shake_deg", held),
        sway_hz=settings.sway_hz,
        seed=int(rng.integers(2**31)),
    )


def film(view: View, width: int, height: int, joints: Float64, seconds: Float64) -> CameraPath:
    """The camera's path over one take, from which the dancers with these joints (D, F, 33, 3) fill what the view says
    of the picture, or less where the dance would leave it. `seconds` (F,) increase evenly."""
    crown = joints[:, :, EYES] + np.array([0.0, CROWN_M, 0.0])
    stature = _stature(joints)
    cut = CUT[view.crop] * stature
    shown = (stature - cut) / view.body_share  # metres from the picture's lower edge to its upper one
    level = stature / 2 if view.crop == "whole" else cut + shown / 2
    wanted = joints if view.crop == "whole" else joints[:, :, CORE]
    points = np.concatenate([wanted, crown], axis=2)
    x, z = ((points[..., i].min() + points[..., i].max()) / 2 for i in (0, 2))
    middle = np.array([x, level, z])
    aim = _aim(view, middle, joints[:, :, HIPS].mean((0, 2)), seconds)
    sway = view.shake_deg * _sway(seconds, view.sway_hz, view.seed)
    limit = np.array([width, height]) * (0.5 - MARGIN)
    distance = shown / height * max(width, height) / 2 / float(np.tan(np.radians(view.fov) / 2))
    while True:
        path = _stand(view, width, height, middle, aim, sway, distance)
        short = _short(points, path.rotation, path.centre, path.focal_px, limit)
        if short <= 0:
            return path
        distance += 1.05 * short + 0.01


def _stature(joints: Float64) -> float:
    """Metres from the floor to the crown of the tallest, most of the time: not while crouching or in the air."""
    heights = joints[:, :, EYES, 1].max(2) + CROWN_M - joints[..., 1].min(2)
    return float(np.sort(heights.max(0))[int(0.8 * (heights.shape[1] - 1))])


def _aim(view: View, middle: Float64, hips: Float64, seconds: Float64) -> Float64:
    """(F, 3) what the camera looks at: the dance's middle, or the dancers' hips (F, 3) as a slow hand follows them."""
    keep = float(np.exp(-_step(seconds) / (view.lag_s / 2)))
    slow = hips
    for _ in range(2):  # twice: a hand sets off gently
        slow, _ = lfilter([1 - keep], [1, -keep], slow, axis=0, zi=keep * slow[:1])
    level = np.stack([slow[:, 0], np.full(len(slow), middle[1]), slow[:, 2]], axis=1)
    return np.asarray(middle + view.follow * (level - middle))


def _step(seconds: Float64) -> float:
    return float(seconds[-1] - seconds[0]) / (len(seconds) - 1) if len(seconds) > 1 else 1.0


def _stand(
    view: View, width: int, height: int, middle: Float64, aim: Float64, sway: Float64, distance: float
) -> CameraPath:
    """The path at this distance from the dance's middle."""
    share = np.linspace(-0.5, 0.5, len(aim))
    bearing = np.radians(view.yaw + view.orbit * share)
    up = min(max(view.height_m - middle[1], -STEEPEST * distance), STEEPEST * distance)
    out = np.sqrt(distance**2 - up**2)
    centre = middle + np.stack([out * np.sin(bearing), np.full(len(aim), up), out * np.cos(bearing)], axis=1)
    focal = max(width, height) / 2 / np.tan(np.radians(view.fov) / 2) * view.zoom ** (share + 0.5)
    x, y, z = (aim - centre).T
    side = min(width, height) / focal
    yaw = np.arctan2(-x, -z) + np.arctan(side * (view.off_x + view.pan * share))
    tilt = np.arctan2(-y, np.sqrt(x * x + z * z)) - np.arctan(side * view.off_y)
    roll = view.roll + sway[:, 2] / 2
    rotation = axes(np.degrees(yaw) + sway[:, 0], np.degrees(tilt) + sway[:, 1], roll)
    return CameraPath(width, height, rotation, centre, focal)


def _sway(seconds: Float64, hertz: Range, seed: int) -> Float64:
    """(F, 3) three turns of unit variance: sines over a band in hertz, slower ones larger."""
    rng = np.random.default_rng(seed)
    slowest, fastest = np.log(hertz)
    pitch = np.exp(rng.uniform(slowest, fastest, (SWAYS, 3)))
    phase = rng.uniform(0, 2 * np.pi, (SWAYS, 3))
    size = pitch**-0.5
    size *= np.sqrt(2 / (size**2).sum(0))
    return np.asarray((size * np.sin(2 * np.pi * pitch * seconds[:, None, None] + phase)).sum(1))


@numba.njit(cache=True, fastmath=True)
def _short(points: Float64, rotation: Float64, centre: Float64, focal_px: Float64, limit: Float64) -> float:
    """By how many metres the camera is too near for points (D, F, N, 3) to lie within `limit` (2,) pixels of its
    axis."""
    short = 0.0
    for d in range(points.shape[0]):
        for f in range(points.shape[1]):
            turn, at = rotation[f], centre[f]
            wide, high = focal_px[f] / limit[0], focal_px[f] / limit[1]
            for n in range(points.shape[2]):
                x, y, z = points[d, f, n, 0] - at[0], points[d, f, n, 1] - at[1], points[d, f, n, 2] - at[2]
                right = abs(turn[0, 0] * x + turn[0, 1] * y + turn[0, 2] * z)
                down = abs(turn[1, 0] * x + turn[1, 1] * y + turn[1, 2] * z)
                ahead = turn[2, 0] * x + turn[2, 1] * y + turn[2, 2] * z
                short = max(short, right * wide - ahead, down * high - ahead)
    return short
