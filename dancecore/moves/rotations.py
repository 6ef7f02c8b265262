"""Rotations by the thousand: matrices to rotation vectors and back, and the arcs between them, compiled.

A rotation vector points along the axis and is as long as the angle, in radians, 0..pi.
"""

import numba
import numpy as np

from dancecore.types import Float64, IntT

TINY = 1e-12


def rotvecs(matrices: Float64) -> Float64:
    """Rotation vectors (..., 3) of rotations (..., 3, 3), by their quaternions (Shepperd 1978): exact up to half a
    turn, where either sign is right."""
    return _rotvecs(np.ascontiguousarray(matrices).reshape(-1, 3, 3)).reshape(matrices.shape[:-1])


def from_rotvecs(vectors: Float64) -> Float64:
    """Rotations (..., 3, 3) of rotation vectors (..., 3) of any length (Rodrigues' formula)."""
    return _matrices(np.ascontiguousarray(vectors).reshape(-1, 3)).reshape(*vectors.shape, 3)


def between(a: Float64, b: Float64, share: Float64) -> Float64:
    """Rotations (..., 3, 3) `share` (...) of the way from a to b along the shortest arc (Shoemake 1985); the three are
    broadcast together."""
    shape = np.broadcast_shapes(a.shape, b.shape, (*np.shape(share), 3, 3))
    first, second = (np.ascontiguousarray(np.broadcast_to(r, shape)).reshape(-1, 3, 3) for r in (a, b))
    parts = np.ascontiguousarray(np.broadcast_to(share, shape[:-2]), dtype=np.float64).ravel()
    return _between(first, second, parts).reshape(shape)


def along(series: Float64, at: IntT, share: Float64) -> Float64:
    """Rotations (N, J, 3, 3), `share` (N,) of the way from frame `at` (N,) of a series (F, J, 3, 3) to the next one, as
    `between` goes."""
    return _along(np.ascontiguousarray(series), at, share)


def turned(start: Float64, vectors: Float64) -> Float64:
    """Rotations `start` (..., 3, 3), then turned by rotation vectors (F, J, 3) in their own axes: (F, J, 3, 3)."""
    return _turned(np.broadcast_to(start, (*vectors.shape, 3)), np.ascontiguousarray(vectors))


def fade(a: Float64, b: Float64, share: Float64) -> Float64:
    """From rotations a to b (F, J, 3, 3), `share` (F, J) of the way, turning the same way round in every frame.

    The shortest arc would change sides, and the limb jump, in the frame in which the two are half a turn apart.
    """
    return _fade(np.ascontiguousarray(a), np.ascontiguousarray(b), np.ascontiguousarray(share))


@numba.njit(cache=True)
def _rotvec(m: Float64) -> tuple[float, float, float]:
    trace = m[0, 0] + m[1, 1] + m[2, 2]
    if trace > 0:
        w, x, y, z = 1 + trace, m[2, 1] - m[1, 2], m[0, 2] - m[2, 0], m[1, 0] - m[0, 1]
    elif m[0, 0] >= m[1, 1] and m[0, 0] >= m[2, 2]:
        w, x = m[2, 1] - m[1, 2], 1 + m[0, 0] - m[1, 1] - m[2, 2]
        y, z = m[0, 1] + m[1, 0], m[0, 2] + m[2, 0]
    elif m[1, 1] >= m[2, 2]:
        w, y = m[0, 2] - m[2, 0], 1 + m[1, 1] - m[0, 0] - m[2, 2]
        x, z = m[0, 1] + m[1, 0], m[1, 2] + m[2, 1]
    else:
        w, z = m[1, 0] - m[0, 1], 1 + m[2, 2] - m[0, 0] - m[1, 1]
        x, y = m[0, 2] + m[2, 0], m[1, 2] + m[2, 1]
    if w < 0:
        w, x, y, z = -w, -x, -y, -z
    sine = np.sqrt(x * x + y * y + z * z)
    scale = 2 * np.arctan2(sine, w) / sine if sine > TINY else 2 / w
    return scale * x, scale * y, scale * z


@numba.njit(cache=True)
def _matrix(x: float, y: float, z: float, out: Float64) -> None:
    square = x * x + y * y + z * z
    angle = np.sqrt(square)
    s = np.sin(angle) / angle if angle > TINY else 1.0
    c = (1 - np.cos(angle)) / square if angle > 1e-6 else 0.5
    out[0, 0], out[1, 1], out[2, 2] = 1 - c * (y * y + z * z), 1 - c * (x * x + z * z), 1 - c * (x * x + y * y)
    out[0, 1], out[1, 0] = c * x * y - s * z, c * x * y + s * z
    out[0, 2], out[2, 0] = c * x * z + s * y, c * x * z - s * y
    out[1, 2], out[2, 1] = c * y * z - s * x, c * y * z + s * x


@numba.njit(cache=True)
def _after(a: Float64, b: Float64, out: Float64) -> None:
    for i in range(3):
        for j in range(3):
            out[i, j] = a[i, 0] * b[0, j] + a[i, 1] * b[1, j] + a[i, 2] * b[2, j]


@numba.njit(cache=True)
def _arc(a: Float64, b: Float64, step: Float64) -> tuple[float, float, float]:
    """The rotation vector that takes a to b, in a's axes; `step` (3, 3) is scratch."""
    for i in range(3):
        for j in range(3):
            step[i, j] = a[0, i] * b[0, j] + a[1, i] * b[1, j] + a[2, i] * b[2, j]
    return _rotvec(step)


@numba.njit(cache=True)
def _rotvecs(matrices: Float64) -> Float64:
    out = np.empty((len(matrices), 3))
    for n in range(len(matrices)):
        out[n, 0], out[n, 1], out[n, 2] = _rotvec(matrices[n])
    return out


@numba.njit(cache=True)
def _matrices(vectors: Float64) -> Float64:
    out = np.empty((len(vectors), 3, 3))
    for n in range(len(vectors)):
        _matrix(vectors[n, 0], vectors[n, 1], vectors[n, 2], out[n])
    return out


@numba.njit(cache=True)
def _between(a: Float64, b: Float64, share: Float64) -> Float64:
    out, step = np.empty_like(a), np.empty((3, 3))
    for n in range(len(a)):
        x, y, z = _arc(a[n], b[n], step)
        _matrix(share[n] * x, share[n] * y, share[n] * z, step)
        _after(a[n], step, out[n])
    return out


@numba.njit(cache=True)
def _along(series: Float64, at: IntT, share: Float64) -> Float64:
    joints = series.shape[1]
    out, step = np.empty((len(at), joints, 3, 3)), np.empty((3, 3))
    for n in range(len(at)):
        for j in range(joints):
            here, there = series[at[n], j], series[at[n] + 1, j]
            if _same(here, there):  # a third of the joints of a dance, at any time
                out[n, j] = here
                continue
            x, y, z = _arc(here, there, step)
            _matrix(share[n] * x, share[n] * y, share[n] * z, step)
            _after(here, step, out[n, j])
    return out


@numba.njit(cache=True)
def _same(a: Float64, b: Float64) -> bool:
    for i in range(3):
        for j in range(3):
            if a[i, j] != b[i, j]:
                return False
    return True


@numba.njit(cache=True)
def _turned(start: Float64, vectors: Float64) -> Float64:
    out, step = np.empty(start.shape), np.empty((3, 3))
    for f in range(vectors.shape[0]):
        for j in range(vectors.shape[1]):
            _matrix(vectors[f, j, 0], vectors[f, j, 1], vectors[f, j, 2], step)
            _after(start[f, j], step, out[f, j])
    return out


@numba.njit(cache=True)
def _fade(a: Float64, b: Float64, share: Float64) -> Float64:
    out, step = np.empty_like(a), np.empty((3, 3))
    for j in range(a.shape[1]):
        px, py, pz = 0.0, 0.0, 0.0
        for f in range(a.shape[0]):
            x, y, z = _arc(a[f, j], b[f, j], step)
            angle = np.sqrt(x * x + y * y + z * z)
            if f > 0 and angle > TINY:
                other = 1 - 2 * np.pi / angle  # the same place, reached the other way round
                near = (x - px) ** 2 + (y - py) ** 2 + (z - pz) ** 2
                if (other * x - px) ** 2 + (other * y - py) ** 2 + (other * z - pz) ** 2 < near:
                    x, y, z = other * x, other * y, other * z
            px, py, pz = x, y, z
            _matrix(share[f, j] * x, share[f, j] * y, share[f, j] * z, step)
            _after(a[f, j], step, out[f, j])
    return out
