"""What people do between dances: standing, walking, fixing their hair. Motions like moves, but labelled OTHER."""

from functools import cache
from pathlib import Path

from dancecore.moves.taxonomy import Move, load_motions

FOLDER = Path(__file__).parent / "non_dance"


@cache
def load_non_dance() -> dict[str, Move]:
    """The motions of `FOLDER` by id."""
    return load_motions(FOLDER)
