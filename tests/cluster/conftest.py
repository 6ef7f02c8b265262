"""Fixtures for tests of what is stored."""

from collections.abc import Iterator

import pytest
from sqlalchemy import Engine

from cluster.database import engine


@pytest.fixture
def pool(postgres_url: str) -> Iterator[Engine]:
    """Connections to a migrated, empty database of this test alone."""
    made = engine(postgres_url)
    yield made
    made.dispose()
