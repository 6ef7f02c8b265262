"""What is behind the dancer: a plain colour, a gradient, or a room with a patterned floor and walls."""

from dataclasses import dataclass
from typing import Literal

import cv2
import numpy as np

from dancecore.moves.camera import Camera
from dancecore.synthetic.clothes import RGB
from dancecore.types import Float, Float64

Kind = Literal["plain", "gradient", "room"]
KINDS: tuple[Kind, ...] = ("plain", "gradient", "room")


@dataclass(frozen=True, slots=True)
class Backdrop:
    """`wall` and `floor` are RGB 0..255; `depth_m` is from the dancer to each wall and `turn` the room's yaw in
    degrees; `tile_m` is the pattern's size; `seed` draws its stains."""

    kind: Kind
    wall: RGB
    floor: RGB
    depth_m: float
    turn: float
    tile_m: float
    seed: int


def paint(backdrop: Backdrop, camera: Camera) -> Float:
    """(H, W, 3) float32 0..255: the picture without the dancer."""
    wall, floor = np.array(backdrop.wall), np.array(backdrop.floor)
    flat = np.ones((camera.height, camera.width, 1))
    if backdrop.kind == "plain":
        return np.asarray(flat * wall, np.float32)
    if backdrop.kind == "gradient":
        share = np.linspace(0, 1, camera.height)[:, None, None] * flat
        return np.asarray(wall + share * (floor - wall), np.float32)
    return _room(backdrop, camera)


def _room(backdrop: Backdrop, camera: Camera) -> Float:
    """Each pixel's ray meets the floor or a wall of a square room (nearest of the planes it faces)."""
    centre, rays = _rays(backdrop, camera)
    with np.errstate(divide="ignore"):
        down = np.where(rays[..., 1] < 0, -centre[1] / rays[..., 1], np.inf)
        reach = [np.where(abs(rays[..., i]) > 0, (np.sign(rays[..., i]) * backdrop.depth_m - centre[i])
                          / rays[..., i], np.inf) for i in (0, 2)]  # fmt: skip
    reach = [np.where(far > 0, far, np.inf) for far in reach]
    nearest = np.minimum(np.minimum(down, reach[0]), reach[1])
    hit = centre + nearest[..., None] * rays
    on_floor = (nearest == down)[..., None]
    across = np.where(nearest == reach[0], hit[..., 2], hit[..., 0])
    planks = 0.9 + 0.1 * ((np.floor(hit[..., 0] / backdrop.tile_m) + np.floor(hit[..., 2] / backdrop.tile_m)) % 2)
    stripes = 0.94 + 0.06 * (np.floor(across / backdrop.tile_m) % 2)
    side = np.where(nearest == reach[0], 0.86, 1.0)
    skirting = np.where(hit[..., 1] < 0.1, 0.75, 1.0)
    colour = np.where(on_floor, planks[..., None] * np.array(backdrop.floor),
                      (stripes * side * skirting)[..., None] * np.array(backdrop.wall))  # fmt: skip
    return np.asarray(np.clip(colour * _stains(backdrop, camera), 0, 255), np.float32)


def _rays(backdrop: Backdrop, camera: Camera) -> tuple[Float64, Float64]:
    """The camera's centre (3,), kept inside the room, and each pixel's direction (H, W, 3), in the room's axes."""
    turn = np.radians(backdrop.turn)
    to_room = np.array([[np.cos(turn), 0, -np.sin(turn)], [0, 1, 0], [np.sin(turn), 0, np.cos(turn)]])
    axes = camera.rotation()
    x = (np.arange(camera.width) + 0.5 - camera.width / 2) / camera.focal_px
    y = (np.arange(camera.height) + 0.5 - camera.height / 2) / camera.focal_px
    seen = np.stack(np.broadcast_arrays(x[None, :], y[:, None], 1.0), axis=-1)
    return to_room @ (np.array(camera.target) - camera.distance * axes[2]), seen @ axes @ to_room.T


def _stains(backdrop: Backdrop, camera: Camera) -> Float64:
    """(H, W, 1): slow unevenness of light and paint."""
    rough = np.random.default_rng(backdrop.seed).uniform(0.85, 1.1, (6, 5)).astype(np.float32)
    smooth = cv2.resize(rough, (camera.width, camera.height), interpolation=cv2.INTER_CUBIC)
    return np.asarray(smooth, np.float64)[..., None]
