"""A plain z-buffer for smooth-shaded meshes before a picture; no graphics stack needed.

Vertices are shaded (Gouraud 1971) by light from everywhere and from one side, and colours are interpolated within
triangles; 1/depth is linear in the picture, so it decides what is in front (Blinn 1992). Edges are smoothed by
drawing `SAMPLES` x `SAMPLES` points a pixel.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import cv2
import numba
import numpy as np

from dancecore.moves.camera import Camera
from dancecore.synthetic.rig import Int32
from dancecore.types import Float, Image

SAMPLES = 2
"""Drawn points along a pixel's side: 1 leaves jagged outlines that no camera makes."""

NEAR_M = 0.1
"""Triangles that come nearer to the camera's centre than this are not drawn."""

SHADOW_CELL = 4
"""Pixels along the side of a cell of the shadow: fine enough for an arm's."""

SHADOW_BLUR = 1.5
"""Standard deviation of the shadow's soft edge, in cells."""


@dataclass(frozen=True, slots=True)
class Mesh:
    """vertices (V, 3) float32 world metres; faces (N, 3) int32, counter-clockwise from outside, the backs are not
    drawn; colours (V, 3) float32 0..255, what full light would show."""

    vertices: Float
    faces: Int32
    colours: Float


@dataclass(frozen=True, slots=True)
class Light:
    """`ambient` 0..1 is the share that comes from everywhere; `towards` (3,) is the unit vector to the lamp."""

    ambient: float
    towards: tuple[float, float, float]


def draw(meshes: Sequence[Mesh], camera: Camera, light: Light, background: Float) -> Image:
    """(H, W, 3) uint8: the meshes, each hiding what is behind it, before `background` (H, W, 3) float32 0..255."""
    image = np.asarray(cv2.convertScaleAbs(background), np.uint8)
    placed = [_place(mesh.vertices, camera) for mesh in meshes]
    seen = [xy[near > 0] for xy, near in placed if (near > 0).any()]
    if not seen:
        return image
    corners = [np.min([xy.min(0) for xy in seen], 0), np.max([xy.max(0) for xy in seen], 0) + 1]
    (left, top), (right, bottom) = np.clip(corners, 0, [camera.width, camera.height]).astype(int)
    fine = np.zeros(((bottom - top) * SAMPLES, (right - left) * SAMPLES, 4), np.float32)
    towards = np.array(light.towards, np.float32)
    for mesh, (xy, near) in zip(meshes, placed, strict=True):
        lit = _shade(mesh.vertices, mesh.faces, mesh.colours, light.ambient, towards)
        _raster((xy - np.array([left, top], np.float32)) * SAMPLES, near, mesh.faces, lit, fine)
    _over(fine, background[top:bottom, left:right], SAMPLES, image[top:bottom, left:right])
    return image


def floor_shadow(meshes: Sequence[Mesh], camera: Camera, light: Light) -> Float:
    """(H, W) float32, 0 in full shadow to 1: what light is left on the floor y = 0 beneath the meshes.

    They are thrown along the light onto the floor, drawn as one flat shape in a coarse picture, and blurred.
    """
    dark = np.zeros((-(-camera.height // SHADOW_CELL), -(-camera.width // SHADOW_CELL)), np.float32)
    onto_floor = np.eye(3, dtype=np.float32)
    onto_floor[1] -= np.array(light.towards, np.float32) / np.float32(light.towards[1])
    for mesh in meshes:
        xy, near = _place(mesh.vertices @ onto_floor, camera)
        _cover(xy / np.float32(SHADOW_CELL), near, mesh.faces, dark)
    soft = cv2.GaussianBlur(dark, (0, 0), SHADOW_BLUR)
    whole = cv2.resize(soft, (soft.shape[1] * SHADOW_CELL, soft.shape[0] * SHADOW_CELL))
    return np.asarray(1 - whole[: camera.height, : camera.width], np.float32)


def _place(vertices: Float, camera: Camera) -> tuple[Float, Float]:
    """Where vertices (V, 3) fall in the picture, (V, 2) pixels, and 1/depth (V,), which is 0 for those too near."""
    origin, *axes = camera.see(np.vstack([np.zeros(3), np.eye(3)]))
    seen = vertices @ np.array(axes - origin, np.float32) + origin.astype(np.float32)
    ahead = seen[:, 2] > NEAR_M
    near = ahead / np.where(ahead, seen[:, 2], np.float32(1))
    middle = np.array([camera.width, camera.height], np.float32) / 2
    return seen[:, :2] * (near * np.float32(camera.focal_px))[:, None] + middle, near


@numba.njit(cache=True, fastmath=True)
def _shade(vertices: Float, faces: Int32, colours: Float, ambient: float, towards: Float) -> Float:
    normals = np.zeros_like(vertices)
    for n in range(len(faces)):
        a, b, c = faces[n, 0], faces[n, 1], faces[n, 2]
        ux, uy, uz = vertices[b, 0] - vertices[a, 0], vertices[b, 1] - vertices[a, 1], vertices[b, 2] - vertices[a, 2]
        vx, vy, vz = vertices[c, 0] - vertices[a, 0], vertices[c, 1] - vertices[a, 1], vertices[c, 2] - vertices[a, 2]
        nx, ny, nz = uy * vz - uz * vy, uz * vx - ux * vz, ux * vy - uy * vx
        for v in (a, b, c):
            normals[v, 0] += nx
            normals[v, 1] += ny
            normals[v, 2] += nz
    lit = np.empty_like(colours)
    for v in range(len(vertices)):
        x, y, z = normals[v, 0], normals[v, 1], normals[v, 2]
        length = np.sqrt(x * x + y * y + z * z) + np.float32(1e-12)
        facing = (x * towards[0] + y * towards[1] + z * towards[2]) / length
        wrapped = max(np.float32(0), (facing + np.float32(0.25)) / np.float32(1.25))
        strength = ambient * (np.float32(0.85) + np.float32(0.15) * y / length) + (1 - ambient) * wrapped
        for i in range(3):
            lit[v, i] = min(np.float32(255), colours[v, i] * strength)
    return lit


@numba.njit(cache=True, fastmath=True)
def _raster(xy: Float, near: Float, faces: Int32, lit: Float, out: Float) -> None:
    """Fill out (H, W, 4): colour and 1/depth of the nearest front face at each point's centre."""
    height, width = out.shape[:2]
    one, half = np.float32(1), np.float32(0.5)
    for n in range(len(faces)):
        a, b, c = faces[n, 0], faces[n, 1], faces[n, 2]
        ax, ay, bx, by, cx, cy = xy[a, 0], xy[a, 1], xy[b, 0], xy[b, 1], xy[c, 0], xy[c, 1]
        area = (bx - ax) * (cy - ay) - (by - ay) * (cx - ax)
        if area >= 0 or near[a] <= 0 or near[b] <= 0 or near[c] <= 0:
            continue
        left, right, top, bottom = _span(ax, ay, bx, by, cx, cy, width, height)
        per_area = one / area
        u_step, v_step = (by - cy) * per_area, (cy - ay) * per_area
        x = left + half
        for row in range(top, bottom + 1):
            y = row + half
            u = ((bx - x) * (cy - y) - (by - y) * (cx - x)) * per_area
            v = ((cx - x) * (ay - y) - (cy - y) * (ax - x)) * per_area
            first, last = _narrow(np.float32(0), np.float32(right - left), u, u_step)
            first, last = _narrow(first, last, v, v_step)
            first, last = _narrow(first, last, one - u - v, -u_step - v_step)
            start = int(np.ceil(first))
            u, v = u + start * u_step, v + start * v_step
            for col in range(left + start, left + int(np.floor(last)) + 1):
                w = one - u - v
                inverse = u * near[a] + v * near[b] + w * near[c]
                if inverse > out[row, col, 3]:
                    out[row, col, 3] = inverse
                    for i in range(3):
                        out[row, col, i] = u * lit[a, i] + v * lit[b, i] + w * lit[c, i]
                u, v = u + u_step, v + v_step


@numba.njit(cache=True, fastmath=True)
def _narrow(first: np.float32, last: np.float32, value: np.float32, step: np.float32) -> tuple[np.float32, np.float32]:
    """From where to where, within first and last, value + at * step is not negative."""
    if step > 0:
        return max(first, -value / step), last
    if step < 0:
        return first, min(last, -value / step)
    return first, last


@numba.njit(cache=True, fastmath=True)
def _over(fine: Float, background: Float, samples: int, image: Image) -> None:
    """Average the drawn points of each pixel of `image`; what is not covered shows the background."""
    share = np.float32(1 / samples**2)
    for row in range(image.shape[0]):
        for col in range(image.shape[1]):
            r, g, b, bare = np.float32(0), np.float32(0), np.float32(0), np.float32(0)
            for i in range(row * samples, (row + 1) * samples):
                for j in range(col * samples, (col + 1) * samples):
                    if fine[i, j, 3] > 0:
                        r, g, b = r + fine[i, j, 0], g + fine[i, j, 1], b + fine[i, j, 2]
                    else:
                        bare += np.float32(1)
            image[row, col, 0] = np.uint8(share * (r + bare * background[row, col, 0]) + np.float32(0.5))
            image[row, col, 1] = np.uint8(share * (g + bare * background[row, col, 1]) + np.float32(0.5))
            image[row, col, 2] = np.uint8(share * (b + bare * background[row, col, 2]) + np.float32(0.5))


@numba.njit(cache=True, fastmath=True)
def _cover(xy: Float, near: Float, faces: Int32, out: Float) -> None:
    """Set out (H, W) to 1 at each cell whose centre lies in a face, whichever way it faces."""
    height, width = out.shape
    for n in range(len(faces)):
        a, b, c = faces[n, 0], faces[n, 1], faces[n, 2]
        if near[a] <= 0 or near[b] <= 0 or near[c] <= 0:
            continue
        ax, ay, bx, by, cx, cy = xy[a, 0], xy[a, 1], xy[b, 0], xy[b, 1], xy[c, 0], xy[c, 1]
        left, right, top, bottom = _span(ax, ay, bx, by, cx, cy, width, height)
        for row in range(top, bottom + 1):
            y = row + np.float32(0.5)
            for col in range(left, right + 1):
                x = col + np.float32(0.5)
                u = (bx - x) * (cy - y) - (by - y) * (cx - x)
                v = (cx - x) * (ay - y) - (cy - y) * (ax - x)
                w = (ax - x) * (by - y) - (ay - y) * (bx - x)
                if (u >= 0 and v >= 0 and w >= 0) or (u <= 0 and v <= 0 and w <= 0):
                    out[row, col] = 1


@numba.njit(cache=True, fastmath=True)
def _span(
    ax: float, ay: float, bx: float, by: float, cx: float, cy: float, width: int, height: int
) -> tuple[int, int, int, int]:
    """The columns and rows, first and last, whose centres may lie in a triangle."""
    half = np.float32(0.5)
    left, right = max(0, int(np.ceil(min(ax, bx, cx) - half))), min(width - 1, int(max(ax, bx, cx) - half))
    top, bottom = max(0, int(np.ceil(min(ay, by, cy) - half))), min(height - 1, int(max(ay, by, cy) - half))
    return left, right, top, bottom
