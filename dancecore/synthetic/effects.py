"""What a phone does to a picture: lens, sensor, exposure, and the scaling of those who pass it on."""

from dataclasses import dataclass
from functools import cache

import cv2
import numba
import numpy as np
from numpy.typing import NDArray

from dancecore.synthetic.settings import EffectSettings
from dancecore.types import RGB, Float, Image, IntT

GRAIN = 1024
"""Pixels along the side of the plane of noise, which every frame reads from another corner on."""

GRAIN_UNIT = 32
"""Whole numbers of the plane in one standard deviation."""

GRAIN_BLUR = 0.6
"""Pixels: neighbours share noise, since a sensor's colours are interpolated and its noise is smoothed away."""


@dataclass(frozen=True, slots=True)
class Effects:
    """How the finished picture is spoilt; 0 is not at all.

    `gain` multiplies light (1: as drawn) and `tint` its colours; `drift` is the share by which exposure comes and goes
    every `drift_frames`; `flicker` the share by which lamps tremble at `flicker_turns` a frame. `vignette` is the share
    of light missing in the corners. `read_noise` and `shot_noise`, in grey levels at black and, added in squares, at
    white, are the sensor's. `shutter` is the share of a frame's time in which fast limbs blur, `blur_px` the spread of
    a lens out of focus, `scale` the size (0..1] in which the picture was once kept, `ghost` the share of the frame
    before that a phone's smoothing leaves.
    """

    gain: float
    tint: RGB
    drift: float
    drift_frames: float
    flicker: float
    flicker_turns: float
    vignette: float
    read_noise: float
    shot_noise: float
    shutter: float
    blur_px: float
    scale: float
    ghost: float
    seed: int


def draw_effects(rng: np.random.Generator, settings: EffectSettings, light: float, tint: RGB) -> Effects:
    """What spoils a clip that is filmed in `light` (1: plenty) of this `tint`; with little light goes more noise."""
    noisier = 1 + (settings.dim_noise - 1) * (light < 1)

    def draw(name: str, still: float | None = None) -> float:
        used = still is None or rng.uniform() < getattr(settings, f"{name.split('_')[0]}_share")
        value = float(rng.uniform(*getattr(settings, name)))
        return value if used or still is None else still

    return Effects(
        gain=light * draw("gain"),
        tint=tint,
        drift=draw("drift"),
        drift_frames=draw("drift_frames"),
        flicker=draw("flicker", still=0.0),
        flicker_turns=draw("flicker_turns"),
        vignette=draw("vignette"),
        read_noise=noisier * draw("read_noise"),
        shot_noise=noisier * draw("shot_noise"),
        shutter=min(1.0, draw("shutter") / light),
        blur_px=draw("blur_px", still=0.0),
        scale=draw("scale", still=1.0),
        ghost=draw("ghost", still=0.0),
        seed=int(rng.integers(2**31)),
    )


def apply(image: Image, effects: Effects, frame: int) -> Image:
    """The picture (H, W, 3) uint8 of this frame after lens and sensor. The same frame gives the same bytes."""
    height, width = image.shape[:2]
    if effects.scale < 1:
        small = (round(width * effects.scale), round(height * effects.scale))
        image = np.asarray(
            cv2.resize(cv2.resize(image, small, interpolation=cv2.INTER_AREA), (width, height)), np.uint8
        )
    if effects.blur_px > 0:
        image = np.asarray(cv2.GaussianBlur(image, (0, 0), effects.blur_px), np.uint8)
    gains = np.tile(np.array(effects.tint, np.float32) * exposure(effects, frame), width)
    down, right = (effects.vignette / 2 * np.linspace(-1, 1, n, dtype=np.float32) ** 2 for n in (height, width))
    corner = np.random.default_rng((effects.seed, frame)).integers(GRAIN, size=2)
    noise = np.array([effects.read_noise**2, effects.shot_noise**2 / 255]) / GRAIN_UNIT**2
    out = np.empty_like(image)
    lost, flat = np.repeat(right, 3), (height, 3 * width)
    _expose(image.reshape(flat), gains, down, lost, noise.astype(np.float32), _grain(), corner, out.reshape(flat))
    return out


@cache
def _grain() -> NDArray[np.int8]:
    """(GRAIN, 3 GRAIN) noise of red, green and blue in turn, GRAIN_UNIT its standard deviation, periodic."""
    fresh = np.random.default_rng(0).standard_normal((GRAIN, GRAIN, 3), np.float32)
    smooth = cv2.GaussianBlur(np.pad(fresh, ((8, 8), (8, 8), (0, 0)), mode="wrap"), (0, 0), GRAIN_BLUR)[8:-8, 8:-8]
    return np.asarray(np.clip(smooth / smooth.std() * GRAIN_UNIT, -127, 127).astype(np.int8).reshape(GRAIN, -1))


def exposure(effects: Effects, frame: int) -> float:
    """What light is multiplied by in this frame."""
    slow = np.sin(2 * np.pi * frame / effects.drift_frames + effects.seed % 7)
    fast = np.sin(2 * np.pi * frame * effects.flicker_turns)
    return float(effects.gain * (1 + effects.drift * slow) * (1 + effects.flicker * fast))


def ghosted(image: Image, before: Image, effects: Effects) -> Image:
    """The picture with what is left in it of the one before, (H, W, 3) uint8 each."""
    return np.asarray(cv2.addWeighted(image, 1 - effects.ghost, before, effects.ghost, 0), np.uint8)


@numba.njit(cache=True, fastmath=True)
def _expose(
    image: Image,
    gains: Float,
    down: Float,
    right: Float,
    noise: Float,
    grain: NDArray[np.int8],
    corner: IntT,
    out: Image,
) -> None:
    """Light to grey levels, each (H, 3 W): gain, light lost towards the corners (`down` (H,), `right` (3 W,)), and
    noise whose variance is that of reading plus what grows with light (Foi et al. 2008)."""
    height, width = image.shape
    read, shot, half, most = noise[0], noise[1], np.float32(0.5), np.float32(255)
    for row in range(height):
        grains, left = grain[(row + corner[0]) % GRAIN], 3 * (corner[1] % GRAIN)
        col, full = 0, np.float32(1) - down[row]
        while col < width:
            count = min(3 * GRAIN - left, width - col)
            here, after = image[row, col : col + count], out[row, col : col + count]
            gain, fall, rough = gains[col : col + count], right[col : col + count], grains[left : left + count]
            for i in range(count):
                light = np.float32(here[i]) * gain[i] * (full - fall[i])
                level = light + np.sqrt(read + shot * light) * np.float32(rough[i])
                after[i] = np.uint8(min(most, max(np.float32(0), level)) + half)
            col, left = col + count, 0
