"""Pinhole cameras that look at a dancer (Hartley & Zisserman 2004, section 6.1): one that is still, one that moves."""

from dataclasses import dataclass

import numba
import numpy as np

from dancecore.types import Float64, check_shape


@dataclass(frozen=True, slots=True)
class Camera:
    """Where it stands and what it sees. Angles in degrees, lengths in metres, the picture in pixels.

    `yaw` 0 faces the dancer's front, +90 stands on the dancer's left, 180 behind; `pitch` > 0 looks down from above;
    `roll` turns the picture. The optical axis passes through `target`, `distance` away. `fov` is the vertical angle.
    """

    width: int
    height: int
    yaw: float = 0.0
    pitch: float = 0.0
    roll: float = 0.0
    distance: float = 3.5
    fov: float = 45.0
    target: tuple[float, float, float] = (0.0, 0.9, 0.0)

    @property
    def focal_px(self) -> float:
        return float(self.height / 2 / np.tan(np.radians(self.fov) / 2))

    def rotation(self) -> Float64:
        """(3, 3): rows are the camera's axes in the world: x right in the picture, y down, z away from the camera."""
        return axes(*np.array([self.yaw, self.pitch, self.roll]))

    @property
    def centre(self) -> Float64:
        """(3,) where the camera stands."""
        return np.asarray(np.array(self.target) - self.distance * self.rotation()[2])

    def see(self, world: Float64) -> Float64:
        """World points (..., 3) in the camera's axes (..., 3), metres from its centre."""
        return np.asarray((world - self.centre) @ self.rotation().T)

    def project(self, world: Float64) -> Float64:
        """World points (..., 3) to pixels (..., 2). Points at or behind the camera become NaN."""
        return _pixels(self.see(world), self.focal_px, self.width, self.height)


@dataclass(frozen=True, slots=True)
class CameraPath:
    """A camera that moves over F frames: rotation (F, 3, 3) as `Camera.rotation` has it, centre (F, 3) metres,
    focal_px (F,) pixels. Its points (F, N, 3) are those of N places in each frame."""

    width: int
    height: int
    rotation: Float64
    centre: Float64
    focal_px: Float64

    def __post_init__(self) -> None:
        frames = len(self.focal_px)
        check_shape("rotation", self.rotation, (frames, 3, 3), np.float64)
        check_shape("centre", self.centre, (frames, 3), np.float64)
        check_shape("focal_px", self.focal_px, (frames,), np.float64)

    def __len__(self) -> int:
        return len(self.focal_px)

    def see(self, world: Float64) -> Float64:
        """World points (F, N, 3) in the axes of each frame's camera (F, N, 3), metres from its centre."""
        return _seen(world, self.centre, self.rotation)

    def pixels(self, seen: Float64) -> Float64:
        """What `see` gives (F, N, 3) to pixels (F, N, 2). Points at or behind the camera become NaN."""
        return _pixels_of_each(seen, self.focal_px, self.width / 2, self.height / 2)

    def project(self, world: Float64) -> Float64:
        """World points (F, N, 3) to pixels (F, N, 2). Points at or behind the camera become NaN."""
        return self.pixels(self.see(world))

    def frame(self, number: int) -> Camera:
        """The camera as it stands in one frame."""
        right, _, forward = self.rotation[number]
        pitch, yaw = np.arcsin(np.clip(-forward[1], -1, 1)), np.arctan2(-forward[0], -forward[2])
        level = np.array([np.cos(yaw), 0.0, -np.sin(yaw)])
        roll = np.arctan2(right @ np.cross(forward, level), right @ level)
        fov = 2 * np.arctan(self.height / 2 / self.focal_px[number])
        yaw, pitch, roll, fov = (float(np.degrees(angle)) for angle in (yaw, pitch, roll, fov))
        x, y, z = (float(place) for place in self.centre[number] + forward)
        return Camera(self.width, self.height, yaw, pitch, roll, 1.0, fov, (x, y, z))


def still(camera: Camera, frames: int) -> CameraPath:
    """The path of a camera that does not move."""
    rotation, centre = np.tile(camera.rotation(), (frames, 1, 1)), np.tile(camera.centre, (frames, 1))
    return CameraPath(camera.width, camera.height, rotation, centre, np.full(frames, camera.focal_px))


def axes(yaw: Float64, pitch: Float64, roll: Float64) -> Float64:
    """(..., 3, 3): the camera's axes in the world, as rows, for angles (...) in degrees."""
    (sy, cy), (sp, cp), (sr, cr) = ((np.sin(angle), np.cos(angle)) for angle in np.radians([yaw, pitch, roll]))
    right, down, ahead = (cy, 0.0, -sy), (sp * sy, -cp, sp * cy), (-sy * cp, -sp, -cy * cp)
    turned = np.empty((*sy.shape, 3, 3))
    for i in range(3):
        turned[..., 0, i] = cr * right[i] + sr * down[i]
        turned[..., 1, i] = cr * down[i] - sr * right[i]
        turned[..., 2, i] = ahead[i]
    return turned


@numba.njit(cache=True)
def _seen(world: Float64, centre: Float64, rotation: Float64) -> Float64:
    out = np.empty(world.shape)
    for f in range(world.shape[0]):
        for n in range(world.shape[1]):
            x, y, z = world[f, n, 0] - centre[f, 0], world[f, n, 1] - centre[f, 1], world[f, n, 2] - centre[f, 2]
            for i in range(3):
                out[f, n, i] = rotation[f, i, 0] * x + rotation[f, i, 1] * y + rotation[f, i, 2] * z
    return out


@numba.njit(cache=True)
def _pixels_of_each(seen: Float64, focal_px: Float64, middle_x: float, middle_y: float) -> Float64:
    out = np.full((*seen.shape[:2], 2), np.nan)
    for f in range(seen.shape[0]):
        for n in range(seen.shape[1]):
            if seen[f, n, 2] > 0:
                scale = focal_px[f] / seen[f, n, 2]
                out[f, n, 0] = scale * seen[f, n, 0] + middle_x
                out[f, n, 1] = scale * seen[f, n, 1] + middle_y
    return out


def _pixels(seen: Float64, focal_px: float, width: int, height: int) -> Float64:
    depth = np.where(seen[..., 2:] > 0, seen[..., 2:], np.nan)
    return np.asarray(seen[..., :2] / depth * focal_px + np.array([width, height]) / 2)
