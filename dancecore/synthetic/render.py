"""A plain z-buffer for one smooth-shaded mesh on a still background; no graphics stack needed.

Vertices are shaded (Gouraud 1971) by light from everywhere and from one side, and colours are interpolated within
triangles; 1/depth is linear in the picture, so it decides what is in front (Blinn 1992). Edges are smoothed by
drawing `SAMPLES` x `SAMPLES` points a pixel.
"""

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

SHADOW_CELL = 8
"""Pixels along the side of a cell in which thrown vertices are counted: the shadow's softness."""

SHADOW_VERTICES = 12
"""So many vertices in a cell make full shadow."""


@dataclass(frozen=True, slots=True)
class Light:
    """`ambient` 0..1 is the share that comes from everywhere; `towards` (3,) is the unit vector to the lamp."""

    ambient: float
    towards: tuple[float, float, float]


def draw(vertices: Float, faces: Int32, colours: Float, camera: Camera, light: Light, background: Float) -> Image:
    """(H, W, 3) uint8: the mesh before `background` (H, W, 3) float32 0..255.

    vertices (V, 3) float32 world metres; faces (N, 3) counter-clockwise from outside, the backs are not drawn;
    colours (V, 3) float32 0..255, what full light would show.
    """
    lit = _shade(vertices, faces, colours, light.ambient, np.array(light.towards, np.float32))
    seen = camera.see(vertices.astype(np.float64))
    middle = np.array([camera.width, camera.height]) / 2
    ahead = seen[:, 2] > NEAR_M
    depth = np.where(ahead, seen[:, 2], 1.0)[:, None]
    xy = (seen[:, :2] / depth * camera.focal_px + middle).astype(np.float32)
    image = (background + np.float32(0.5)).astype(np.uint8)
    if not ahead.any():
        return image
    box = np.clip([xy[ahead].min(0), xy[ahead].max(0) + 1], 0, [camera.width, camera.height]).astype(int)
    (left, top), (right, bottom) = box
    fine = np.zeros(((bottom - top) * SAMPLES, (right - left) * SAMPLES, 4), np.float32)
    _raster((xy - box[0].astype(np.float32)) * SAMPLES, (ahead / depth[:, 0]).astype(np.float32), faces, lit, fine)
    _over(fine, background[top:bottom, left:right], SAMPLES, image[top:bottom, left:right])
    return image


def floor_shadow(vertices: Float, camera: Camera, light: Light) -> Float:
    """(H, W) float32, 0 in full shadow to 1: what light is left on the floor y = 0 beneath the mesh.

    The vertices are thrown along the light onto the floor and counted in a coarse picture, which is then blurred:
    a soft shadow without drawing the mesh twice.
    """
    thrown = vertices - vertices[:, 1:2] / light.towards[1] * np.array(light.towards, np.float32)
    height, width = -(-camera.height // SHADOW_CELL), -(-camera.width // SHADOW_CELL)
    cell = np.nan_to_num(camera.project(thrown.astype(np.float64)) / SHADOW_CELL, nan=-1.0)
    column, row = np.floor(cell).astype(np.int64).T
    inside = (column >= 0) & (column < width) & (row >= 0) & (row < height)
    count = np.bincount(row[inside] * width + column[inside], minlength=height * width).reshape(height, width)
    dark = cv2.GaussianBlur(np.minimum(count / SHADOW_VERTICES, 1).astype(np.float32), (0, 0), 1.0)
    return np.asarray(1 - cv2.resize(dark, (camera.width, camera.height)), np.float32)


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
    for n in range(len(faces)):
        a, b, c = faces[n, 0], faces[n, 1], faces[n, 2]
        if near[a] <= 0 or near[b] <= 0 or near[c] <= 0:
            continue
        ax, ay, bx, by, cx, cy = xy[a, 0], xy[a, 1], xy[b, 0], xy[b, 1], xy[c, 0], xy[c, 1]
        area = (bx - ax) * (cy - ay) - (by - ay) * (cx - ax)
        if area >= 0:
            continue
        per_area = np.float32(1) / area
        left, right = (
            max(0, int(np.ceil(min(ax, bx, cx) - np.float32(0.5)))),
            min(width - 1, int(max(ax, bx, cx) - np.float32(0.5))),
        )
        top, bottom = (
            max(0, int(np.ceil(min(ay, by, cy) - np.float32(0.5)))),
            min(height - 1, int(max(ay, by, cy) - np.float32(0.5))),
        )
        for row in range(top, bottom + 1):
            y = row + np.float32(0.5)
            for col in range(left, right + 1):
                x = col + np.float32(0.5)
                u = ((bx - x) * (cy - y) - (by - y) * (cx - x)) * per_area
                v = ((cx - x) * (ay - y) - (cy - y) * (ax - x)) * per_area
                w = np.float32(1) - u - v
                if u < 0 or v < 0 or w < 0:
                    continue
                inverse = u * near[a] + v * near[b] + w * near[c]
                if inverse > out[row, col, 3]:
                    out[row, col, 3] = inverse
                    for i in range(3):
                        out[row, col, i] = u * lit[a, i] + v * lit[b, i] + w * lit[c, i]


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
