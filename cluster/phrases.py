"""The moves of the taxonomy in motion, for whoever draws them."""

from datetime import UTC, datetime
from functools import cache

from cluster.library import TAXONOMY
from cluster.settings import Settings
from dancecore.composer.composition import Composition
from dancecore.composer.dancing import danced
from dancecore.composer.preview import frames_json
from dancecore.composer.steps import Step
from dancecore.errors import DanceError
from dancecore.moves.sides import without_sides
from dancecore.moves.taxonomy import Taxonomy, load_taxonomy


@cache
def in_use() -> Taxonomy:
    """The taxonomy that is in use, read once."""
    return load_taxonomy(TAXONOMY)


@cache
def sideless() -> frozenset[str]:
    """The moves of it whose mirror image is the same dance: they are always found straight."""
    return without_sides(in_use().moves.values())


def phrase_json(move_id: str, mirror: bool, bpm: float | None, settings: Settings) -> str:
    """One phrase of a move, `preview.v1` of dancecore.composer.preview; at the middle of its tempi unless another is
    given. Raises DanceError("NOT_FOUND") for a move without a motion in the taxonomy."""
    taxonomy = in_use()
    move = taxonomy.moves.get(move_id)
    if move is None:
        raise DanceError("NOT_FOUND", f"{taxonomy.semver} has no motion of {move_id!r}")
    steps, rate = (Step(move_id, float(move.beats), mirror),), settings.media.rate_hz
    tempo = bpm or sum(move.bpm) / 2
    once = Composition(move.name, tempo, steps, taxonomy.semver, datetime(1970, 1, 1, tzinfo=UTC))
    motion = danced(steps, taxonomy, tempo, rate, settings.composer).motion
    return frames_json(once, motion, {move_id: move.name}, rate)
