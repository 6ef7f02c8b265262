"""Calibration writes what was fitted, with its reasons, and says how well it fits."""

import json
from dataclasses import fields, replace
from pathlib import Path

import numpy as np
import pytest
import yaml

from cluster.library import TAXONOMY
from cluster.settings import settings
from dancecore.moves.taxonomy import load_taxonomy
from dancecore.synthetic import landmarks
from dancecore.synthetic.observe_settings import ObserveSettings
from jobs import calibrate
from tests.dancecore.synthetic.stick_samples import samples


def tupled(value: object) -> object:
    return tuple(tupled(each) for each in value) if isinstance(value, list) else value


def test_what_is_written_is_what_is_read() -> None:
    numbers = settings().observe
    read = yaml.safe_load(calibrate.as_yaml(numbers, 3))
    assert ObserveSettings(**{name: tupled(value) for name, value in read.items()}) == numbers


def test_every_number_has_a_reason() -> None:
    assert set(calibrate.REASONS) == {field.name for field in fields(ObserveSettings)}


def test_tables_are_written_anew(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    true = replace(settings().observe, torso_m=0.55)
    seen = samples(load_taxonomy(TAXONOMY), true, 8)
    table = tmp_path / "landmarks.yaml"
    table.write_text(landmarks.TABLE.read_text())
    monkeypatch.setattr(calibrate, "OBSERVE", tmp_path / "observe.yaml")
    monkeypatch.setattr(calibrate, "TABLE", table)
    monkeypatch.setattr(calibrate, "_sample", lambda folder, seed: seen[seed - calibrate.FIRST_SEED])
    both = calibrate.calibrate(tmp_path, len(seen))
    assert yaml.safe_load((tmp_path / "observe.yaml").read_text())["torso_m"] == pytest.approx(0.55, abs=0.01)
    before, after = (yaml.safe_load(path.read_text()) for path in (landmarks.TABLE, table))
    assert {name: each["moves_with"] for name, each in after.items()} == {
        name: each["moves_with"] for name, each in before.items()
    }
    assert table.read_text().splitlines()[0] == landmarks.TABLE.read_text().splitlines()[0]
    assert (tmp_path / "agreement.png").read_bytes().startswith(b"\x89PNG")
    assert json.loads((tmp_path / "agreement.json").read_text()).keys() == both.keys()
    measured, modelled = both["front: PCK@0.2"]
    np.testing.assert_allclose(modelled, measured, atol=0.05)
