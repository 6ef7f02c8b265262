"""Fixtures that more than one part uses."""

import os
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent


@pytest.fixture(scope="session")
def real_data() -> Path:
    """The folder of real dance data: `DANCEAPP_TEST_DATA`, by default `../shared/data`."""
    folder = Path(os.environ.get("DANCEAPP_TEST_DATA", ROOT / "../shared/data")).resolve()
    if not folder.is_dir():
        pytest.skip(f"no real data at {folder}: set DANCEAPP_TEST_DATA")
    return folder
