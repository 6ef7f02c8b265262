"""The documents keep up with the code: every setting has its reason, every error code and command is explained."""

from collections.abc import Iterator
from dataclasses import fields, is_dataclass
from pathlib import Path

import pytest
import typer
import yaml

from cluster.settings import CONFIGS, Settings
from dancecore.errors import CODES
from jobs.cli import app

ROOT = Path(__file__).parent.parent
README = (ROOT / "README.md").read_text()


@pytest.mark.parametrize("code", sorted(CODES))
def test_error_code_is_in_the_readme(code: str) -> None:
    assert f"| `{code}` | {CODES[code]} |" in README


@pytest.mark.parametrize("path", sorted(CONFIGS.glob("*.yaml")), ids=lambda path: path.name)
def test_every_number_has_its_reason_beside_it(path: Path) -> None:
    bare = [
        line
        for line in path.read_text().splitlines()
        if ":" in line.split("#")[0] and line.split("#")[0].split(":", 1)[1].strip() and "#" not in line
    ]
    assert bare == []


def commands(app: typer.Typer, prefix: str = "danceapp") -> Iterator[str]:
    for command in app.registered_commands:
        assert command.callback is not None
        yield f"{prefix} {command.name or command.callback.__name__.replace('_', '-')}"
    for group in app.registered_groups:
        assert group.typer_instance is not None
        yield from commands(group.typer_instance, f"{prefix} {group.name}")


@pytest.mark.parametrize("command", list(commands(app)))
def test_command_is_in_the_readme(command: str) -> None:
    assert f"`{command}" in README


def test_every_config_file_is_a_section_and_every_key_a_setting() -> None:
    sections = {
        name: field.annotation for name, field in Settings.model_fields.items() if is_dataclass(field.annotation)
    }
    assert {path.stem for path in CONFIGS.glob("*.yaml")} == set(sections)
    for name, section in sections.items():
        written = yaml.safe_load((CONFIGS / f"{name}.yaml").read_text())
        assert set(written) == {field.name for field in fields(section)}, name
