"""The moves that the tests of this part share."""

from pathlib import Path

import pytest

from dancecore.moves.taxonomy import Move, Taxonomy, load_motions, load_taxonomy

ROOT = Path(__file__).parents[3]
TAXONOMY = ROOT / "taxonomy" / "tx-0.1"
NON_DANCE = ROOT / "dancecore" / "synthetic" / "non_dance"
EVERY = sorted(path.stem for folder in (TAXONOMY, NON_DANCE) for path in folder.glob("*_*.yaml"))


@pytest.fixture(scope="session")
def taxonomy() -> Taxonomy:
    return load_taxonomy(TAXONOMY)


@pytest.fixture(scope="session")
def every(taxonomy: Taxonomy) -> dict[str, Move]:
    """All moves and all that is not dance, by id."""
    return {**taxonomy.moves, **load_motions(NON_DANCE)}


@pytest.fixture(params=EVERY)
def move(request: pytest.FixtureRequest, every: dict[str, Move]) -> Move:
    return every[request.param]
