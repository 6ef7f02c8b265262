"""What makes one synthetic dance different from another, and drawing it: everything follows from a seed."""

import colorsys
import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np

from dancecore.errors import DanceError
from dancecore.moves.style import Style
from dancecore.moves.taxonomy import Move, Taxonomy
from dancecore.synthetic.clothes import RGB, Look
from dancecore.synthetic.idle import load_non_dance
from dancecore.synthetic.music import BEATS_A_BAR
from dancecore.synthetic.rig import Shape
from dancecore.synthetic.scene import Scene, draw_scene
from dancecore.synthetic.settings import DanceSettings, PeopleSettings, SyntheticSettings, WardrobeSettings
from dancecore.types import IntT

SKINS: tuple[RGB, ...] = ((246, 214, 190), (228, 184, 152), (198, 146, 110), (150, 102, 72), (98, 64, 46))
"""Skin under full light from pale to deep; a dancer's lies between two neighbours."""

HAIRS: tuple[RGB, ...] = ((28, 22, 20), (62, 40, 26), (120, 78, 42), (196, 156, 96), (150, 150, 150))
"""Black, dark brown, brown, blond, grey."""

Role = Literal["lead", "follow", "bystander"]


@dataclass(frozen=True, slots=True)
class Step:
    """`beats` of one move of the taxonomy, or of something that is no dance (`dance` False)."""

    move_id: str
    beats: int
    mirror: bool
    dance: bool


@dataclass(frozen=True, slots=True)
class Take:
    """The dance from `start_beat` to `end_beat` shown from one camera, `speed` times as fast as it was danced."""

    start_beat: float
    end_beat: float
    speed: float


@dataclass(frozen=True, slots=True)
class Dance:
    """What is danced to what music, and which of it is shown."""

    bpm: float
    steps: tuple[Step, ...]
    blend_beats: float
    music_seed: int
    takes: tuple[Take, ...]


@dataclass(frozen=True, slots=True)
class Dancer:
    """One person in the clip. `place`: metres to the left and forward; `turn`: degrees to the left of facing forward.

    The `lead`, who is labelled, comes first of the dancers of a clip.
    """

    shape: Shape
    style: Style
    look: Look
    place: tuple[float, float]
    turn: float
    role: Role


@dataclass(frozen=True, slots=True)
class Knobs:
    """One synthetic clip: what is danced, by whom, and where it is filmed. `fps`: the video's frames a second."""

    seed: int
    fps: int
    dance: Dance
    dancers: tuple[Dancer, ...]
    scene: Scene


def draw_knobs(seed: int, settings: SyntheticSettings, taxonomy: Taxonomy) -> Knobs:
    """The dance of this seed; the same seed, settings and taxonomy give the same one.

    Raises DanceError("INVALID_INPUT") when no move of the taxonomy is danced at the tempo that is drawn.
    """
    music, people, wardrobe, place = np.random.default_rng(seed).spawn(4)  # one room's new knob changes no other's
    dance = _dance(music, settings.dance, taxonomy)
    lead = Dancer(
        _shape(people, settings.people), _style(people, settings.people), _look(wardrobe, settings.wardrobe),
        (0.0, 0.0), 0.0, "lead",
    )  # fmt: skip
    scene = draw_scene(place, settings.scene, len(dance.takes))
    return Knobs(seed, int(place.choice(settings.scene.fps)), dance, (lead,), scene)


def _dance(rng: np.random.Generator, settings: DanceSettings, taxonomy: Taxonomy) -> Dance:
    bpm = round(rng.uniform(*settings.bpm), 1)
    beats = BEATS_A_BAR * int(rng.choice(_bars(settings, bpm)))
    return Dance(
        bpm,
        _steps(rng, settings, taxonomy, bpm, beats),
        float(rng.uniform(*settings.blend_beats)),
        int(rng.integers(2**31)),
        (Take(float(rng.uniform()), float(beats), 1.0),),
    )


def _bars(settings: DanceSettings, bpm: float) -> IntT:
    """How many bars last as long as a clip may, also when its first beat is cut off."""
    bar_s = BEATS_A_BAR * 60 / bpm
    shortest, longest = settings.seconds
    fewest = math.ceil((shortest + bar_s / BEATS_A_BAR) / bar_s)
    return np.arange(fewest, max(fewest, math.floor(longest / bar_s)) + 1)


def _steps(
    rng: np.random.Generator, settings: DanceSettings, taxonomy: Taxonomy, bpm: float, beats: int
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


def _shape(rng: np.random.Generator, settings: PeopleSettings) -> Shape:
    ranges = (settings.gender, settings.age, settings.muscle, settings.weight, settings.height, settings.proportions)
    return Shape(*(float(rng.uniform(*each)) for each in ranges))


def _style(rng: np.random.Generator, settings: PeopleSettings) -> Style:
    ranges = (settings.amplitude, settings.sharpness, settings.delay, settings.asymmetry, settings.noise_deg)
    amplitude, sharpness, delay, asymmetry, noise_deg = (float(rng.uniform(*each)) for each in ranges)
    return Style(amplitude, sharpness, delay, asymmetry, noise_deg, int(rng.integers(2**31)))


def _look(rng: np.random.Generator, settings: WardrobeSettings) -> Look:
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
