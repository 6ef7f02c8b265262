"""Motions that nobody wrote down: random keyframes within what bodies can do, in the language of the taxonomy.

The lifter must know poses of moves it has never seen. Here every limb goes its own way, so whatever it learns of arms
it learns with all legs, and the other way round.
"""

from dataclasses import dataclass

import numpy as np
from scipy.interpolate import PchipInterpolator

from dancecore.errors import DanceError
from dancecore.moves.keyframes import MIRRORED_SIGN, REST
from dancecore.moves.motion import Motion
from dancecore.moves.posing import pose
from dancecore.types import Float64

LIMITS: dict[str, tuple[tuple[float, float], ...]] = {
    "pelvis": ((-18, 18), (-18, 18), (0, 50)), "hips": ((-20, 35), (-18, 18), (-30, 30)),
    "torso": ((-25, 70), (-32, 32), (-40, 40)), "chest": ((-15, 15), (-12, 12), (-15, 15)),
    "head": ((-40, 40), (-30, 30), (-60, 60)), "left_collar": ((-8, 30), (-20, 20)),
    "left_arm": ((0, 178), (-75, 145), (-85, 85), (0, 145)), "left_hand": ((-65, 75), (-75, 75)),
    "left_foot": ((-8, 60), (-45, 45), (0, 70), (-25, 50), (-25, 45)),
}  # fmt: skip
"""Least and greatest value of each number of a track (`moves.keyframes`), those of the right as those of the left:
the ranges of `moves.anatomy`, a little inside."""

STEADY_HANDS = 0.35
"""Share of the time that a hand is in line with its forearm: people seldom do anything with it."""


@dataclass(frozen=True, slots=True)
class Plan:
    """Keys (K, D) at seconds (K,) for each track; `amplitude` scales them about their mean."""

    tracks: dict[str, tuple[Float64, Float64]]
    facing: tuple[Float64, Float64]

    def motion(self, seconds: Float64, amplitude: float) -> Motion:
        """As danced by one person, at these seconds (T,). Steps are made smaller where legs would not reach."""
        channels = {name: np.tile(np.array(rest, np.float64), (len(seconds), 1)) for name, rest in REST.items()}
        for name, (at, keys) in self.tracks.items():
            middle = keys.mean(axis=0)
            channels[name] = PchipInterpolator(at, middle + amplitude * (keys - middle), axis=0)(seconds)
        channels["facing"] = PchipInterpolator(*self.facing, axis=0)(seconds)
        for _ in range(6):
            try:
                return pose(seconds, channels, room=False)
            except DanceError:
                for name in ("left_foot", "right_foot", "pelvis", "hips"):
                    rest = np.array(REST[name], np.float64)
                    channels[name] = rest + (channels[name] - rest) * 0.6
        raise DanceError("INVALID_INPUT", "no legs reach these steps, however small")


def imagine(rng: np.random.Generator, seconds: float) -> Plan:
    """A random plan for so many seconds: any number of limbs take part, at one tempo or each at its own."""
    tempo, shared = np.exp(rng.uniform(np.log(0.3), np.log(1.6))), rng.uniform() < 0.5
    busy = rng.uniform(0.2, 1.0)
    tracks: dict[str, tuple[Float64, Float64]] = {}
    for name in LIMITS:
        if rng.uniform() < (max(busy, 0.7) if name == "left_arm" else busy):
            pace = tempo if shared else np.exp(rng.uniform(np.log(0.3), np.log(1.6)))
            tracks |= _sides(rng, name, seconds, pace)
    return Plan(tracks, _facing(rng, seconds))


def _sides(rng: np.random.Generator, name: str, seconds: float, pace: float) -> dict[str, tuple[Float64, Float64]]:
    """A track, and its right one: alike, in turn, on its own or at rest."""
    keys = _keys(rng, name, seconds, pace)
    if not name.startswith("left_"):
        return {name: keys}
    right, way = name.replace("left", "right"), rng.choice(["alike", "own", "rest", "other"], p=[0.2, 0.5, 0.15, 0.15])
    if way == "rest":
        return {name: keys}
    if way == "other":
        return {right: _right(name, keys)}
    return {name: keys, right: _right(name, keys if way == "alike" else _keys(rng, name, seconds, pace))}


def _right(name: str, keys: tuple[Float64, Float64]) -> tuple[Float64, Float64]:
    return keys[0], keys[1] * np.array(MIRRORED_SIGN.get(name, (1,) * keys[1].shape[1]))


def _keys(rng: np.random.Generator, name: str, seconds: float, pace: float) -> tuple[Float64, Float64]:
    """Keys about `pace` seconds apart, random or coming back, about a random centre, any distance from it."""
    low, high = np.array(LIMITS[name], np.float64).T
    count = int(seconds / pace) + 4
    at = np.cumsum(pace * rng.uniform(0.6, 1.4, count)) - 2 * pace
    reach, centre = rng.uniform(0.15, 1.0), rng.uniform(low, high)
    rest = np.array(REST[name], np.float64)
    if rng.uniform() < 0.4:
        centre = rest + 0.3 * (centre - rest)
    drawn = centre + reach * (rng.uniform(low, high, (count, len(low))) - centre)
    if rng.uniform() < 0.5:  # comes back, as in dances
        loop = int(rng.integers(2, 6))
        drawn = drawn[np.arange(count) % loop] + 0.05 * (high - low) * rng.standard_normal(drawn.shape)
    if name == "pelvis" and rng.uniform() < 0.7:
        drawn[:, 2] *= 0.3  # squats are rare
    if name == "left_foot":
        drawn[:, 2] *= rng.uniform(size=count) < 0.35  # it stands more often than not
    if name == "left_hand" and rng.uniform() < STEADY_HANDS:
        drawn[:] = rest
    return at, np.clip(drawn, low, high)


def _facing(rng: np.random.Generator, seconds: float) -> tuple[Float64, Float64]:
    """Turns of the body: hardly any, now and then a quarter or a half, or whole ones."""
    at = np.arange(-1.0, seconds + 2.0, float(rng.uniform(0.5, 2.5)))
    size = (8.0, 60.0, 180.0)[int(rng.choice(3, p=[0.6, 0.3, 0.1]))]
    steps = size * rng.standard_normal(len(at)) * (rng.uniform(size=len(at)) < 0.6)
    return at, np.cumsum(steps)[:, None] - steps[0]
