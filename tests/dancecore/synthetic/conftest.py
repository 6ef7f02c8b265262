"""What the tests of synthetic dances share. Those that need a body ask for one and are skipped without anny."""

import importlib.util
from pathlib import Path

import pytest

from dancecore.moves.taxonomy import Taxonomy, load_taxonomy
from dancecore.synthetic.body import Body, build
from dancecore.synthetic.rig import Shape

ROOT = Path(__file__).parents[3]

SHAPES = {
    "middling": Shape(gender=0.5, age=0.67, muscle=0.5, weight=0.5, height=0.5, proportions=0.5),
    "small heavy man": Shape(gender=0.0, age=0.8, muscle=0.3, weight=0.8, height=0.25, proportions=0.3),
    "tall lean woman": Shape(gender=1.0, age=0.6, muscle=0.6, weight=0.2, height=0.8, proportions=0.9),
}


@pytest.fixture(scope="session")
def taxonomy() -> Taxonomy:
    return load_taxonomy(ROOT / "taxonomy" / "tx-0.1")


@pytest.fixture(scope="session")
def bodies() -> dict[str, Body]:
    if importlib.util.find_spec("anny") is None:
        pytest.skip("anny is not installed: pip install 'danceapp[synthetic]'")
    return {name: build(shape) for name, shape in SHAPES.items()}


@pytest.fixture(params=sorted(SHAPES))
def body(request: pytest.FixtureRequest, bodies: dict[str, Body]) -> Body:
    return bodies[request.param]
