"""What apps and fingers put over a picture: captions, stickers, a progress bar, buttons, a fingertip on the lens."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal, get_args

import cv2
import numba
import numpy as np

from dancecore.synthetic.settings import PropSettings
from dancecore.types import RGB, Float, Image

OverlayKind = Literal["caption", "sticker", "buttons", "progress", "finger"]
OVERLAYS: tuple[OverlayKind, ...] = get_args(OverlayKind)

CAPTIONS = (
    "wait for the end", "new dance!!", "day 12 of practice", "slow version", "part 2", "POV: friday night",
    "tag a friend", "learned this today", "100% effort", "tutorial soon",
)  # fmt: skip
"""What captions say."""

WIDEST = 0.8
"""Of the picture's width, for the letters of a caption."""

FONT, OUTLINE = cv2.FONT_HERSHEY_DUPLEX, (20.0, 20.0, 20.0)


@dataclass(frozen=True, slots=True)
class Overlay:
    """One thing over the picture. Its middle is at `x`, `y`, shares of the picture's width and height, `size` is its
    height as a share of the shorter side; captions say CAPTIONS[`words`]. A progress bar lies along the lower edge."""

    kind: OverlayKind
    x: float
    y: float
    size: float
    colour: RGB
    words: int


def draw_overlays(rng: np.random.Generator, settings: PropSettings) -> tuple[Overlay, ...]:
    """Each kind with its share's probability, where apps put it: at the edges, off the dancer's middle."""
    drawn = []
    for kind in OVERLAYS:
        where = settings.overlays[kind]
        x, y, size = (float(rng.uniform(*each)) for each in (where.x, where.y, where.size))
        hue = np.array([[[rng.integers(180), 200, 240]]], np.uint8)
        r, g, b = (float(value) for value in cv2.cvtColor(hue, cv2.COLOR_HSV2RGB)[0, 0])
        light, dark = (245.0, 245.0, 245.0), (20.0, 20.0, 20.0)
        skin = float(rng.uniform(*settings.finger_skin))
        colour = {"caption": light if rng.uniform() < 0.5 else dark, "buttons": light,
                  "finger": (225 * skin, 165 * skin, 135 * skin)}.get(kind, (r, g, b))  # fmt: skip
        mirrored = 1 - x if kind in ("sticker", "finger") and rng.uniform() < 0.5 else x
        at = 1 - y if kind == "caption" and rng.uniform() < 0.5 else y
        words = int(rng.integers(len(CAPTIONS)))
        if rng.uniform() < settings.overlay_shares[kind]:
            drawn.append(Overlay(kind, mirrored, at, size, colour, words))
    return tuple(drawn)


@dataclass(frozen=True, slots=True)
class Layer:
    """What lies over the pictures rows from `top` and columns from `left` on: colour (h, w, 3) float32 0..255, already
    weighed by what it covers; cover (h, w) float32 0..1."""

    top: int
    left: int
    colour: Float
    cover: Float

    def over(self, image: Image) -> None:
        """Put the layer on the picture (H, W, 3) uint8, in place."""
        height, width = self.cover.shape
        _over(self.colour, self.cover, image[self.top : self.top + height, self.left : self.left + width])


def layer(overlays: Sequence[Overlay], width: int, height: int) -> Layer:
    """All of them in one layer, later ones on top."""
    colour, cover = np.zeros((height, width, 3), np.float32), np.zeros((height, width), np.float32)
    for overlay in overlays:
        drawn, mask = np.zeros((height, width, 3), np.uint8), np.zeros((height, width), np.uint8)
        _DRAW[overlay.kind](overlay, drawn, mask)
        if overlay.kind == "finger":  # it touches the lens: never sharp
            spread = overlay.size * min(width, height) / 5
            drawn[:], mask[:] = overlay.colour, cv2.GaussianBlur(mask, (0, 0), spread)
        share = mask.astype(np.float32) / 255
        colour += share[..., None] * (drawn - colour)
        cover += share * (1 - cover)
    left, top, wide, high = cv2.boundingRect(np.asarray(cover > 0, np.uint8))
    part = (slice(top, top + high), slice(left, left + wide))
    return Layer(top, left, colour[part], cover[part])


def progress(overlays: Sequence[Overlay], image: Image, share: float) -> None:
    """Draw the bars that say how much of the clip is over, in place."""
    height, width = image.shape[:2]
    for overlay in overlays:
        if overlay.kind == "progress":
            thick = max(2, round(overlay.size * min(width, height)))
            image[height - thick :] = np.asarray(0.6 * image[height - thick :] + 30, np.uint8)
            image[height - thick :, : round(share * width)] = np.array(overlay.colour, np.uint8)


def _caption(overlay: Overlay, drawn: Image, mask: Image) -> None:
    """White on a bar, or outlined in black where the bar would be too dark to be seen."""
    height, width = mask.shape
    words, scale = CAPTIONS[overlay.words], overlay.size * min(width, height) / 30
    (wide, high), _ = cv2.getTextSize(words, FONT, scale, 1)
    if wide > WIDEST * width:
        scale, high, wide = scale * WIDEST * width / wide, round(high * WIDEST * width / wide), round(WIDEST * width)
    left, low = round(overlay.x * width - wide / 2), round(overlay.y * height + high / 2)
    if sum(overlay.colour) > 150:
        cv2.rectangle(
            mask, (left - high // 2, low - 3 * high // 2), (left + wide + high // 2, low + high // 2), 255, -1
        )
        cv2.rectangle(drawn, (0, 0), (width, height), overlay.colour, -1)
        cv2.putText(drawn, words, (left, low), FONT, scale, OUTLINE, 1, cv2.LINE_AA)
        return
    cv2.putText(drawn, words, (left, low), FONT, scale, (255.0, 255.0, 255.0), 1, cv2.LINE_AA)
    cv2.putText(mask, words, (left, low), FONT, scale, 255, 1, cv2.LINE_AA)
    mask[:] = cv2.dilate(mask, np.ones((3, 3), np.uint8))  # what the letters do not fill stays black about them


def _sticker(overlay: Overlay, drawn: Image, mask: Image) -> None:
    """A round face with eyes and a smile."""
    height, width = mask.shape
    x, y, r = (round(v) for v in (overlay.x * width, overlay.y * height, overlay.size * min(width, height) / 2))
    cv2.circle(mask, (x, y), r, 255, -1, cv2.LINE_AA)
    cv2.circle(drawn, (x, y), r + 1, overlay.colour, -1, cv2.LINE_AA)
    for side in (-1, 1):
        cv2.circle(drawn, (x + side * r // 3, y - r // 4), max(1, r // 7), OUTLINE, -1, cv2.LINE_AA)
    cv2.ellipse(drawn, (x, y), (r // 2, r // 2), 0, 20, 160, OUTLINE, max(1, r // 8), cv2.LINE_AA)


def _buttons(overlay: Overlay, drawn: Image, mask: Image) -> None:
    """A column of round buttons and the bars of their numbers."""
    height, width = mask.shape
    drawn[:] = overlay.colour
    x, r = round(overlay.x * width), round(overlay.size * min(width, height) / 2)
    for step in range(4):
        y = round(overlay.y * height) + round((step - 1.5) * 3.4 * r)
        cv2.circle(mask, (x, y), r, 200, -1 if step % 2 else max(2, r // 4), cv2.LINE_AA)
        cv2.rectangle(mask, (x - r // 2, y + 5 * r // 4), (x + r // 2, y + 3 * r // 2), 180, -1)


def _finger(overlay: Overlay, drawn: Image, mask: Image) -> None:
    height, width = mask.shape
    side = overlay.size * min(width, height)
    axes = (round(0.7 * side), round(side))
    cv2.ellipse(mask, (round(overlay.x * width), round(overlay.y * height)), axes, 30, 0, 360, 255, -1)


def _no_still_part(overlay: Overlay, drawn: Image, mask: Image) -> None:
    """A progress bar moves: `progress` draws it."""


_DRAW = {
    "caption": _caption, "sticker": _sticker, "buttons": _buttons, "finger": _finger, "progress": _no_still_part,
}  # fmt: skip


@numba.njit(cache=True)
def _over(colour: Float, cover: Float, image: Image) -> None:
    for row in range(image.shape[0]):
        for col in range(image.shape[1]):
            if cover[row, col] > 0:
                for i in range(3):
                    bare = (np.float32(1) - cover[row, col]) * image[row, col, i]
                    image[row, col, i] = np.uint8(bare + colour[row, col, i] + np.float32(0.5))
