"""A pinhole camera that looks at a dancer (Hartley & Zisserman 2004, section 6.1)."""

from dataclasses import dataclass

import numpy as np

from dancecore.types import Float64


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
        yaw, pitch, roll = np.radians([self.yaw, self.pitch, self.roll])
        forward = -np.array([np.sin(yaw) * np.cos(pitch), np.sin(pitch), np.cos(yaw) * np.cos(pitch)])
        right = np.array([np.cos(yaw), 0.0, -np.sin(yaw)])
        down = np.cross(forward, right)
        return np.stack(
            [np.cos(roll) * right + np.sin(roll) * down, np.cos(roll) * down - np.sin(roll) * right, forward]
        )

    def see(self, world: Float64) -> Float64:
        """World points (..., 3) in the camera's axes (..., 3), metres from its centre."""
        rotation = self.rotation()
        centre = np.array(self.target) - self.distance * rotation[2]
        return (world - centre) @ rotation.T

    def project(self, world: Float64) -> Float64:
        """World points (..., 3) to pixels (..., 2). Points at or behind the camera become NaN."""
        seen = self.see(world)
        depth = np.where(seen[..., 2:] > 0, seen[..., 2:], np.nan)
        return seen[..., :2] / depth * self.focal_px + np.array([self.width, self.height]) / 2
