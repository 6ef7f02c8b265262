"""What makes one synthetic dance different from another, and drawing it: everything follows from a seed."""

from dataclasses import dataclass, replace
from typing import Literal

import numpy as np

from dancecore.moves.style import Style
from dancecore.moves.taxonomy import Taxonomy
from dancecore.synthetic.creators import draw_creator
from dancecore.synthetic.generators import Step, choreography
from dancecore.synthetic.idle import load_non_dance
from dancecore.synthetic.music import BEATS_A_BAR
from dancecore.synthetic.placing import Placed, clear, room
from dancecore.synthetic.rig import Shape
from dancecore.synthetic.scene import Scene, draw_scene
from dancecore.synthetic.settings import DanceSettings, DrumSettings, SyntheticSettings
from dancecore.synthetic.wardrobe import Outfit, Person, draw_outfit

Role = Literal["lead", "follow", "bystander"]


@dataclass(frozen=True, slots=True)
class Take:
    """The dance from `start_beat` to `end_beat` shown from one camera, `speed` times as fast as it was danced."""

    start_beat: float
    end_beat: float
    speed: float


@dataclass(frozen=True, slots=True)
class Dance:
    """What is danced to what music, and which of it is shown.

    The tempo swings about `bpm` by the share `drift`; off-beats come late by the share `swing` of half a beat (1/3:
    triplets); the music's seed picks the pitches of its `drums` from these ranges. `generator` composed the `steps`; a
    dancer crosses over from one to the next in `blend_beats` or more.
    """

    bpm: float
    drift: float
    swing: float
    music_seed: int
    generator: str
    steps: tuple[Step, ...]
    blend_beats: float
    takes: tuple[Take, ...]
    drums: DrumSettings

    @property
    def beats(self) -> int:
        """The length of the whole dance, shown or not."""
        return sum(step.beats for step in self.steps)


@dataclass(frozen=True, slots=True)
class Dancer:
    """One person in the clip.

    `place`: metres to the left and forward, for legs as long as the neutral body's; `turn`: degrees to the left of
    facing forward. The `lead`, who is labelled, comes first in a clip. A bystander does its own `steps`, the others
    those of the dance.
    """

    creator: str
    shape: Shape
    style: Style
    person: Person
    outfit: Outfit
    place: tuple[float, float]
    turn: float
    role: Role
    steps: tuple[Step, ...]


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
    music, people, wardrobe, place = np.random.default_rng(seed).spawn(4)  # one part's new knob changes no other's
    dance = draw_dance(music, settings.dance, taxonomy)
    scene = draw_scene(place, settings.scene, len(dance.takes))
    dancers = draw_dancers(people, wardrobe, settings, dance, scene.views[0].yaw, taxonomy)
    return Knobs(seed, int(place.choice(settings.scene.fps)), dance, dancers, scene)


def draw_dance(rng: np.random.Generator, settings: DanceSettings, taxonomy: Taxonomy) -> Dance:
    """Steps to music, and what is shown of them. Raises DanceError as `draw_knobs` does."""
    bpm, drift = round(float(rng.uniform(*settings.bpm)), 1), float(rng.uniform(*settings.drift))
    takes = _takes(rng, settings, bpm, drift)
    names = list(settings.generators)
    name = names[rng.choice(len(names), p=[settings.generators[each] for each in names])]
    return Dance(
        bpm=bpm,
        drift=drift,
        swing=float(rng.uniform(*settings.swing)) if rng.uniform() < settings.swing_share else 0.0,
        music_seed=int(rng.integers(2**31)),
        generator=name,
        steps=choreography(name, rng, taxonomy, settings, bpm, int(takes[-1].end_beat)),
        blend_beats=float(rng.uniform(*settings.blend_beats)),
        takes=takes,
        drums=settings.drums,
    )


def _takes(rng: np.random.Generator, settings: DanceSettings, bpm: float, drift: float) -> tuple[Take, ...]:
    """Takes that together last as long as a clip may, also where the tempo drifts; the last one ends with a bar."""
    shortest, longest = settings.seconds[0] / (1 - drift), settings.seconds[1] * (1 - drift)
    cuts = int(rng.choice(settings.cuts)) if rng.uniform() < settings.cut_share else 0
    start, shown_s, takes = float(rng.uniform()), 0.0, []
    for _ in range(cuts):
        speed = _speed(rng, settings)
        length = float(rng.uniform(*settings.take_share)) * shortest / (cuts + 1) * bpm / 60 * speed
        takes.append(Take(start, max(_no_splinter(start + length), start + 1), speed))
        shown_s += (takes[-1].end_beat - start) * 60 / bpm / speed
        skip = float(rng.uniform(*settings.skip_beats)) if rng.uniform() < settings.skip_share else 0.0
        start = _no_splinter(takes[-1].end_beat + skip)
    speed = _speed(rng, settings)
    ends = BEATS_A_BAR * np.arange(1, 100)
    seconds = shown_s + (ends - start) * 60 / bpm / speed
    fits = ends[(ends >= start + 1) & (seconds >= shortest)]
    within = max(1, int((seconds <= longest).sum() - (len(ends) - len(fits))))
    return (*takes, Take(start, float(fits[rng.integers(within)]), speed))


def _speed(rng: np.random.Generator, settings: DanceSettings) -> float:
    return float(rng.uniform(*settings.speed)) if rng.uniform() < settings.speed_share else 1.0


def _no_splinter(beat: float) -> float:
    """The beat, moved to the nearest bar line where a cut would leave less than a beat of a step."""
    line = BEATS_A_BAR * round(beat / BEATS_A_BAR)
    return float(line) if abs(beat - line) < 1 else beat


def draw_dancers(
    rng: np.random.Generator, clothes: np.random.Generator, settings: SyntheticSettings, dance: Dance,
    camera_yaw: float, taxonomy: Taxonomy,
) -> tuple[Dancer, ...]:  # fmt: skip
    """The lead, and whoever dances along or stands by on either side, as the first camera sees them: each another
    creator, none in another's way."""
    people = settings.people
    count = 1 + int(rng.choice(len(people.company_shares), p=people.company_shares))
    dancers: list[Dancer] = []
    taken: list[Placed] = []
    side = float(rng.choice([-1, 1]))
    for number in rng.choice(people.creators, count, replace=False):
        role: Role = "lead" if not dancers else "follow" if rng.uniform() < people.follow_share else "bystander"
        creator = draw_creator(int(number), people, settings.wardrobe)
        style = replace(creator.style, seed=int(rng.integers(2**31)))
        if role == "follow":
            style = replace(style, delay=style.delay + float(rng.uniform(*people.lag)))
        idle = sorted(load_non_dance())
        steps = (Step(idle[rng.integers(len(idle))], dance.beats, False, False),) if role == "bystander" else ()
        turn = float(rng.uniform(*people.turn)) if dancers else 0.0
        floor = room(steps or dance.steps, turn, taxonomy)
        side, bearing = -side, camera_yaw + side * float(rng.uniform(*people.bearing))
        place = clear(floor, taken, bearing) if dancers else (0.0, 0.0)
        taken.append((floor, place))
        outfit = draw_outfit(clothes, settings.wardrobe)
        who = creator.creator_id, creator.shape, style, creator.person, outfit
        dancers.append(Dancer(*who, place, turn, role, steps))
    return tuple(dancers)
