"""A clip's frames: everything in its place, the same every time."""

from collections.abc import Iterator, Sequence
from dataclasses import replace

import numpy as np
import pytest

from cluster.settings import settings
from dancecore.moves.camera import Camera, CameraPath, still
from dancecore.synthetic.overlays import Overlay
from dancecore.synthetic.picture import frames
from dancecore.synthetic.render import Mesh
from dancecore.synthetic.scene import Scene, draw_scene
from dancecore.types import Image
from tests.dancecore.synthetic.test_effects import NONE
from tests.dancecore.synthetic.test_raycast import ROOM

NUMBERS = settings().synthetic.scene
FRAMES, SECONDS = 6, np.arange(6) / 30
JOINTS = np.tile(np.linspace(0, 1.5, 33)[:, None] * [0.0, 1.0, 0.0], (1, FRAMES, 1, 1))
CAMERA = Camera(160, 120, pitch=5.0, distance=4.0)


def clean(seed: int = 0) -> Scene:
    """A room and nothing else."""
    drawn = draw_scene(np.random.default_rng(seed), replace(NUMBERS, sizes=((160, 120),)), 1)
    return replace(drawn, backdrop=ROOM, props=(), walkers=(), overlays=(), effects=NONE)


def people(colour: float = 250.0) -> Iterator[Sequence[Mesh]]:
    """A square board that moves to the camera's right from frame to frame."""
    corners = np.array([[-0.3, 0.2, 0], [0.3, 0.2, 0], [0.3, 1.4, 0], [-0.3, 1.4, 0]], np.float32)
    for f in range(FRAMES):
        vertices = corners + np.array([0.2 * f, 0, 0], np.float32)
        faces = np.array([[0, 1, 2], [0, 2, 3]], np.int32)
        yield [Mesh(vertices, faces, np.tile(np.array([colour, 0, colour], np.float32), (4, 1)))]


def film(scene: Scene, path: CameraPath | None = None, take: Sequence[int] = (0,) * FRAMES) -> list[Image]:
    return list(frames(scene, path or still(CAMERA, FRAMES), np.array(take), SECONDS, people(), JOINTS))


def pink(image: Image) -> np.ndarray:
    return (image[..., 0] > 90) & (image[..., 1] < 40)


def test_the_dancer_is_in_every_frame_and_moves() -> None:
    shown = film(clean())
    assert len(shown) == FRAMES
    middles = [np.nonzero(pink(image))[1].mean() for image in shown]
    assert (np.diff(middles) > 2).all()


@pytest.mark.parametrize("seed", range(6))
def test_the_same_scene_gives_the_same_bytes(seed: int) -> None:
    drawn = draw_scene(np.random.default_rng(seed), replace(NUMBERS, sizes=((160, 120),)), 1)
    for one, again in zip(film(drawn), film(drawn), strict=True):
        np.testing.assert_array_equal(one, again)


def test_captions_are_not_spoilt_and_fingers_are() -> None:
    dark = replace(NONE, gain=0.3)
    for kind, spoilt in (("sticker", False), ("finger", True)):
        overlay = Overlay(kind, 0.1, 0.9, 0.3, (250.0, 250.0, 250.0), 0)  # type: ignore[arg-type]
        corner = film(replace(clean(), overlays=(overlay,), effects=dark))[0][108, 10].astype(int)
        assert (corner.max() < 90) == spoilt, kind


def test_ghosts_do_not_cross_a_cut() -> None:
    ghostly = replace(clean(), effects=replace(NONE, ghost=0.25))
    through, cut = film(ghostly), film(ghostly, take=(0, 0, 0, 1, 1, 1))
    plain = film(clean())
    assert (through[3] != plain[3]).any()
    np.testing.assert_array_equal(cut[3], plain[3])
    assert (cut[4] != plain[4]).any()
