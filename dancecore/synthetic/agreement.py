"""How well `observe` errs as BlazePose does: the same figures of reported and of modelled tracks side by side."""

from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from dancecore.synthetic.landmarks import PART, PARTS
from dancecore.synthetic.observe import DOUBTED, SURE, observe
from dancecore.synthetic.observe_settings import ObserveSettings
from dancecore.synthetic.residuals import Residuals, fading, lasting, residuals, unknown_is_nan
from dancecore.synthetic.samples import Sample
from dancecore.types import Float64

VIEWS: dict[str, tuple[float, float]] = {
    "front": (0, 22.5), "half": (22.5, 67.5), "side": (67.5, 112.5), "back": (112.5, 181),
}  # fmt: skip
"""Degrees by which dancers are turned from the camera."""

LIMBS: dict[str, tuple[str, ...]] = {
    "head": ("nose", "eye", "ear"), "shoulders": ("shoulder",), "elbows": ("elbow",), "wrists": ("wrist",),
    "hands": ("pinky", "index", "thumb"), "hips": ("hip",), "knees": ("knee",), "ankles": ("ankle",),
    "feet": ("heel", "foot_index"),
}  # fmt: skip


def modelled(samples: Sequence[Sample], settings: ObserveSettings) -> list[Sample]:
    """The samples with tracks of the error model in place of what was reported."""
    return [
        replace(
            each, track=observe(each.joints, each.track.time_ns, each.camera, settings, seed, tuple(each.others))
        )
        for seed, each in enumerate(samples)
    ]  # fmt: skip


def figures(samples: Sequence[Sample]) -> dict[str, float]:
    """What is told of the errors of some tracks, by name; lengths in torso lengths, NaN of what never happens."""
    seen = residuals(samples)
    with unknown_is_nan():
        return _by_view(seen) | _by_limb(seen)


def _by_view(seen: Residuals) -> dict[str, float]:
    inside, turn, miss = seen.clip >= 0, np.degrees(np.abs(seen.turn)), np.linalg.norm(seen.error, axis=-1)
    found = {"found": float(np.isfinite(seen.doubt[inside, 0]).mean())}
    for view, (least, most) in VIEWS.items():
        here = inside & (turn >= least) & (turn < most)
        known = np.isfinite(miss[here])
        found[f"{view}: PCK@0.2"] = float((miss[here] < 0.2)[known].mean())
        found[f"{view}: doubted"] = float((seen.doubt[here] > 0.5)[known].mean())
        for column, what in enumerate(("body", "arms", "legs")):
            found[f"{view}: {what} exchanged"] = float(seen.swapped[here, column].mean())
    return found


def _by_limb(seen: Residuals) -> dict[str, float]:
    found: dict[str, float] = {}
    for limb, parts in LIMBS.items():
        joints = np.isin(PART, [PARTS.index(part) for part in parts])
        error, doubt = seen.error[:, joints], seen.doubt[:, joints]
        depth = (seen.reported - seen.true)[:, joints, 2]
        sure = np.where((doubt < SURE)[..., None], error, np.nan)
        found |= {f"{limb}: {name}": value for name, value in _errors(sure, seen).items()}
        sure = np.where(doubt < SURE, depth, np.nan)
        found |= {f"{limb}: depth {name}": value for name, value in _errors(sure, seen).items()}
        found[f"{limb}: rms guessed"] = _rms(error[doubt > DOUBTED])
        found[f"{limb}: share guessed"] = float((doubt > DOUBTED)[np.isfinite(doubt)].mean())
    return found


def _errors(values: Float64, seen: Residuals) -> dict[str, float]:
    """The size of errors (N, ...), of what is steady and what comes and goes in them, their change between frames."""
    steady, jitter = lasting(values, seen.clip)
    return {
        "rms": _rms(values), "steady": steady, "jitter": jitter, "change": _rms(np.diff(values, axis=0)),
        "fades in s": fading(values, seen.clip, seen.step_s)[0],
    }  # fmt: skip


def _rms(values: Float64) -> float:
    return float(np.sqrt(np.nanmean(values**2)))
