"""How joints in sight err in the picture: what lasts, what trembles, what slips, and what makes it more or less."""

from typing import Any

import numpy as np

from dancecore.synthetic.estimates import NEEDED, least_squares, parts, rms, stretch, turned
from dancecore.synthetic.observe import TURNS, loud_causes
from dancecore.synthetic.residuals import OF_PART, PROBABLE, Residuals, fading
from dancecore.types import BoolT, Float64

RAYLEIGH, FAR_OUT = 1.177, 4.0
"""The median length of an error over its standard deviation on an axis; so many of these and it slips."""


def in_sight(error: Float64, seen: Residuals) -> dict[str, Any]:
    """Of the errors (N, 33, 2) of joints in sight: what is steady, what trembles and how differently from clip to clip,
    and the slips, which are far out of the trembling of their clip."""
    gains = _gains(error, seen)
    error = error / np.exp(loud_causes(seen.turn, seen.torso_px, seen.outside) @ gains)[:, None, None]
    centred, middle = _centred(error, seen)
    clips = [seen.clip == clip for clip in range(len(seen.size_m))]
    level = np.stack([np.nanmedian(np.linalg.norm(centred[here], axis=-1), axis=0) for here in clips]) / RAYLEIGH
    level[level == 0] = np.nan  # seen but once
    usual = np.where(seen.clip[:, None] >= 0, level[seen.clip], np.nan)
    slips = np.linalg.norm(centred, axis=-1) > FAR_OUT * usual
    trembling = np.where(slips[..., None], np.nan, centred)
    common = np.nanmedian(np.log(level / np.nanmedian(level, axis=0)), axis=1)
    own = np.log(level / np.nanmedian(level, axis=0)) - common[:, None]
    rows = [
        [np.nanmedian(np.abs(middle[:, j])) / PROBABLE, np.nanmedian(level[:, j]), np.nanstd(own[:, j]),
         *fading(trembling[:, j], seen.clip, seen.step_s), slips[:, j].sum() / np.isfinite(usual[:, j]).sum(),
         rms(centred[:, j][slips[:, j]])] for j in OF_PART
    ]  # fmt: skip
    steady, jitter, spread, jitter_s, flicker, share, size = (parts(column) for column in np.array(rows).T)
    return {
        "steady": steady, "jitter": jitter, "jitter_s": jitter_s, "flicker": flicker, "joint_spread": spread,
        "clip_spread": round(float(np.nanstd(common)), 2), "slip_share": share, "slip": size,
        "view_loud": turned(gains[:-2]), "size_loud": round(float(gains[-2]), 2),
        "cut_loud": round(float(gains[-1]), 2),
        "slip_s": stretch(slips, seen.step_s), "slip_spread": _unequal(slips, usual, seen),
    }  # fmt: skip


def _centred(error: Float64, seen: Residuals) -> tuple[Float64, Float64]:
    """Errors (N, 33, 2) about their medians in each clip, and these (C, 33, 2)."""
    middle = np.stack([np.nanmedian(error[seen.clip == clip], axis=0) for clip in range(len(seen.size_m))])
    return error - np.where(seen.clip[:, None, None] >= 0, middle[seen.clip], np.nan), middle


def _gains(error: Float64, seen: Residuals) -> Float64:
    """(6,) by how much the logarithm of errors (N, 33, 2) grows with each of `loud_causes`; 0 for who faces us."""
    size = np.log(np.linalg.norm(_centred(error, seen)[0], axis=-1).clip(min=1e-4))
    size -= np.nanmean(size, axis=0)
    causes = loud_causes(seen.turn, seen.torso_px, seen.outside)[:, None].repeat(size.shape[1], axis=1)
    found = least_squares(causes, size, ridge=1.0)
    found[: len(TURNS)] -= found[0]
    return found


def _unequal(slips: BoolT, usual: Float64, seen: Residuals) -> float:
    """The standard deviation of the logarithm of how often a joint slips in a clip: what is left of the variance of the
    share of slips (N, 33), among frames in which `usual` is known, beyond that of stretches that begin by chance."""
    told = np.isfinite(usual)
    count, slipped = (
        np.stack([values[seen.clip == clip].sum(0) for clip in range(len(seen.size_m))])
        for values in (told, slips & told)
    )
    enough = count >= NEEDED
    share, mean = slipped[enough] / count[enough], slipped[enough].sum() / count[enough].sum()
    frames = stretch(slips, seen.step_s) / seen.step_s
    chance = frames / (mean * count[enough].mean())
    return round(float(np.sqrt(np.log1p(max(0.0, share.var() / mean**2 - chance)))), 2)
