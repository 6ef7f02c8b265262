"""What there is to wear: the numbers each garment is cut by.

Heights are shares of the trunk (0 at the hips, 1 at the shoulders) or of the leg (0 at the hips, 1 at the ankles), so
that a cut fits any body; how far cloth stands off the skin is in metres.
"""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Top:
    """`sleeve`: share of the arm from the shoulder to the wrist, None: cut off at the armhole; `hem`: share of the
    trunk; `stand`: metres off the skin; `drape`: 0 follows the waist, 1 falls straight from the chest; `scoop`: metres
    by which the neckline is lowered; `cuff`: metres that sleeves stand off more at their end; `tail`: share of the leg
    down to which cloth hangs around both legs, 0: none; `front`: half the width of an opening, metres, 0: closed."""

    sleeve: float | None
    hem: float
    stand: float
    drape: float
    scoop: float
    cuff: float = 0.0
    tail: float = 0.0
    front: float = 0.0
    hood: bool = False


@dataclass(frozen=True, slots=True)
class Trousers:
    """From the `waist`, a share of the trunk; `leg`: (share of the leg, metres off the skin) downward, the last at the
    hem; `wide`: metres from the ankle to cloth that falls straight, 0: it follows the leg; `bib`: with straps."""

    waist: float
    leg: tuple[tuple[float, float], ...]
    wide: float = 0.0
    bib: bool = False


@dataclass(frozen=True, slots=True)
class Skirt:
    """From the `waist`, a share of the trunk, to the `hem`, a share of the leg; `flare` metres out a metre down."""

    waist: float
    hem: float
    flare: float


TOPS = {
    "vest": Top(None, -0.06, 0.008, 0.3, 0.05),
    "crop_top": Top(0.22, 0.5, 0.006, 0.2, 0.03),
    "t_shirt": Top(0.45, -0.08, 0.014, 0.5, 0.02, cuff=0.015),
    "long_sleeve": Top(0.97, -0.06, 0.008, 0.3, 0.02),
    "oversized_t_shirt": Top(0.75, 0.0, 0.03, 1.0, 0.02, cuff=0.035, tail=0.3),
    "hoodie": Top(0.98, -0.08, 0.03, 1.0, 0.0, cuff=0.01, hood=True),
    "jacket": Top(0.98, -0.06, 0.024, 1.0, 0.0, cuff=0.01, front=0.05),
    "long_coat": Top(0.98, 0.0, 0.026, 0.8, 0.0, cuff=0.015, tail=0.68, front=0.05),
}
UNDERSHIRT = Top(None, 0.1, 0.005, 0.2, 0.03)
"""What shows where a top is open in front."""

BOTTOMS: dict[str, Trousers | Skirt] = {
    "leggings": Trousers(0.2, ((0, 0.004), (0.97, 0.004))),
    "joggers": Trousers(0.2, ((0, 0.008), (0.12, 0.01), (0.3, 0.028), (0.8, 0.04), (0.94, 0.03), (0.97, 0.006))),
    "wide_trousers": Trousers(0.24, ((0, 0.008), (0.12, 0.01), (0.3, 0.03), (0.97, 0.04)), wide=0.135),
    "shorts": Trousers(0.18, ((0, 0.008), (0.12, 0.01), (0.25, 0.028), (0.42, 0.04))),
    "short_skirt": Skirt(0.2, 0.4, 0.32),
    "long_skirt": Skirt(0.24, 0.9, 0.12),
}
ONE_PIECES: dict[str, tuple[Top, Trousers | Skirt]] = {
    "dress": (Top(None, 0.17, 0.006, 0.2, 0.05), Skirt(0.24, 0.52, 0.25)),
    "gown": (Top(0.97, 0.17, 0.006, 0.2, 0.02), Skirt(0.24, 0.95, 0.2)),
    "dungarees": (
        Top(0.4, 0.2, 0.006, 0.0, 0.02, cuff=0.012),
        Trousers(0.32, ((0, 0.014), (0.3, 0.026), (0.95, 0.028)), bib=True),
    ),
}
