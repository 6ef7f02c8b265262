"""The numbers by which BlazePose errs on synthetic dancers: `configs/observe.yaml` holds them with their reasons."""

from dataclasses import dataclass

Parts = tuple[float, ...]
"""A number for each of `landmarks.PARTS`."""

Turned = tuple[float, float, float, float]
"""A number for dancers who face the camera, turn half to the side, stand in profile, show their back: 0, 45, 90, 180
degrees; in between it is interpolated."""


Pulls = tuple[float, float, float]
"""How far a joint in sight is reported towards the one before it, by the bone before that, and towards its twin."""

Fade = tuple[float, float]
"""Over how many seconds an error fades, and the share of its variance that is new in every frame."""


@dataclass(frozen=True)
class ObserveSettings:
    """How BlazePose errs (`configs/observe.yaml`). Lengths are in torso lengths, times in seconds; a standard deviation
    is that of one axis; `doubt` is 1 - visibility."""

    steady: Parts
    jitter: Parts
    jitter_s: Parts
    flicker: Parts
    view_loud: Turned
    size_loud: float
    cut_loud: float
    clip_spread: float
    joint_spread: Parts
    slip_share: Parts
    slip: Parts
    slip_spread: float
    slip_s: float
    twin_x: Parts
    twin_y: Parts
    inherit: Parts
    pull_x: tuple[Pulls, ...]
    pull_y: tuple[Pulls, ...]
    guess: Parts
    guess_fade: Fade
    shrink: Parts
    sure: Parts
    hide: Parts
    beyond: Parts
    edge: Parts
    waver: Parts
    waver_steady: Parts
    waver_fade: Fade
    torso_m: float
    torso_spread: float
    flat_inherit: Parts
    flat_twin_x: Parts
    flat_twin_y: Parts
    flat_steady: Parts
    flat_jitter: Parts
    flat_fade: Fade
    depth_slope: tuple[Turned, ...]
    depth_apart: tuple[Turned, ...]
    lean: Parts
    sway: Parts
    sway_fade: Fade
    sway_steady: float
    depth_inherit: Parts
    depth_twin: Parts
    depth_steady: Parts
    depth_jitter: Parts
    depth_guess: Parts
    depth_fade: Fade
    body_swapped: Turned
    arms_swapped: Turned
    legs_swapped: Turned
    swap_s: float
    missed_share: float
    missed_s: float
