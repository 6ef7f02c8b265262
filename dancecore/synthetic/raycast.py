"""The picture of a place without the people in it, seen by a camera that may move.

Each pixel's ray is cast onto the planes of a box (Glassner 1989, chapter 2) whose sides carry textures, read
bilinearly from the level of detail that fits (Williams 1983); light is cast on a coarse grid of rays and enlarged.
"""

from collections.abc import Iterator

import cv2
import numba
import numpy as np

from dancecore.moves.camera import CameraPath
from dancecore.synthetic import textures
from dancecore.synthetic.backdrop import BUILT, Backdrop, Spot
from dancecore.synthetic.textures import SIDE, TALL
from dancecore.types import Float, Float64, Image, IntT

DIM = 0.15
"""How much less light comes into corners, and to every other wall."""

LEVELS = 6
"""Of detail, each half as fine as the one before."""

COARSE = 2
"""Pixels along the side of a cast ray's cell while the picture moves, when hands and compression blur it anyway."""

LIGHT_CELL = 8
"""Pixels between the rays that light is computed for: light changes slowly."""

WHOLE = np.float32(256)
"""Weights of a texel are whole numbers up to this."""

TINY = np.float32(1e-9)

COARSEST = SIDE >> (LEVELS - 1)

CEILING, AIR = np.float32(235), np.float32(225)
"""The grey of ceilings, and of haze."""

CORNER_M = 0.4
"""Within this distance of an edge between wall and floor less light arrives."""

PER_CORNER = np.float32(1 / CORNER_M)


def paint(backdrop: Backdrop, path: CameraPath, seconds: Float64) -> Iterator[Float]:
    """Each frame's picture (H, W, 3) float32 0..255 without the dancers, at `seconds` (F,). What has not changed since
    the frame before is not painted again, and the same array is handed out: do not write to it."""
    surfaces = enumerate((backdrop.wall, backdrop.floor))
    atlas = np.concatenate([_levels(textures.paint(surface, backdrop.seed + i)) for i, surface in surfaces])
    swings = any(spot.sweep_m > 0 for spot in backdrop.spots)
    moves = [backdrop.scroll != 0 or f == 0 or not _same(path, f) for f in range(len(path))]
    step = COARSE if sum(moves) > len(moves) / 2 else 1
    shown = bare = light = np.zeros((path.height // step, path.width // step, 3), np.float32)
    for f, second in enumerate(seconds):
        if moves[f]:
            bare = _cast_frame(backdrop, path, f, second, atlas, step)
        if moves[f] or swings:
            light = _light(backdrop, path, f, second, (bare.shape[1], bare.shape[0]))
            large = cv2.resize(bare * light, (path.width, path.height))
            shown = np.asarray(np.minimum(large, 255), np.float32)
        yield shown


def _cast_frame(backdrop: Backdrop, path: CameraPath, f: int, second: float, atlas: IntT, step: int) -> Float:
    """(H / step, W / step, 3): wall and floor in even light."""
    bare = np.empty((path.height // step, path.width // step, 3), np.float32)
    wall, floor = backdrop.wall, backdrop.floor
    dim, slid = (DIM if backdrop.kind in BUILT else 0.0), backdrop.scroll * second / wall.size_m
    box = [backdrop.depth_m, backdrop.high_m, backdrop.haze_m, dim]
    numbers = np.array([step / path.focal_px[f], 1 / wall.size_m, 1 / floor.size_m, slid, *box], np.float32)
    _cast(_rays(backdrop, path, f), numbers, wall.texture in TALL, atlas, bare)
    return bare


def _same(path: CameraPath, f: int) -> bool:
    return (
        path.focal_px[f] == path.focal_px[f - 1]
        and np.array_equal(path.rotation[f], path.rotation[f - 1])
        and np.array_equal(path.centre[f], path.centre[f - 1])
    )


def _rays(backdrop: Backdrop, path: CameraPath, f: int) -> Float:
    """(4, 3) in the place's axes: the camera's axes as rows, and its centre."""
    turn = np.radians(backdrop.turn)
    to_place = np.array([[np.cos(turn), 0, -np.sin(turn)], [0, 1, 0], [np.sin(turn), 0, np.cos(turn)]])
    return np.concatenate([path.rotation[f], path.centre[f][None]]).astype(np.float32) @ to_place.T.astype(np.float32)


def _levels(texture: Image) -> IntT:
    """(2 SIDE, SIDE): the texture and, beneath, each time half as large in rows and columns, its other levels. A texel
    is red + green 2^16 + blue 2^32, so that one multiplication weighs all three."""
    atlas, row = np.zeros((2 * SIDE, SIDE), np.int64), 0
    for _ in range(LEVELS):
        side = len(texture)
        atlas[row : row + side, :side] = texture.astype(np.int64) @ np.array([1, 1 << 16, 1 << 32])
        row += side
        texture = np.asarray(cv2.resize(texture, (side // 2, side // 2), interpolation=cv2.INTER_AREA), np.uint8)
    return atlas


def _light(backdrop: Backdrop, path: CameraPath, f: int, second: float, size: tuple[int, int]) -> Float:
    """(h, w, 3) for a picture of `size`, columns and rows: what the bare colours are multiplied by."""
    table = np.array([_swung(spot, second) for spot in backdrop.spots], np.float32).reshape(-1, 7)
    coarse = np.empty((-(-path.height // LIGHT_CELL), -(-path.width // LIGHT_CELL), 3), np.float32)
    box = np.array([backdrop.depth_m, backdrop.high_m], np.float32)
    _shine(_rays(backdrop, path, f), LIGHT_CELL / path.focal_px[f], box, backdrop.even, table, coarse)
    return np.asarray(cv2.resize(coarse, size), np.float32)


def _swung(spot: Spot, second: float) -> tuple[float, ...]:
    """Where a spot is now, -1 / 2 radius², and its strength in each colour."""
    off = spot.sweep_m * np.sin(2 * np.pi * spot.hertz * second + spot.phase)
    x, y, z = spot.place
    lights = (spot.strength * channel / 255 for channel in spot.colour)
    return (x + off, y, z - off, -0.5 / spot.radius_m**2, *lights)


@numba.njit(cache=True, fastmath=True, inline="always")
def _meet(
    dx: np.float32, dy: np.float32, dz: np.float32, at: Float, depth: np.float32, high: np.float32
) -> tuple[np.float32, int]:
    """How far along its direction a ray from `at` meets the box, and what: floor 0, ceiling 1, wall across x 2, z 3."""
    t, side = (-at[1] / dy, 0) if dy < 0 else ((high - at[1]) / (dy + TINY), 1)
    across = ((depth if dx > 0 else -depth) - at[0]) / (dx if abs(dx) > TINY else TINY)
    along = ((depth if dz > 0 else -depth) - at[2]) / (dz if abs(dz) > TINY else TINY)
    if 0 < across < t:
        t, side = across, 2
    if 0 < along < t:
        t, side = along, 3
    return t, side


@numba.njit(cache=True, fastmath=True)
def _cast(rays: Float, numbers: Float, tall: bool, atlas: IntT, out: Float) -> None:
    """Fill out (H, W, 3) with the colours of wall and floor, whose levels lie one beneath the other in `atlas`.

    `numbers`: a pixel's side over the focal length, repeats a metre of wall and floor, by how many the wall is slid,
    depth and height of the box, haze, how dark corners are.
    """
    height, width = out.shape[:2]
    zero, half, one, two = np.float32(0), np.float32(0.5), np.float32(1), np.float32(2)
    per_px, per_wall, per_floor, slid = numbers[0], numbers[1], numbers[2], numbers[3]
    depth, high, haze, dim, at = numbers[4], numbers[5], numbers[6], numbers[7], rays[3]
    for row in range(height):
        y = (np.float32(row) + half - half * np.float32(height)) * per_px
        bx, by, bz = rays[1, 0] * y + rays[2, 0], rays[1, 1] * y + rays[2, 1], rays[1, 2] * y + rays[2, 2]
        for col in range(width):
            x = (np.float32(col) + half - half * np.float32(width)) * per_px
            dx, dy, dz = bx + rays[0, 0] * x, by + rays[0, 1] * x, bz + rays[0, 2] * x
            t, side = _meet(dx, dy, dz, at, depth, high)
            px, py, pz = at[0] + t * dx, at[1] + t * dy, at[2] + t * dz
            if side == 1:
                for i in range(3):
                    out[row, col, i] = CEILING
                continue
            if side == 0:
                u, v, scale, base = px * per_floor, pz * per_floor, per_floor * two, 2 * SIDE
                edge, shade = depth - max(abs(px), abs(pz)), one
            else:
                u, v, scale, base = (pz if side == 2 else px) * per_wall, py * per_wall, per_wall, 0
                u, v = (u * half if tall else u), v - slid
                edge, shade = min(py, high - py), one - (dim if side == 2 else zero)
            shade *= one - dim * (one - min(one, max(zero, edge * PER_CORNER)))
            foot, cells, texels = t * per_px * scale * np.float32(SIDE), SIDE, np.float32(SIDE)
            while foot > two and cells > COARSEST:
                base, cells, foot, texels = base + cells, cells >> 1, half * foot, half * texels
            once = tall and side > 1
            u, v = (u - np.floor(u)) * texels, (min(v, one) if once else v - np.floor(v)) * texels
            left, low = int(u), int(v)
            across, up = int((u - np.float32(left)) * WHOLE), int((v - np.float32(low)) * WHOLE)
            right, left = (left + 1) & (cells - 1), left & (cells - 1)
            top = min(low + 1, cells - 1) if once else (low + 1) & (cells - 1)
            top, low = base + top, base + min(low, cells - 1)
            far = (across * up) >> 8
            mixed = (256 - across - up + far) * atlas[low, left] + (across - far) * atlas[low, right]
            mixed += (up - far) * atlas[top, left] + far * atlas[top, right]
            clear = haze / (haze + t) if side == 0 else one
            air, shade = (one - clear) * AIR, shade * clear / WHOLE
            out[row, col, 0] = shade * np.float32(mixed & 0xFFFF) + air
            out[row, col, 1] = shade * np.float32((mixed >> 16) & 0xFFFF) + air
            out[row, col, 2] = shade * np.float32(mixed >> 32) + air


@numba.njit(cache=True, fastmath=True)
def _shine(rays: Float, per_px: float, box: Float, even: float, spots: Float, out: Float) -> None:
    """Fill out (h, w, 3) with the light where the coarse grid's rays end."""
    height, width = out.shape[:2]
    at = rays[3]
    for row in range(height):
        y = (row + 0.5 - 0.5 * height) * per_px
        for col in range(width):
            x = (col + 0.5 - 0.5 * width) * per_px
            dx = rays[0, 0] * x + rays[1, 0] * y + rays[2, 0]
            dy = rays[0, 1] * x + rays[1, 1] * y + rays[2, 1]
            dz = rays[0, 2] * x + rays[1, 2] * y + rays[2, 2]
            t, _ = _meet(np.float32(dx), np.float32(dy), np.float32(dz), at, box[0], box[1])
            for i in range(3):
                out[row, col, i] = even
            for s in range(len(spots)):
                away = (at[0] + t * dx - spots[s, 0]) ** 2 + (at[1] + t * dy - spots[s, 1]) ** 2
                away += (at[2] + t * dz - spots[s, 2]) ** 2
                strength = np.exp(spots[s, 3] * away)
                for i in range(3):
                    out[row, col, i] += strength * spots[s, 4 + i]
