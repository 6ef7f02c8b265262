"""Creators: people who make many clips. Each keeps a body, a face and a way of dancing from clip to clip."""

from dataclasses import dataclass

import numpy as np

from dancecore.moves.style import Style
from dancecore.synthetic.rig import Shape
from dancecore.synthetic.settings import PeopleSettings, WardrobeSettings
from dancecore.synthetic.wardrobe import Person, draw_person

STREAM = 0xC4EA70
"""Keeps the numbers that draw creators apart from those that draw clips."""


@dataclass(frozen=True, slots=True)
class Creator:
    """What lasts with one person. `creator_id` is "cr_0001" for creator 1."""

    creator_id: str
    shape: Shape
    style: Style
    person: Person


def draw_creator(number: int, people: PeopleSettings, wardrobe: WardrobeSettings) -> Creator:
    """The creator of this number, 0 or more: the same one in every clip."""
    body, dance, face = np.random.default_rng([STREAM, number]).spawn(3)
    return Creator(f"cr_{number:04d}", _shape(body, people), _style(dance, people), draw_person(face, wardrobe))


def _shape(rng: np.random.Generator, settings: PeopleSettings) -> Shape:
    ranges = (settings.gender, settings.age, settings.muscle, settings.weight, settings.height, settings.proportions)
    return Shape(*(float(rng.uniform(*each)) for each in ranges))


def _style(rng: np.random.Generator, settings: PeopleSettings) -> Style:
    names = ("amplitude", "sharpness", "delay", "timing", "asymmetry", "noise_deg")
    numbers = {name: float(rng.uniform(*getattr(settings, name))) for name in names}
    return Style(**numbers, habit=int(rng.integers(2**31)), seed=0)
