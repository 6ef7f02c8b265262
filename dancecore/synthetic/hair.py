"""Hair and what covers it: shells on the skull, and tails, braids and brims of their own.

Lengths are metres: adults' heads differ in size by a few per cent.
"""

from collections.abc import Callable
from dataclasses import replace

import numpy as np

from dancecore.synthetic.cloth import Piece, Worn, borrow, lining, sheet, shell, tube
from dancecore.synthetic.form import Form
from dancecore.types import RGB, Float64

HEAD = ("head", "neck")
BACK = ("head", "neck", "spine01", "spine02")


def hair(form: Form, style: str, colour: RGB, cloth: RGB) -> Worn:
    """The hair of this style, one of STYLES; `cloth` is the colour of headwear."""
    return STYLES[style](form, colour, cloth)


def _hairline(form: Form, drop_m: float) -> Float64:
    """(V,) metres inside the hair: above the forehead, and behind the ears down to `drop_m` below the eyes."""
    _, y, z = form.points.T
    ear, eye = form.joint["left_ear"], form.joint["left_eye"]
    temples = ear[2] - 0.005 + 0.025 * np.clip((y - ear[1]) / 0.02, 0, 1)
    behind = np.minimum(temples - z, y - eye[1] + drop_m)
    above = y - eye[1] - 0.055 + 0.3 * np.maximum(z - eye[2] + 0.01, 0)
    return np.where(form.of(*HEAD), np.maximum(behind, above), -1.0)


def _beside_ears(form: Form) -> Float64:
    """(V,) metres outside the ears."""
    x, y, z = form.points.T
    ear = form.joint["left_ear"]
    off = np.hypot((y - ear[1] + 0.003) / 0.034, (z - ear[2] + 0.008) / 0.021) - 1
    return np.where(abs(x) > ear[0] - 0.012, 0.02 * off, 1.0)


def _skull(form: Form) -> Float64:
    """The middle of the skull, (3,)."""
    crown = form.points[:, 1].max()
    ear = form.joint["left_ear"]
    return np.array([0.0, 0.45 * crown + 0.55 * ear[1], ear[2] + 0.005])


def _trim(form: Form, colour: RGB, inside: Float64, deep: float | Float64, smooth: int = 6) -> Worn:
    """Hair `deep` metres, a number or (V,), where `inside` > 0 but not on the ears, that follows the skull."""
    inside = np.minimum(inside, _beside_ears(form))
    grown = np.broadcast_to(deep, len(form.points)) * np.clip(inside / 0.03, 0.3, 1)
    moved = form.points + grown[:, None] * form.normals
    return shell(form, inside, moved, colour, smooth, lined=0.03)


def _bald(form: Form, colour: RGB, cloth: RGB) -> Worn:
    return Worn([], [], np.full(len(form.points), -1.0))


def _cropped(form: Form, colour: RGB, cloth: RGB) -> Worn:
    return _trim(form, colour, _hairline(form, 0.05), 0.012)


def _mohawk(form: Form, colour: RGB, cloth: RGB) -> Worn:
    crest = 0.075 * np.exp(-((form.points[:, 0] / 0.02) ** 2))
    return _trim(form, colour, _hairline(form, 0.08), 0.005 + crest, smooth=1)


def _afro(form: Form, colour: RGB, cloth: RGB) -> Worn:
    """A ball about the skull, drawn in towards the face."""
    inside = _hairline(form, 0.06)
    middle = _skull(form)
    out = form.points - middle
    out /= np.linalg.norm(out, axis=1, keepdims=True)
    curls = 0.006 * np.sin(40 * out[:, 0]) * np.sin(40 * out[:, 1] + 1) * np.sin(40 * out[:, 2])
    ball = middle + np.array([0, 0.015, -0.01]) + (0.165 + curls)[:, None] * out
    share = np.clip(inside / 0.025, 0.15, 1)[:, None]
    return shell(form, inside, form.points + share * (ball - form.points), colour, 2)


def _bob(form: Form, colour: RGB, cloth: RGB) -> Worn:
    worn = _trim(form, colour, _hairline(form, 0.1), 0.02)
    curtain = _curtain(form, colour, form.joint["mouth_left"][1] - 0.035)
    return Worn([*worn.pieces, curtain], [lining(curtain)], worn.cover)


def _curtain(form: Form, colour: RGB, bottom: float) -> Piece:
    """Straight hair from above the ears around the back of the head, down to a height."""
    ear, middle = form.joint["left_ear"], _skull(form)
    top = ear[1] + 0.05
    heights = np.linspace(top, bottom, 7)
    angle = np.linspace(-0.06, 1.06, 21) * np.pi
    wide = np.interp(heights, [bottom, ear[1], top], ear[0] + np.array([0.02, 0.022, 0.004]))[:, None]
    deep = np.interp(heights, [bottom, ear[1], top], [0.105, 0.122, 0.12])[:, None]
    rings = np.stack([wide * np.cos(angle), heights[:, None] + 0 * angle, middle[2] - deep * np.sin(angle)], -1)
    return sheet(rings[:, ::-1], borrow(form, rings[:, ::-1], HEAD), colour, around=False)


def _long(form: Form, colour: RGB, cloth: RGB) -> Worn:
    """Down the back to between the shoulder blades."""
    worn = _trim(form, colour, _hairline(form, 0.12), 0.018)
    crown, nape, end = form.joint["left_ear"][1] + 0.06, form.head["neck01"][1], form.up(0.62)
    heights = np.linspace(crown, end, 12)
    back = [_behind(form, y) for y in heights]
    path = np.stack([np.zeros(12), heights, np.array(back) - np.linspace(-0.03, 0.02, 12)], 1)
    wide = np.interp(heights, [end, nape, crown], [0.085, 0.115, 0.06])
    deep = np.interp(heights, [end, nape, crown], [0.012, 0.04, 0.03])
    fall, curtain = tube(form, path, wide, deep, BACK, colour, sides=16), _curtain(form, colour, nape)
    return Worn([*worn.pieces, fall, curtain], [lining(curtain)], worn.cover)


def _behind(form: Form, y: float) -> float:
    """How far back, z in metres, the skin of head and back reaches near this height in the middle."""
    x, height, z = form.points.T
    near = (abs(x) < 0.06) & (abs(height - y) < 0.02)
    return float(z[near].min())


def _ponytail(form: Form, colour: RGB, cloth: RGB) -> Worn:
    worn = _trim(form, colour, _hairline(form, 0.07), 0.01)
    start = _skull(form) + np.array([0, 0.03, -0.1])
    step = np.linspace(0, 1, 10)[:, None]
    path = start + step * [0, -0.3, -0.02] + np.sin(step * np.pi) * [0, 0.06, -0.07]
    full = np.interp(step[:, 0], [0, 0.1, 0.4, 1], [0.018, 0.026, 0.036, 0.008])
    return replace(worn, pieces=[*worn.pieces, tube(form, path, full, full, ("head",), colour)])


def _bun(form: Form, colour: RGB, cloth: RGB) -> Worn:
    worn = _trim(form, colour, _hairline(form, 0.07), 0.01)
    middle = _skull(form) + np.array([0, 0.105, -0.07])
    return replace(worn, pieces=[*worn.pieces, _ball(form, middle, 0.05, colour)])


def _ball(form: Form, middle: Float64, radius: float, colour: RGB) -> Piece:
    at = np.linspace(-0.95, 0.95, 7)
    full = radius * np.sqrt(1 - at**2)
    return tube(form, middle + at[:, None] * [0, radius, 0], full, full, ("head",), colour)


def _braids(form: Form, colour: RGB, cloth: RGB) -> Worn:
    """One from above each ear, out and down to the shoulder."""
    worn = _trim(form, colour, _hairline(form, 0.08), 0.012)
    ear = form.joint["left_ear"]
    step = np.linspace(0, 1, 17)
    full = 0.022 + 0.006 * np.sin(step * 7 * np.pi) - 0.008 * step
    fall = np.stack([ear[0] - 0.01 + 0.075 * np.sin(step * 2), ear[1] + 0.03 - 0.24 * step**1.5, 0 * step - 0.01], 1)
    sides = [tube(form, fall * [side, 1, 1], full, full, ("head",), colour, sides=8) for side in (1, -1)]
    return replace(worn, pieces=worn.pieces + sides)


def _cap(form: Form, colour: RGB, cloth: RGB) -> Worn:
    """A baseball cap over short hair."""
    eye = form.joint["left_eye"]
    above, ahead = form.points[:, 1] - eye[1], eye[2] - form.points[:, 2]
    angle, reach = np.linspace(0.12, 0.88, 13) * np.pi, np.array([[-0.02], [0.03], [0.07]])
    rings = np.stack([
        (form.joint["left_ear"][0] + 0.01) * np.cos(angle) + 0 * reach, eye[1] + 0.055 - 0.3 * reach + 0 * angle,
        eye[2] - 0.04 + (0.045 + reach) * np.sin(angle),
    ], -1)[:, ::-1]  # fmt: skip
    brim = sheet(rings, borrow(form, rings, ("head",)), cloth, around=False)
    worn = _covered(form, colour, cloth, above - 0.05 + 0.2 * ahead, 0.018 * form.normals)
    return Worn([*worn.pieces, brim], [*worn.linings, lining(brim)], worn.cover)


def _beanie(form: Form, colour: RGB, cloth: RGB) -> Worn:
    """Knitted, pulled over the ears, with a slouching top."""
    eye = form.joint["left_eye"]
    above, ahead = form.points[:, 1] - eye[1], eye[2] - form.points[:, 2]
    high = np.clip((form.points[:, 1] - _skull(form)[1]) / 0.1, 0, 1)[:, None]
    slouch = 0.02 * form.normals + high**2 * np.array([0, 0.05, -0.04])
    return _covered(form, colour, cloth, above - 0.045 + 0.42 * ahead, slouch)


def _covered(form: Form, colour: RGB, cloth: RGB, inside: Float64, off: Float64) -> Worn:
    """Headwear where `inside` > 0, `off` (V, 3) metres from the skin, over short hair."""
    inside = np.where(form.of("head"), inside, -1.0)
    under = _trim(form, colour, np.minimum(_hairline(form, 0.08), 0.01 - inside), 0.008)
    crown = shell(form, inside, _rounded(form) + off, cloth, outside=False)
    return Worn(under.pieces + crown.pieces, crown.linings, np.maximum(under.cover, 3 * inside))


def _rounded(form: Form) -> Float64:
    """(V, 3) the skin, smooth and swollen where it lies within a plain skull: ears make no bumps under cloth."""
    middle = _skull(form)
    head = form.points[form.of("head")] - middle
    half = np.array([form.joint["left_ear"][0] + 0.01, head[:, 1].max(), -head[:, 2].min()])
    out = _soft(form, form.points) - middle
    swell = np.maximum(1, 1 / np.linalg.norm(out / half, axis=1)) ** np.clip((out[:, 1] + 0.11) / 0.03, 0, 1)
    return np.asarray(middle + out * swell[:, None])


def _soft(form: Form, values: Float64) -> Float64:
    """Values (V, 3) without what changes over less than an ear."""
    for _ in range(12):
        values = form.blur @ values
    return values


def _headscarf(form: Form, colour: RGB, cloth: RGB) -> Worn:
    """Around head and neck, leaving the face free, and down onto the shoulders."""
    x, y, z = form.points.T
    eye, mouth, neck = form.joint["left_eye"], form.joint["mouth_left"], form.head["neck01"]
    face = np.hypot(x / 0.066, (y - (eye[1] + mouth[1]) / 2 - 0.005) / 0.088) * 0.07 - 0.07
    inside = np.minimum.reduce([
        np.maximum(face, form.joint["left_ear"][2] + 0.03 - z), y - neck[1] + 0.06, form.out(-0.1) - abs(x)
    ])  # fmt: skip
    loose = 0.012 + 0.03 * np.clip((mouth[1] - y) / 0.08, 0, 1)
    worn = shell(form, inside, _rounded(form) + loose[:, None] * _soft(form, form.normals), cloth, outside=False)
    return replace(worn, cover=3 * inside)  # ears would come through


STYLES: dict[str, Callable[[Form, RGB, RGB], Worn]] = {
    "bald": _bald, "cropped": _cropped, "mohawk": _mohawk, "afro": _afro, "bob": _bob, "long": _long,
    "ponytail": _ponytail, "bun": _bun, "braids": _braids, "cap": _cap, "beanie": _beanie, "headscarf": _headscarf,
}  # fmt: skip
