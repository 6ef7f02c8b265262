"""Where a dance is filmed, and from where: the picture, the camera, the lamp and what is behind the dancers."""

import colorsys
from dataclasses import dataclass

import numpy as np

from dancecore.moves.camera import Camera
from dancecore.skeleton import INDEX
from dancecore.synthetic.backdrop import KINDS, Backdrop
from dancecore.synthetic.clothes import RGB
from dancecore.synthetic.render import Light
from dancecore.synthetic.settings import SceneSettings
from dancecore.types import Float64

MARGIN = 0.03
"""Of the picture's sides: no joint comes nearer to the edge."""

CROWN_M = 0.14
"""The top of the head over the eyes, hair and all."""

EYES = [INDEX["left_eye"], INDEX["right_eye"]]


@dataclass(frozen=True, slots=True)
class View:
    """Where the camera stands, framed on the dancer: see the section of `configs/synthetic.yaml`."""

    yaw: float
    pitch: float
    roll: float
    fov: float
    body_share: float
    off_x: float
    off_y: float


@dataclass(frozen=True, slots=True)
class Lamp:
    """`ambient` 0..1; `yaw` from the camera, `pitch` above the floor, degrees."""

    ambient: float
    yaw: float
    pitch: float


@dataclass(frozen=True, slots=True)
class Scene:
    """The picture's size in pixels, a view for each take, and all that is in sight but the dancers."""

    width: int
    height: int
    views: tuple[View, ...]
    lamp: Lamp
    backdrop: Backdrop
    crf: int


def draw_scene(rng: np.random.Generator, settings: SceneSettings, takes: int) -> Scene:
    """A scene with as many views as there are takes."""
    width, height = settings.sizes[rng.integers(len(settings.sizes))]
    return Scene(
        width,
        height,
        tuple(_view(rng, settings) for _ in range(takes)),
        Lamp(*(float(rng.uniform(*r)) for r in (settings.ambient, settings.light_yaw, settings.light_pitch))),
        _backdrop(rng, settings),
        settings.crf,
    )


def _view(rng: np.random.Generator, settings: SceneSettings) -> View:
    ranges = (settings.yaw, settings.pitch, settings.roll, settings.fov, settings.body_share,
              settings.off_centre, settings.off_centre)  # fmt: skip
    return View(*(float(rng.uniform(*each)) for each in ranges))


def _backdrop(rng: np.random.Generator, settings: SceneSettings) -> Backdrop:
    kind = KINDS[rng.choice(len(KINDS), p=np.array(settings.backdrop_shares))]
    wall, floor = (colorsys.hsv_to_rgb(rng.uniform(), rng.uniform(0, 0.3), rng.uniform(0.4, 0.95)) for _ in range(2))
    return Backdrop(
        kind, _rgb(wall), _rgb(floor), float(rng.uniform(*settings.room_m)), float(rng.uniform(-45, 45)),
        float(rng.uniform(*settings.tile_m)), int(rng.integers(2**31)),
    )  # fmt: skip


def _rgb(share: RGB) -> RGB:
    return 255 * share[0], 255 * share[1], 255 * share[2]


def light(lamp: Lamp, camera_yaw: float) -> Light:
    """The lamp in the world."""
    yaw, pitch = np.radians([lamp.yaw + camera_yaw, lamp.pitch])
    towards = (float(np.sin(yaw) * np.cos(pitch)), float(np.sin(pitch)), float(np.cos(yaw) * np.cos(pitch)))
    return Light(lamp.ambient, towards)


def frame(scene: Scene, take: int, joints: Float64) -> Camera:
    """The camera of a take, from which a dancer with these joints (F, 33, 3) fills `body_share` of the picture's
    height, or less where the dance would leave the picture."""
    view = scene.views[take]
    crown = joints[:, EYES] + np.array([0.0, CROWN_M, 0.0])
    seen = np.concatenate([joints, crown], axis=1)
    low, high = seen.reshape(-1, 3).min(0), seen.reshape(-1, 3).max(0)
    stature = float(np.percentile(crown[..., 1].max(1) - joints[..., 1].min(1), 80))
    middle = np.array([(low[0] + high[0]) / 2, stature / 2, (low[2] + high[2]) / 2])
    distance = stature / float(2 * np.tan(np.radians(view.fov) / 2) * view.body_share)
    size = np.array([scene.width, scene.height])
    while True:
        camera = _aimed(view, scene.width, scene.height, middle, distance)
        spare = np.minimum(camera.project(seen), size - camera.project(seen)) / size
        if np.nanmin(spare) > MARGIN and np.isfinite(spare).all():
            return camera
        distance *= 1.03


def _aimed(view: View, width: int, height: int, middle: Float64, distance: float) -> Camera:
    """The camera with the point `middle` off the picture's centre as the view says."""
    camera = Camera(width, height, view.yaw, view.pitch, view.roll, distance, view.fov, _point(middle))
    metre = min(width, height) * distance / camera.focal_px
    right, down, _ = camera.rotation()
    moved = middle - metre * (view.off_x * right + view.off_y * down)
    return Camera(width, height, view.yaw, view.pitch, view.roll, distance, view.fov, _point(moved))


def _point(place: Float64) -> tuple[float, float, float]:
    return float(place[0]), float(place[1]), float(place[2])
