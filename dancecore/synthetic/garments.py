"""Tops, bottoms and one-piece garments, each with a silhouette of its own."""

from dataclasses import replace

import numpy as np

from dancecore.synthetic.cloth import LINING_M, Piece, Worn, borrow, lining, sheet, shell, tube
from dancecore.synthetic.cuts import Skirt, Top, Trousers
from dancecore.synthetic.form import Form, outline
from dancecore.types import RGB, BoolT, Float64

FAR = 9.0
"""Metres: no border there."""

ON_SHOULDERS = 0.6
"""Of the stand-off that is gone where cloth rests on what carries it."""

ARMHOLE_M = 0.075
"""Around the shoulder joint."""

HEM_M = 0.018
"""Tops that reach the hips are at least so far off the skin there: outside trousers."""

TIGHT_M = 0.008
"""Cloth no farther off the skin than this shows no inner side."""

BEHIND = 0.5
"""Of a leg's hold on hanging cloth that is gone behind: a kick lifts the front."""


def top(form: Form, cut: Top, colour: RGB, slack: float) -> Worn:
    """A top, shirt or coat."""
    inside = np.minimum.reduce([
        form.points[:, 1] - form.up(cut.hem), _neckline(form, cut), _sleeve(form, cut), _opening(form, cut)
    ])  # fmt: skip
    along = np.clip((abs(form.points[:, 0]) - form.out(0)) / (form.out(1) - form.out(0)), 0, 1)
    along *= form.points[:, 1] > form.up(0.7)
    stand = slack * (cut.stand + cut.cuff * along / (cut.sleeve or 1))
    if cut.hem <= 0:
        stand = np.where(form.points[:, 1] < form.up(0.1), np.maximum(stand, HEM_M), stand)
    rests = 1 - ON_SHOULDERS * np.maximum(form.normals[:, 1], 0)
    moved = _drape(form, form.points + (stand * rests)[:, None] * form.normals, cut.drape, slack * cut.stand)
    worn = shell(form, inside, moved, colour, lined=LINING_M if cut.stand > TIGHT_M else 0.0)
    if cut.tail:
        tail = _hang(form, 0.35, cut.tail, 0.12, slack * cut.stand - 0.008, colour, cut.front)
        worn = Worn([*worn.pieces, tail], [*worn.linings, lining(tail)], inside)
    return replace(worn, pieces=[*worn.pieces, _hood(form, colour)]) if cut.hood else worn


def _neckline(form: Form, cut: Top) -> Float64:
    """Metres outside a ball about the base of the neck, and below it."""
    neck = form.head["neck01"]
    ball = neck + np.array([0.0, 0.03 - cut.scoop / 2, cut.scoop])
    out = np.linalg.norm(form.points - ball, axis=1) - 0.075 - cut.scoop / 2
    below = neck[1] + 0.05 - form.points[:, 1] - 0.5 * (form.points[:, 2] - neck[2])
    return np.where(form.of("head"), -FAR, np.minimum(out, below))


def _sleeve(form: Form, cut: Top) -> Float64:
    reach = abs(form.points[:, 0])
    if cut.sleeve is not None:
        return np.asarray(form.out(cut.sleeve) - reach)
    x, y, _ = form.joint["left_shoulder"]
    armhole = np.hypot(reach - x, form.points[:, 1] - y) - ARMHOLE_M
    return np.minimum(armhole, np.maximum(x - reach, form.up(0.6) - form.points[:, 1]))


def _opening(form: Form, cut: Top) -> Float64:
    """Metres beside the gap in front, which widens towards the neck."""
    gap = cut.front + 0.25 * np.maximum(form.points[:, 1] - form.up(0.75), 0)
    front = form.points[:, 2] > form.joint["left_shoulder"][2]
    return np.where(front & (cut.front > 0), abs(form.points[:, 0]) - gap, FAR)


def _trunk(form: Form) -> BoolT:
    return form.of("spine", "pelvis", "root", "upperleg")


def _drape(form: Form, moved: Float64, drape: float, ease: float) -> Float64:
    """Below the chest, cloth hangs from what stands out above it."""
    heights = np.arange(form.up(0.78), form.down(0.2), -0.02)
    reach = np.maximum.accumulate(outline(form, _trunk(form), heights)) + ease
    middle = form.joint["left_hip"] * [0, 0, 1]
    x, _, z = (moved - middle).T
    radius = np.hypot(x, z)
    wanted = _look_up(reach, heights, moved[:, 1], np.arctan2(z, x))
    fades = np.clip((heights[0] - moved[:, 1]) / 0.1, 0, 1) * _trunk(form)
    grown = 1 + drape * fades * np.maximum(wanted - radius, 0) / np.maximum(radius, 1e-6)
    return np.asarray(middle + (moved - middle) * np.stack([grown, np.ones_like(grown), grown], 1))


def _look_up(table: Float64, heights: Float64, y: Float64, angle: Float64) -> Float64:
    """The radius at each height and angle, between those of the table (Y, A), heights falling."""
    row = np.clip((heights[0] - y) / (heights[0] - heights[1]), 0, len(heights) - 1.001)
    column = angle / (2 * np.pi) * table.shape[1] % table.shape[1]
    i, j = row.astype(int), column.astype(int)
    v, u = row - i, column - j
    after = (j + 1) % table.shape[1]
    above = (1 - u) * table[i, j] + u * table[i, after]
    below = (1 - u) * table[i + 1, j] + u * table[i + 1, after]
    return np.asarray((1 - v) * above + v * below)


def bottom(form: Form, cut: Trousers | Skirt, colour: RGB, slack: float, waist: float, shaft: float) -> Worn:
    """Trousers or a skirt. What a top or shoes hide need not be there: no higher than `waist` metres, and trousers that
    are narrow at the hem no lower than `shaft`."""
    if isinstance(cut, Skirt):
        cloth = _hang(form, cut.waist, cut.hem, slack * cut.flare, 0.012, colour)
        return Worn([cloth], [lining(cloth)], np.full(len(form.points), -FAR))
    return _trousers(form, cut, colour, slack, waist, shaft)


def _trousers(form: Form, cut: Trousers, colour: RGB, slack: float, waist: float, shaft: float) -> Worn:
    y = form.points[:, 1]
    shares, stands = np.array(cut.leg).T
    hem = max(form.down(shares[-1]), shaft if stands[-1] <= TIGHT_M else 0.0)
    inside = np.minimum(min(form.up(cut.waist), waist) - y, y - hem)
    if cut.bib:
        inside = np.maximum(inside, _bib(form))
    down = (form.up(0) - y) / (form.up(0) - form.down(1))
    off = np.interp(down, shares, stands)
    moved = form.points + (np.where(down > 0.05, slack, 1.0) * off)[:, None] * form.normals
    if cut.wide:
        moved = _widen(form, moved, down, slack * cut.wide)
    return shell(form, inside, moved, colour, lined=LINING_M if stands[-1] > TIGHT_M else 0.0)


def _widen(form: Form, moved: Float64, down: Float64, wide: float) -> Float64:
    """Legs as cones: from the thigh's own girth to a radius of `wide` metres at the ankle, not past the middle."""
    middle = np.sign(form.points[:, :1]) * form.joint["left_hip"] * [1, 0, 1]
    x, _, z = (moved - middle).T
    radius = np.hypot(x, z)
    least = np.minimum(np.interp(down, [0.15, 0.35, 1], [0, 0.1, wide]), form.joint["left_hip"][0] - 0.004)
    grown = np.maximum(1, least / np.maximum(radius, 1e-6))
    return np.asarray(middle + (moved - middle) * np.stack([grown, np.ones_like(grown), grown], 1))


def _bib(form: Form) -> Float64:
    """A bib in front with straps over the shoulders to the waist at the back."""
    x, y, z = form.points.T
    front = z - form.joint["left_shoulder"][2]
    bib = np.minimum.reduce([0.12 - abs(x), form.up(0.72) - y, front])
    strap = np.minimum(0.024 - abs(abs(x) - 0.085), form.head["neck01"][1] + 0.04 - y)
    return np.asarray(np.minimum(np.maximum(bib, strap), y - form.up(0.1)))


def _hang(form: Form, waist: float, hem: float, flare: float, ease: float, colour: RGB, front: float = 0.0) -> Piece:
    """Cloth that hangs around both legs from the waist, a share of the trunk, to the hem, a share of the leg, open
    `front` metres to each side of the middle if at all."""
    heights = np.arange(form.up(waist), form.down(hem) - 0.015, -0.03)
    girth = np.maximum.accumulate(outline(form, _trunk(form) | form.of("lowerleg"), heights))
    out = girth + ease + flare * np.maximum(form.up(0.1) - heights, 0)[:, None]
    angle = np.arange(out.shape[1]) * 2 * np.pi / out.shape[1] + np.pi / 2
    if front:
        angle = np.pi / 2 + np.linspace(front / 0.15, 2 * np.pi - front / 0.15, len(angle))
    grid_y, grid_angle = np.meshgrid(heights, angle, indexing="ij")
    radius = _look_up(out, heights, grid_y, grid_angle)
    rings = np.stack([radius * np.cos(grid_angle), grid_y, radius * np.sin(grid_angle)], -1)
    rings[..., 2] += form.joint["left_hip"][2]
    return sheet(rings, _swing(form, rings), colour, around=not front)


def _swing(form: Form, points: Float64) -> Float64:
    """(..., B) weights of hanging cloth (..., 3): the trunk's at the waist, then each half its thigh's, and below the
    knee rather its shin's."""
    x, y, z = np.moveaxis(points, -1, 0)
    hip, knee = form.joint["left_hip"], form.joint["left_knee"]
    leg = _smooth((hip[1] + 0.06 - y) / 0.2) * (1 - BEHIND * _smooth((hip[2] - z) / 0.15))
    left = np.clip(0.5 + x / (2 * hip[0]), 0, 1)
    shin = 0.75 * _smooth((knee[1] + 0.08 - y) / 0.2)
    weights = borrow(form, points, ("spine", "root", "pelvis")) * (1 - leg)[..., None]
    for letter, side in (("L", left), ("R", 1 - left)):
        weights[..., form.bones.index(f"upperleg02.{letter}")] += leg * side * (1 - shin)
        weights[..., form.bones.index(f"lowerleg01.{letter}")] += leg * side * shin
    return weights


def _smooth(share: Float64) -> Float64:
    """From 0 to 1 without a kink."""
    share = np.clip(share, 0, 1)
    return np.asarray(share * share * (3 - 2 * share))


def _hood(form: Form, colour: RGB) -> Piece:
    """A hood thrown back: a roll around the neck from one collar bone to the other, full at the back."""
    neck = form.head["neck01"]
    around = np.linspace(-0.15, 1.15, 13) * np.pi
    back = np.clip(np.sin(around), 0, 1)
    path = neck + np.stack([0.1 * np.cos(around), -0.005 - 0.015 * back, -0.02 - 0.085 * np.sin(around)], 1)
    full = 0.02 + 0.03 * back
    return tube(form, path, full, full, ("spine", "clavicle", "shoulder"), colour, across=(0, 1, 0))
