"""Where a dance is filmed, from where, and with what: everything in a picture but the dancers."""

from dataclasses import dataclass

import numpy as np

from dancecore.moves.camera import CameraPath
from dancecore.synthetic.backdrop import Backdrop, draw_backdrop
from dancecore.synthetic.effects import Effects, draw_effects
from dancecore.synthetic.framing import View, draw_view, film
from dancecore.synthetic.overlays import Overlay, draw_overlays
from dancecore.synthetic.props import Prop, draw_props
from dancecore.synthetic.render import Light
from dancecore.synthetic.settings import LightSettings, SceneSettings
from dancecore.synthetic.walkers import Walker, draw_walkers
from dancecore.types import RGB, Float64, IntT


@dataclass(frozen=True, slots=True)
class Lamp:
    """`ambient` 0..1 comes from everywhere, the rest from `yaw` degrees about the dancers (as views have it) and
    `pitch` above the floor; dancers take the share `shadow` of the light from the floor."""

    ambient: float
    yaw: float
    pitch: float
    shadow: float

    def light(self) -> Light:
        """As the renderer wants it."""
        yaw, pitch = np.radians([self.yaw, self.pitch])
        towards = (float(np.sin(yaw) * np.cos(pitch)), float(np.sin(pitch)), float(np.cos(yaw) * np.cos(pitch)))
        return Light(self.ambient, towards)


@dataclass(frozen=True, slots=True)
class Scene:
    """The picture's size in pixels, a view for each take, what is in sight but the dancers, what lies over the picture,
    how it is spoilt, and the quality with which x264 writes it (`crf`, 0 lossless to 51)."""

    width: int
    height: int
    views: tuple[View, ...]
    lamp: Lamp
    backdrop: Backdrop
    props: tuple[Prop, ...]
    walkers: tuple[Walker, ...]
    overlays: tuple[Overlay, ...]
    effects: Effects
    crf: int


def draw_scene(rng: np.random.Generator, settings: SceneSettings, takes: int) -> Scene:
    """A scene with as many views as there are takes; one part's new knob changes no other's."""
    picture, view, lamp, place, props, walkers, overlays, effects = rng.spawn(8)
    width, height = settings.sizes[picture.integers(len(settings.sizes))]
    views = tuple(draw_view(view, settings.view) for _ in range(takes))
    strength, tint = _strength(lamp, settings.light)
    return Scene(
        width=width,
        height=height,
        views=views,
        lamp=_lamp(lamp, settings.light, views[0].yaw),
        backdrop=draw_backdrop(place, settings.place),
        props=draw_props(props, settings.props),
        walkers=draw_walkers(walkers, settings.place),
        overlays=draw_overlays(overlays, settings.props),
        effects=draw_effects(effects, settings.effects, strength, tint),
        crf=int(picture.integers(settings.crf[0], settings.crf[1] + 1)),
    )


def _strength(rng: np.random.Generator, settings: LightSettings) -> tuple[float, RGB]:
    """How much light there is (1: plenty), and its colour, 1 in the strongest channels."""
    dim = rng.uniform() < settings.dim_share
    strength = float(rng.uniform(*settings.dim)) if dim else 1.0
    if rng.uniform() < settings.coloured_share:
        lost = rng.uniform(*settings.coloured) * rng.permutation([1.0, rng.uniform(), 0.0])
        r, g, b = (1 - float(share) for share in lost)
        return strength, (r, g, b)
    warm = float(rng.uniform(*settings.warmth))
    return strength, (1 + warm, 1.0, 1 - warm)


def _lamp(rng: np.random.Generator, settings: LightSettings, camera_yaw: float) -> Lamp:
    ambient, yaw, pitch, shadow = (
        float(rng.uniform(*each)) for each in (settings.ambient, settings.yaw, settings.pitch, settings.shadow)
    )
    return Lamp(ambient, camera_yaw + yaw, pitch, shadow)


def camera_path(scene: Scene, joints: Float64, take: IntT, seconds: Float64) -> CameraPath:
    """The camera's path through the whole clip: each take framed on the dancers with these joints (D, F, 33, 3), who
    must be seen. take (F,) indexes the views, one after another; seconds (F,) into the clip, evenly spaced."""
    cuts = np.flatnonzero(np.diff(take)) + 1
    shots = [
        film(scene.views[take[part[0]]], scene.width, scene.height, joints[:, part], seconds[part])
        for part in np.split(np.arange(len(take)), cuts)
    ]
    return CameraPath(
        scene.width,
        scene.height,
        np.concatenate([shot.rotation for shot in shots]),
        np.concatenate([shot.centre for shot in shots]),
        np.concatenate([shot.focal_px for shot in shots]),
    )
