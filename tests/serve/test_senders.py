"""The sender of codes for development, and how a setting names one."""

import stat
from pathlib import Path

import pytest
from pydantic import ImportString, TypeAdapter

from cluster.settings import settings
from serve.senders import to_file


def test_codes_are_appended_to_a_file_of_ones_own(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DANCEAPP_HOME", str(tmp_path))
    to_file("ann@example.org", "123456")
    to_file("bob@example.org", "654321")
    mail = tmp_path / "mail.log"
    assert mail.read_text() == "ann@example.org 123456\nbob@example.org 654321\n"
    assert stat.S_IMODE(mail.stat().st_mode) == 0o600


def test_the_setting_names_it() -> None:
    assert TypeAdapter(ImportString).validate_python(settings().serve.code_sender) is to_file
