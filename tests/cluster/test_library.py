"""What clips are compared with follows from the taxonomy."""

import json
import shutil
from pathlib import Path

import pytest
import yaml

from cluster.library import TAXONOMY, _metadata, load_library
from cluster.settings import settings
from dancecore.moves.taxonomy import load_taxonomy

NAMES = ("mv_clap", "mv_dab", "mv_floss")


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A taxonomy of three moves of which the Dab is deprecated."""
    shutil.copy(TAXONOMY / "taxonomy.yaml", tmp_path)
    gone = {"deprecated": {"since": "tx-0.1", "use": ["mv_clap"]}}
    for name in NAMES:
        raw = yaml.safe_load((TAXONOMY / f"{name}.yaml").read_text()) | (gone if name == "mv_dab" else {})
        raw["transitions"] = [other for other in NAMES if other != name]
        (tmp_path / f"{name}.yaml").write_text(yaml.safe_dump(raw))
    return tmp_path


def test_a_deprecated_move_keeps_its_row_but_is_looked_for_no_more(folder: Path) -> None:
    library = load_library(settings(), folder)
    assert set(library.taxonomy.moves) == set(NAMES)
    assert {move_id for move_id, _ in library.bank.readings} == {"mv_clap", "mv_floss"}


def test_what_the_database_keeps_of_a_move_is_json(folder: Path) -> None:
    dab = json.loads(json.dumps(_metadata(load_taxonomy(folder).moves["mv_dab"])))
    assert dab["deprecated"] == {"since": "tx-0.1", "use": ["mv_clap"]}
    assert (dab["sub_family"], dab["energy"], dab["beats"]) == ("pose", 2, 4)
    assert dab["transitions"] == ["mv_clap", "mv_floss"]
    assert dab["entry"] == dab["exit"] == "narrow"
    assert max(dab["signature"].values()) == 1.0
