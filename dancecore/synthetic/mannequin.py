"""A move danced by a body in plain clothes on a drawn floor: what `danceapp taxonomy preview` shows beside sticks."""

from collections.abc import Iterator
from functools import cache

import numpy as np

from dancecore.moves.camera import Camera
from dancecore.moves.draw import INK, draw_floor, floor_spacing, on_the_spot
from dancecore.moves.motion import Motion
from dancecore.synthetic.body import Body, build
from dancecore.synthetic.dressing import Dressed, dress
from dancecore.synthetic.pattern import Garment
from dancecore.synthetic.render import Mesh, draw, floor_shadow
from dancecore.synthetic.rig import Shape
from dancecore.synthetic.scene import Lamp
from dancecore.synthetic.wardrobe import Outfit, Person
from dancecore.types import Float64, Image

SHAPE = Shape(gender=0.5, age=0.65, muscle=0.5, weight=0.4, height=0.5, proportions=0.6)
PERSON = Person((198, 146, 110), (62, 40, 26), "cropped")
OUTFIT = Outfit(
    Garment("t_shirt", (232, 226, 214), (232, 226, 214), "plain", 1.0),
    Garment("leggings", (70, 82, 104), (70, 82, 104), "plain", 1.0),
    Garment("sneakers", (190, 60, 50), (190, 60, 50), "plain", 1.0),
)
"""Trousers that hide no knee, and light above dark above red: hips and feet are what is hard to see."""
LAMP = Lamp(ambient=0.55, yaw=30.0, pitch=60.0, shadow=0.35)


def preview(motion: Motion, beats: Float64, camera: Camera) -> Iterator[Image]:
    """(H, W, 3) uint8 RGB for each of the `beats` (N,), as `dancecore.moves.draw.preview` has them.

    Raises DanceError("MISSING_EXTRA") without anny.
    """
    danced, drift = on_the_spot(motion, beats)
    yield from drawn(danced, drift, floor_spacing(motion), camera)


def drawn(motion: Motion, drift: Float64, spacing: Float64, camera: Camera) -> Iterator[Image]:
    """(H, W, 3) uint8 RGB for each frame of the motion, over a floor that has moved by `drift` (N, 2) metres (x, z) and
    whose lines are `spacing` (2,) apart. Raises as `preview`."""
    body, worn = _dressed()
    light = LAMP.light()
    for transforms, moved in zip(body.transforms(motion), drift, strict=True):
        paper = np.full((camera.height, camera.width, 3), INK.paper, np.uint8)
        draw_floor(paper, camera, moved, spacing)
        meshes = [Mesh(worn.pose(transforms), worn.faces, worn.colours)]
        shadow = 1 - np.float32(LAMP.shadow) * (1 - floor_shadow(meshes, camera, light))
        yield draw(meshes, camera, light, paper * shadow[..., None])


@cache
def _dressed() -> tuple[Body, Dressed]:
    body = build(SHAPE)
    return body, dress(body, PERSON, OUTFIT)
