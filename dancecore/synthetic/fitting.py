"""Fits the numbers of `observe` to rendered dancers: what BlazePose reported of each against where the joints were."""

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import numpy as np
from scipy.special import logit

from dancecore.skeleton import TWIN
from dancecore.synthetic.agreement import modelled
from dancecore.synthetic.estimates import NEEDED, least_squares, parts, rms, slope, stretch, turned
from dancecore.synthetic.in_sight import in_sight
from dancecore.synthetic.landmarks import PARENT, PART
from dancecore.synthetic.observe import DOUBTED, SURE, TURNS, far_out
from dancecore.synthetic.observe_settings import ObserveSettings, Parts, Pulls
from dancecore.synthetic.residuals import OF_PART, Residuals, fading, lasting, residuals, typical, unknown_is_nan
from dancecore.synthetic.samples import Sample
from dancecore.synthetic.sight import HIPS, SHOULDERS
from dancecore.types import BoolT, Float64

PLAIN, WILD = 0.15, 0.5
"""Torso lengths: joints in sight that are nearer than the first tell what an error usually depends on; those beyond the
second took part in something else, a swap or another body."""

FIRST, SECOND, STEEPEST = slice(0, len(TURNS)), slice(len(TURNS), 2 * len(TURNS)), 2.0
"""Where the slopes of twins' middles and distances stand among the causes of depth; steeper ones are chance."""

BIASED, MOST_BIAS = (
    "steady", "jitter", "jitter_s", "flicker", "slip_share", "slip", "slip_s", "guess", "guess_fade", "shrink",
    "waver", "waver_steady", "waver_fade", "flat_steady", "flat_jitter", "flat_fade", "sway_fade", "depth_steady",
    "depth_jitter", "depth_fade", "missed_s", "swap_s",
), 2.0  # fmt: skip
"""Sizes, shares and times, all above 0, that are made good; a greater bias is chance."""

CERTAIN = 0.997
"""Visibilities nearer to 1, or to 0, are cut: the network says 1.0 of what is only likely."""


def fit(samples: Sequence[Sample]) -> ObserveSettings:
    """The numbers with which `observe` errs as the tracks of these samples do. Their joints must be mapped.

    What is estimated of tracks by the model itself says how biased the estimates are; one step makes that good
    (indirect inference, Gourieroux, Monfort & Renault 1993).
    """
    first = _estimated(samples)
    again = _estimated(modelled(samples, first))
    better: dict[str, Any] = {name: _unbiased(getattr(first, name), getattr(again, name)) for name in BIASED}
    return replace(first, **better)


def _unbiased(first: Parts | float, again: Parts | float) -> Parts | float:
    """`first` by the factor by which `again` misses it, at most MOST_BIAS."""
    known, ratio = np.array(first), np.divide(first, again, out=np.ones(np.shape(first)), where=np.array(again) > 0)
    better = known * ratio.clip(1 / MOST_BIAS, MOST_BIAS)
    return parts(better) if isinstance(first, tuple) else round(float(better), 3)


def _estimated(samples: Sequence[Sample]) -> ObserveSettings:
    seen = residuals(samples)
    with unknown_is_nan():
        belief = _belief(seen) | {"edge": _edge(seen)}
        inside = replace(seen, error=_only(seen.outside == 0, seen.error))
        return ObserveSettings(**belief, **_picture(inside), **_flat(inside), **_depth(seen), **_bouts(seen))


def _belief(seen: Residuals) -> dict[str, Any]:
    """How visibility follows from what hides a joint."""
    belief = logit(np.clip(1 - seen.doubt, 1 - CERTAIN, CERTAIN))
    causes = np.stack([np.ones_like(belief), -seen.hidden, -far_out(seen.outside)], axis=-1)
    rest, rows = np.empty_like(belief), []
    for joints in OF_PART:
        numbers = least_squares(causes[:, joints], belief[:, joints], ridge=1.0)
        numbers[1:] = numbers[1:].clip(min=0)
        told = [NEEDED, *((cause[:, joints] > 0).sum() for cause in (seen.hidden, seen.outside))]
        rest[:, joints] = belief[:, joints] - causes[:, joints] @ numbers
        numbers[np.array(told) < NEEDED] = np.nan
        rows.append([*numbers, *lasting(rest[:, joints], seen.clip)])
    sure, hide, beyond, steady, waver = np.array(rows).T
    return {
        "sure": parts(sure), "hide": parts(hide), "beyond": parts(beyond), "waver_steady": parts(steady),
        "waver": parts(waver), "waver_fade": fading(rest, seen.clip, seen.step_s),
    }  # fmt: skip


def _edge(seen: Residuals) -> Parts:
    """What share of the way back to the picture's edge joints outside it are reported."""
    out = seen.outside > 0
    return parts([slope(seen.edge[:, j][out[:, j]], seen.error[:, j][out[:, j]]) for j in OF_PART])


def _picture(seen: Residuals) -> dict[str, Any]:
    """The errors of image points: what a joint takes over, where it is pulled, and its own."""
    before, ways = _before(seen.error), np.moveaxis(seen.ways, 1, -1)
    quiet, wild, rows, pulled = np.empty_like(seen.error), np.empty_like(seen.error), [], []
    for joints in OF_PART:
        error, inherited, way = seen.error[:, joints], before[:, joints], ways[:, joints]
        doubt = seen.doubt[:, joints, None]
        good = (doubt[..., 0] < SURE) & _tame(error) & _tame(inherited)
        plain = good & _tame(error, PLAIN) & _tame(inherited, PLAIN)
        inherit, pull = _inheritance(error[plain], inherited[plain], way[plain])
        left = error - (inherit + (1 - inherit) * doubt) * inherited - (way * pull).sum(-1)
        doubted = doubt[..., 0] > DOUBTED
        shrink = slope(way[doubted][..., 0], left[doubted])
        own = left - np.nan_to_num(shrink) * doubt * way[..., 0]
        quiet[:, joints], wild[:, joints] = _only(good, own), _only(doubted, own / doubt)
        rows.append([inherit, shrink, rms(wild[:, joints])])
        pulled.append(pull)
    inherits, shrinks, guess = np.array(rows).T
    return {
        "inherit": parts(inherits), "pull_x": _pulls(pulled, 0), "pull_y": _pulls(pulled, 1),
        "shrink": parts(shrinks), "guess": parts(guess), "guess_fade": fading(wild, seen.clip, seen.step_s),
        "twin_x": parts(_twins(quiet[..., 0])), "twin_y": parts(_twins(quiet[..., 1])),
    } | in_sight(quiet, seen)  # fmt: skip


def _flat(seen: Residuals) -> dict[str, Any]:
    """The errors of world points along the picture's axes beyond those of image points, and the body's size."""
    about = seen.error - seen.error[:, HIPS].mean(1, keepdims=True)
    good = (seen.doubt < SURE) & _tame(seen.error)
    rest = _only(good, (seen.reported - seen.true)[..., :2] - about)
    inherit, steady, jitter, _, own = _handed_on(seen, rest)
    size, spread = float(np.nanmedian(seen.size_m)), float(np.nanstd(seen.size_m))
    return {
        "flat_inherit": parts(inherit), "flat_twin_x": parts(_twins(own[..., 0])),
        "flat_twin_y": parts(_twins(own[..., 1])), "flat_steady": parts(steady), "flat_jitter": parts(jitter),
        "flat_fade": fading(own, seen.clip, seen.step_s),
        "torso_m": round(size, 3), "torso_spread": round(spread / size, 3),
    }  # fmt: skip


def _depth(seen: Residuals) -> dict[str, Any]:
    """How flat depth is reported; what head and trunk have in common of its errors; what is left."""
    share = np.stack([np.interp(np.abs(seen.turn), TURNS, knot) for knot in np.eye(len(TURNS))], axis=1)
    facing = np.broadcast_to(np.cos(seen.turn)[:, None, None], (*seen.doubt.shape, 1))
    middle, apart = ((seen.true[..., 2:] + sign * seen.true[:, TWIN, 2:]) / 2 for sign in (1, -1))
    causes = np.concatenate([middle * share[:, None], apart * share[:, None], facing], axis=-1)
    depth = np.where(seen.doubt < DOUBTED, seen.reported[..., 2], np.nan)
    found = np.stack([least_squares(causes[:, joints], depth[:, joints], ridge=3.0) for joints in OF_PART])
    rest = seen.reported[..., 2] - (causes * found[PART]).sum(-1)
    common = rest[:, SHOULDERS].mean(1)
    follow = np.array([slope(np.repeat(common[:, None], len(j), 1).ravel(), rest[:, j].ravel()) for j in OF_PART])
    steady, fickle = typical(common, seen.clip)
    slopes = [tuple(turned(row) for row in found[:, knots].clip(0, STEEPEST)) for knots in (FIRST, SECOND)]
    return {
        "depth_slope": slopes[0], "depth_apart": slopes[1], "lean": parts(found[:, -1]),
        "sway": parts(follow * fickle), "sway_steady": round(steady / fickle, 2),
        "sway_fade": fading(common, seen.clip, seen.step_s),
    } | _depth_left(seen, rest - common[:, None] * follow[PART])  # fmt: skip


def _depth_left(seen: Residuals, rest: Float64) -> dict[str, Any]:
    """The errors of depth (N, 33) that joints hand on along the limbs, and their own."""
    inherit, steady, jitter, loud, own = _handed_on(seen, rest[..., None])
    guess = np.sqrt(np.maximum(loud**2 - steady**2, 0)) - jitter
    return {
        "depth_inherit": parts(inherit), "depth_steady": parts(steady), "depth_jitter": parts(jitter),
        "depth_guess": parts(guess.clip(min=0)), "depth_fade": fading(own, seen.clip, seen.step_s),
        "depth_twin": parts(_twins(own[..., 0])),
    }  # fmt: skip


def _handed_on(seen: Residuals, rest: Float64) -> tuple[Float64, Float64, Float64, Float64, Float64]:
    """Of errors (N, 33, D), for each part (17,): the share of the error before that a joint takes over; what is steady
    and what comes and goes in its own; the root mean square of its own where it is doubted. Then these own errors
    (N, 33, D) of joints in sight."""
    before, own, rows = _before(rest), np.empty_like(rest), []
    for joints in OF_PART:
        sure, doubted = seen.doubt[:, joints] < SURE, seen.doubt[:, joints] > DOUBTED
        inherit = slope(before[:, joints][sure], rest[:, joints][sure])
        left = rest[:, joints] - inherit * before[:, joints]
        own[:, joints] = _only(sure, left)
        rows.append([inherit, *typical(own[:, joints], seen.clip), rms(_only(doubted, left))])
    inherit, steady, jitter, loud = np.array(rows).T
    return inherit, steady, jitter, loud, own


def _bouts(seen: Residuals) -> dict[str, Any]:
    """How often and how long left and right are exchanged, and nobody is found."""
    inside = seen.clip >= 0
    missed = np.isnan(seen.doubt[:, :1]) & inside[:, None]
    nearest = np.abs(np.abs(seen.turn)[:, None] - TURNS).argmin(1)
    share = np.stack([seen.swapped[inside & (nearest == knot)].mean(0) for knot in range(len(TURNS))])
    return {
        "body_swapped": turned(share[:, 0]), "arms_swapped": turned(share[:, 1]),
        "legs_swapped": turned(share[:, 2]),
        "swap_s": stretch(seen.swapped, seen.step_s), "missed_s": stretch(missed, seen.step_s),
        "missed_share": round(float(missed[inside].mean()), 4),
    }  # fmt: skip


def _before(error: Float64) -> Float64:
    """(N, 33, D) the errors of the joints before; 0 for those that are the first."""
    return np.where((np.arange(33) != PARENT)[:, None], error[:, PARENT], 0.0)


def _inheritance(error: Float64, before: Float64, ways: Float64) -> tuple[float, Float64]:
    """What share of the error before (N, 2) a joint takes over, and how far it is pulled (2, 3) each way (N, 2, 3), x
    and y by themselves."""
    causes = np.zeros((len(error), 2, 7))
    causes[..., 0] = before
    causes[:, 0, 1:4], causes[:, 1, 4:7] = ways[:, 0], ways[:, 1]
    numbers = least_squares(causes, error, ridge=1.0)
    return float(np.clip(numbers[0], 0, 1.5)), numbers[1:].reshape(2, 3)


def _twins(error: Float64) -> Float64:
    """(17,) how the errors (N, 33) of left and right correlate, what is steady in them included; 0 in the middle."""
    both = np.isfinite(error) & np.isfinite(error[:, TWIN])
    product, power = (np.where(both, error * each, 0).sum(0) for each in (error[:, TWIN], error))
    found = product / np.sqrt(power * power[TWIN]).clip(min=1e-12)
    found[np.arange(33) == TWIN] = 0.0
    return np.array([found[joints[0]] for joints in OF_PART])


def _tame(error: Float64, most: float = WILD) -> BoolT:
    return np.asarray(np.linalg.norm(error, axis=-1) < most)


def _only(where: BoolT, values: Float64) -> Float64:
    return np.where(where[..., None], values, np.nan)


def _pulls(pulled: Sequence[Float64], axis: int) -> tuple[Pulls, ...]:
    return tuple((round(float(a), 3), round(float(b), 3), round(float(c), 3)) for a, b, c in (p[axis] for p in pulled))
