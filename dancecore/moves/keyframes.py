"""The keyframes of a move's YAML: what each limb does at which beat.

Angles are degrees and lengths are centimetres of the neutral body. A track is a table beat -> values:

    facing      [turn]                 of body and feet about the origin
    pelvis      [x, z, drop]           drop: how far the hips sink, knees bending
    jump        [height]               lifts body and feet off the floor
    hips, torso, chest [forward, side, turn]   hips tilt the pelvis; torso is shared by spine and chest; chest adds
    head        [nod, side, turn]
    *_collar    [raise, forward]
    *_arm       [raise, around, twist, elbow]
    *_hand      [bend, roll]
    *_foot      [x, z, lift, turn, pitch]      the last three may be left out

Side, turn and x are positive to the dancer's left. An arm hangs at raise 0, is level at 90 and overhead at 180;
`around` is the plane it rises in, 0 sideways, 90 in front (the globe of Wu et al. 2005, shoulder). `twist` turns the
upper arm outwards about itself: at raise 90, around 0 the bent forearm points forward at 0, up at 90, down at -90.
Feet stand under the hips at x +-10, z 0; a foot's place is its ball; turn points the toes outwards; pitch lifts the
heel, below zero the toes. `arms`, `hands`, `collars`, `feet` write both sides, as the left one.
A key at the end of the phrase may repeat the first one plus whole turns: a spin, an arm's circle.
A foot whose place changes takes a step in the last `swing` beats before the key; it stands still before. The step
has no height where the foot is declared to glide.

With `places: room` the tracks of pelvis and feet do not turn about the origin: only their directions follow `facing`,
so a foot that stands pivots on its ball while the body turns over it. (The ball is written where the ankle of a
dancer who faces front would be, 19 cm behind it: at facing 180 a foot under the hips is at z -38.)

`travel` [x, z] is how far one phrase carries the dancer: the tracks of pelvis and feet begin again from there, so the
first keys of the next phrase are those of this one, moved. `contacts` and `glides` are spans of beats in which a foot
stands, or slides along the floor; both are declared, and held by tests.
"""

from dataclasses import dataclass
from itertools import pairwise
from typing import Any

import numpy as np

from dancecore.errors import DanceError
from dancecore.skeleton import twin
from dancecore.types import Float64

FRAMES_PER_BEAT = 16
"""Frames of a motion in a beat: 32 a second at 120 bpm, above the analysis rate."""

Keys = dict[float, tuple[float, ...]]
Spans = tuple[tuple[float, float], ...]

REST: dict[str, tuple[float, ...]] = {
    "facing": (0,), "pelvis": (0, 0, 0), "jump": (0,),
    "hips": (0, 0, 0), "torso": (0, 0, 0), "chest": (0, 0, 0), "head": (0, 0, 0),
    "left_collar": (0, 0), "right_collar": (0, 0),
    "left_arm": (8, 20, 0, 15), "right_arm": (8, 20, 0, 15),
    "left_hand": (0, 0), "right_hand": (0, 0),
    "left_foot": (10, 0, 0, 8, 0), "right_foot": (-10, 0, 0, 8, 0),
}  # fmt: skip
"""Every track with its pose when nothing is written: standing at ease."""

MIRRORED_SIGN: dict[str, tuple[int, ...]] = {
    "facing": (-1,), "pelvis": (-1, 1, 1), "hips": (1, -1, -1), "torso": (1, -1, -1), "chest": (1, -1, -1),
    "head": (1, -1, -1), "left_foot": (-1, 1, 1, 1, 1), "right_foot": (-1, 1, 1, 1, 1),
}  # fmt: skip
"""Signs of a track's values seen in a mirror, where they change."""

BOTH = {"arms": "arm", "hands": "hand", "collars": "collar", "feet": "foot"}


@dataclass(frozen=True, slots=True)
class Score:
    """A phrase of `beats` beats. Keys of every track of REST, in [0, beats], and what holds for all of them.

    `bounce`: centimetres the body sinks on every beat. `swing`: beats that a step takes. `snap`: beats that limbs and
    trunk take to reach a key, standing still before; 0: they move all the time. `slides`: steps have no height.
    `travel` (x, z): centimetres that a phrase carries the dancer. `contacts`, `glides`: beats in which the left, right
    foot stands, slides. `room`: places do not turn with the facing.
    """

    beats: int
    tracks: dict[str, Keys]
    bounce: float
    swing: float
    snap: float
    slides: bool
    room: bool
    travel: tuple[float, float]
    contacts: tuple[Spans, Spans]
    glides: tuple[Spans, Spans]


def score_of(raw: dict[str, Any], beats: int) -> Score:
    """The `motion` part of a move's YAML, checked against the schema before, with both sides and halves written out.

    Raises DanceError("INVALID_INPUT") for beats outside the phrase, or when contacts and glides contradict each other.
    """
    half = raw.get("second_half") == "mirrored"
    length = beats / 2 if half else float(beats)
    x, z = raw.get("travel", (0, 0))
    if half and x:
        raise DanceError("INVALID_INPUT", f"a phrase whose second half is mirrored cannot travel {x} cm to one side")
    gain = (x, z / 2 if half else z)
    written = {name: _keys(name, keys, length, not half, gain) for name, keys in raw["tracks"].items()}
    tracks = {name: {0.0: rest} for name, rest in REST.items()}
    for name, keys in written.items():
        if name in BOTH:
            tracks[f"left_{BOTH[name]}"] = keys
            tracks[f"right_{BOTH[name]}"] = _mirror(f"left_{BOTH[name]}", keys)
    tracks |= {name: keys for name, keys in written.items() if name in REST}
    if half:
        tracks = {
            name: keys | _later(_mirror(name, tracks[twin(name)]), length, gained(name, gain))
            for name, keys in tracks.items()
        }
    contacts, glides = (_spans(raw, name, length, half) for name in ("contacts", "glides"))
    for stands, slides in zip(contacts, glides, strict=True):
        _check_apart(stands, slides)
    return Score(beats, tracks, raw.get("bounce", 0.0), raw.get("swing", 0.5), raw.get("snap", 0.0),
                 raw.get("slides", False), raw.get("places") == "room", (x, z), contacts, glides)  # fmt: skip


def _keys(name: str, table: dict[str, list[float]], length: float, whole: bool, travel: tuple[float, float]) -> Keys:
    """The keys of a track; `whole`: `length` is the end of the phrase, where a key may say how it closes."""
    rest = REST[name if name in REST else f"left_{BOTH[name]}"]
    keys = {float(beat): (*values, *rest[len(values) :]) for beat, values in table.items()}
    for beat in keys:
        if not (0 <= beat < length or (whole and beat == length and _comes_round(name, keys, travel))):
            end = ", or at its end when it is the first one after whole turns or the travel" if beat == length else ""
            raise DanceError("INVALID_INPUT", f"{name} at beat {beat:g}: a key is at a beat in [0, {length:g}){end}")
    return dict(sorted(keys.items()))


def _comes_round(name: str, keys: Keys, travel: tuple[float, float]) -> bool:
    """The last key is the first one, further by the travel or by whole turns."""
    gain = np.array(keys[max(keys)], dtype=np.float64) - np.array(keys[min(keys)])
    left = gain - np.pad(gained(name, travel), (0, 3))[: len(gain)] if _is_place(name) else gain % 360
    return min(keys) == 0 and bool((np.abs(left) < 1e-6).all())


def _is_place(name: str) -> bool:
    """Whether a track says where on the floor something is."""
    return name == "pelvis" or name.endswith(("_foot", "feet"))


def _spans(raw: dict[str, Any], name: str, length: float, half: bool) -> tuple[Spans, Spans]:
    """The spans of the left and the right foot, both halves written out."""
    feet = [tuple((float(a), float(b)) for a, b in raw.get(name, {}).get(side, ())) for side in ("left", "right")]
    for start, end in (span for foot in feet for span in foot):
        if not start < end <= length:
            raise DanceError("INVALID_INPUT", f"{name} [{start:g}, {end:g}]: want start < end within [0, {length:g}]")
    if half:
        feet = [one + tuple((a + length, b + length) for a, b in other) for one, other in (feet, feet[::-1])]
    return feet[0], feet[1]


def _check_apart(stands: Spans, slides: Spans) -> None:
    ordered = sorted(stands + slides)
    for (start, end), (after, _) in pairwise(ordered):
        if after < end:
            raise DanceError("INVALID_INPUT", f"contacts and glides overlap: [{start:g}, {end:g}] and [{after:g}, ...]")


def _mirror(name: str, keys: Keys) -> Keys:
    signs = MIRRORED_SIGN.get(name)
    if signs is None:
        return keys
    return {beat: tuple(s * v for s, v in zip(signs, values, strict=True)) for beat, values in keys.items()}


def gained(name: str, travel: tuple[float, float]) -> Float64:
    """How far (2,) a phrase carries the first two values of a track."""
    return np.array(travel if _is_place(name) else (0, 0), dtype=np.float64)


def _later(keys: Keys, beats: float, moved: Float64) -> Keys:
    return {b + beats: (*(np.array(v[:2]) + moved[: len(v)]).tolist(), *v[2:]) for b, v in keys.items()}
