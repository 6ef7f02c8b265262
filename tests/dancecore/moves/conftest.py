"""The moves that the tests of this part share."""

from functools import cache
from pathlib import Path

import pytest

from dancecore.moves.taxonomy import Move, Taxonomy, load_motions, load_move, load_taxonomy

ROOT = Path(__file__).parents[3]
TAXONOMY = ROOT / "taxonomy" / "tx-0.1"
NON_DANCE = ROOT / "dancecore" / "synthetic" / "non_dance"
EVERY = {path.stem: path for folder in (TAXONOMY, NON_DANCE) for path in sorted(folder.glob("*_*.yaml"))}


@pytest.fixture(scope="session")
def taxonomy() -> Taxonomy:
    return load_taxonomy(TAXONOMY)


@pytest.fixture(scope="session")
def every(taxonomy: Taxonomy) -> dict[str, Move]:
    """All moves and all that is not dance, by id."""
    return {**taxonomy.moves, **load_motions(NON_DANCE)}


@cache
def loaded(path: Path) -> Move:
    return load_move(path)


@pytest.fixture(params=EVERY)
def move(request: pytest.FixtureRequest) -> Move:
    """Each in turn, whatever the state of its neighbours."""
    return loaded(EVERY[request.param])
