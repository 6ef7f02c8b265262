"""The taxonomy, a book of it, and small ones that can be searched through."""

from collections.abc import Callable
from dataclasses import replace

import numpy as np
import pytest

from cluster.library import TAXONOMY
from cluster.settings import settings
from dancecore.composer.book import Book
from dancecore.composer.counts import Counts, count
from dancecore.composer.settings import ComposerSettings
from dancecore.composer.steps import Choreography, Heard
from dancecore.moves.taxonomy import Taxonomy, load_taxonomy


@pytest.fixture(scope="session")
def taxonomy() -> Taxonomy:
    return load_taxonomy(TAXONOMY)


@pytest.fixture(scope="session")
def numbers() -> ComposerSettings:
    return settings().composer


@pytest.fixture(scope="session")
def dances(taxonomy: Taxonomy) -> list[Choreography]:
    """People who like some moves after others."""
    rng, names = np.random.default_rng(5), list(taxonomy.moves)
    likes = rng.dirichlet(np.full(len(names), 0.05), size=len(names))
    found = []
    for i in range(150):
        at = int(rng.integers(len(names)))
        steps = []
        for _ in range(10):
            beats = taxonomy.moves[names[at]].beats * int(rng.integers(1, 3))
            steps.append(Heard(names[at], float(beats), bool(rng.uniform() < 0.3)))
            at = int(rng.choice(len(names), p=likes[at]))
        found.append(Choreography(f"d{i}", tuple(steps)))
    return found


@pytest.fixture(scope="session")
def book(taxonomy: Taxonomy, dances: list[Choreography]) -> Book:
    return Book(taxonomy, count(dances))


@pytest.fixture(scope="session")
def small(taxonomy: Taxonomy) -> Callable[[list[str], list[Choreography]], Book]:
    """A function that makes a book of some moves."""

    def make(names: list[str], dances: list[Choreography]) -> Book:
        few = replace(taxonomy, moves={name: taxonomy.moves[name] for name in sorted(names)})
        return Book(few, count(dances) if dances else Counts())

    return make
