"""What makes one synthetic dance different from another, and drawing it: everything follows from a seed."""

import colorsys
import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from dancecore.errors import DanceError
from dancecore.moves.style import Style
from dancecore.moves.taxonomy import Move, Taxonomy
from dancecore.settings import SyntheticSettings
from dancecore.synthetic.backdrop import KINDS, Backdrop
from dancecore.synthetic.clothes import RGB, Look
from dancecore.synthetic.idle import load_non_dance
from dancecore.synthetic.music import BEATS_A_BAR
from dancecore.synthetic.rig import Shape
from dancecore.types import IntT

SKINS: tuple[RGB, ...] = ((246, 214, 190), (228, 184, 152), (198, 146, 110), (150, 102, 72), (98, 64, 46))
"""Skin under full light from pale to deep; a dancer's lies between two neighbours."""

HAIRS: tuple[RGB, ...] = ((28, 22, 20), (62, 40, 26), (120, 78, 42), (196, 156, 96), (150, 150, 150))
"""Black, dark brown, brown, blond, grey."""


@dataclass(frozen=True, slots=True)
class Step:
    """`beats` of one move of the taxonomy, or of something that is no dance (`dance` False)."""

    move_id: str
    beats: int
    mirror: bool
    dance: bool


@dataclass(frozen=True, slots=True)
class View:
    """Where the camera stands, framed on the dancer: see the section of `configs/synthetic.yaml`."""

    width: int
    height: int
    yaw: float
    pitch: float
    roll: float
    fov: float
    body_share: float
    off_x: float
    off_y: float


@dataclass(frozen=True, slots=True)
class Lamp:
    """`ambient` 0..1; `yaw` from the camera, `pitch` above the floor, degrees."""

    ambient: float
    yaw: float
    pitch: float


@dataclass(frozen=True, slots=True)
class Knobs:
    """One synthetic dance. `first_beat` 0..1: the picture begins so much of a beat after the first step does."""

    seed: int
    fps: int
    bpm: float
    first_beat: float
    steps: tuple[Step, ...]
    blend_beats: float
    style: Style
    shape: Shape
    look: Look
    view: View
    lamp: Lamp
    backdrop: Backdrop
    crf: int


def draw_knobs(seed: int, settings: SyntheticSettings, taxonomy: Taxonomy) -> Knobs:
    """The dance of this seed; the same seed, settings and taxonomy give the same one.

    Raises DanceError("INVALID_INPUT") when no move of the taxonomy is danced at the tempo that is drawn.
    """
    rng = np.random.default_rng(seed)
    bpm = round(rng.uniform(*settings.bpm), 1)
    beats = BEATS_A_BAR * int(rng.choice(_bars(settings, bpm)))
    return Knobs(
        seed=seed,
        fps=int(rng.choice(settings.fps)),
        bpm=bpm,
        first_beat=float(rng.uniform()),
        steps=_steps(rng, settings, taxonomy, bpm, beats),
        blend_beats=float(rng.uniform(*settings.blend_beats)),
        style=Style(
            float(rng.uniform(*settings.amplitude)), float(rng.uniform(*settings.sharpness)),
            float(rng.uniform(*settings.delay)), float(rng.uniform(*settings.asymmetry)),
            float(rng.uniform(*settings.noise_deg)), int(rng.integers(2**31)),
        ),
        shape=_shape(rng, settings),
        look=_look(rng, settings),
        view=_view(rng, settings),
        lamp=Lamp(*(float(rng.uniform(*r)) for r in (settings.ambient, settings.light_yaw, settings.light_pitch))),
        backdrop=_backdrop(rng, settings),
        crf=settings.crf,
    )  # fmt: skip


def _bars(settings: SyntheticSettings, bpm: float) -> IntT:
    """How many bars last as long as a clip may, also when its first beat is cut off."""
    bar_s = BEATS_A_BAR * 60 / bpm
    shortest, longest = settings.seconds
    fewest = math.ceil((shortest + bar_s / BEATS_A_BAR) / bar_s)
    return np.arange(fewest, max(fewest, math.floor(longest / bar_s)) + 1)


def _steps(
    rng: np.random.Generator, settings: SyntheticSettings, taxonomy: Taxonomy, bpm: float, beats: int
) -> tuple[Step, ...]:
    """Moves danced at this tempo, none twice in a row, with non-dance between some of them, `beats` in all."""
    moves = [move for move in taxonomy.moves.values() if move.bpm[0] <= bpm <= move.bpm[1]]
    if not moves:
        raise DanceError("INVALID_INPUT", f"no move of {taxonomy.semver} is danced at {bpm} bpm")
    idle = sorted(load_non_dance())
    steps: list[Step] = []
    left = beats
    while left:
        before = steps[-1] if steps else None
        fits = [move for move in moves if (not before or move.move_id != before.move_id)
                and _lengths(move, settings.move_beats, left)]  # fmt: skip
        rest = rng.uniform() < settings.other_share and (before is None or before.dance)
        if rest or not fits:
            steps.append(Step(str(rng.choice(idle)), BEATS_A_BAR, False, False))
        else:
            move = fits[rng.integers(len(fits))]
            length = int(rng.choice(_lengths(move, settings.move_beats, left)))
            mirror = move.mirrorable and bool(rng.uniform() < settings.mirror_share)
            steps.append(Step(move.move_id, length, mirror, True))
        left -= steps[-1].beats
    return tuple(steps)


def _lengths(move: Move, lengths: Sequence[int], left: int) -> list[int]:
    """Lengths that hold whole phrases of the move and still fit."""
    return [beats for beats in lengths if beats <= left and beats % move.beats == 0]


def _shape(rng: np.random.Generator, settings: SyntheticSettings) -> Shape:
    ranges = (settings.gender, settings.age, settings.muscle, settings.weight, settings.height, settings.proportions)
    return Shape(*(float(rng.uniform(*each)) for each in ranges))


def _look(rng: np.random.Generator, settings: SyntheticSettings) -> Look:
    return Look(
        skin=_between(SKINS, rng),
        hair=_between(HAIRS, rng),
        top=_cloth(rng),
        bottom=_cloth(rng),
        shoes=_cloth(rng),
        sleeve=float(rng.uniform(*settings.sleeve)),
        leg=float(rng.uniform(*settings.leg)),
        loose_m=float(rng.uniform(*settings.loose_m)),
        hair_m=float(rng.uniform(*settings.hair_m)),
        hair_drop_m=float(rng.uniform(*settings.hair_drop_m)),
    )


def _between(palette: Sequence[RGB], rng: np.random.Generator) -> RGB:
    at = rng.uniform(0, len(palette) - 1)
    channels = np.array(palette).T
    r, g, b = (float(np.interp(at, range(len(palette)), channel)) for channel in channels)
    return r, g, b


def _cloth(rng: np.random.Generator) -> RGB:
    """Any hue, washed out to strong, dark to light."""
    r, g, b = colorsys.hsv_to_rgb(rng.uniform(), rng.uniform(0, 0.8), rng.uniform(0.15, 0.95))
    return 255 * r, 255 * g, 255 * b


def _view(rng: np.random.Generator, settings: SyntheticSettings) -> View:
    width, height = settings.sizes[rng.integers(len(settings.sizes))]
    ranges = (settings.yaw, settings.pitch, settings.roll, settings.fov, settings.body_share,
              settings.off_centre, settings.off_centre)  # fmt: skip
    return View(width, height, *(float(rng.uniform(*each)) for each in ranges))


def _backdrop(rng: np.random.Generator, settings: SyntheticSettings) -> Backdrop:
    kind = KINDS[rng.choice(len(KINDS), p=np.array(settings.backdrop_shares))]
    wall, floor = (colorsys.hsv_to_rgb(rng.uniform(), rng.uniform(0, 0.3), rng.uniform(0.4, 0.95)) for _ in range(2))
    return Backdrop(
        kind, _rgb(wall), _rgb(floor), float(rng.uniform(*settings.room_m)), float(rng.uniform(-45, 45)),
        float(rng.uniform(*settings.tile_m)), int(rng.integers(2**31)),
    )  # fmt: skip


def _rgb(share: RGB) -> RGB:
    return 255 * share[0], 255 * share[1], 255 * share[2]
