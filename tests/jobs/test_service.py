"""The commands of the service, without the service."""

import os

import pytest
from sqlalchemy import Engine
from typer.testing import CliRunner

from cluster.accounts import register, user_by_email
from cluster.settings import Settings, settings
from jobs import service
from jobs.cli import app
from jobs.service_commands import ELSEWHERE


def test_a_user_becomes_an_administrator(own_index: Engine) -> None:
    register(own_index, "ann@example.org", "ann", None)
    assert CliRunner().invoke(app, ["users", "role", "ann@example.org", "admin"]).exit_code == 0
    found = user_by_email(own_index, "ann@example.org")
    assert found is not None
    assert found[0].role == "admin"


def test_roles_and_users_that_are_none(own_index: Engine) -> None:
    register(own_index, "ann@example.org", "ann", None)
    for given, code in ((["ann", "king"], "INVALID_INPUT"), (["bob", "admin"], "NOT_FOUND")):
        answer = CliRunner().invoke(app, ["users", "role", *given])
        assert answer.exit_code == 1
        assert code in answer.output


def test_local_asks_nobody_elsewhere(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ELSEWHERE:
        monkeypatch.setenv(name, "elsewhere")
    seen: list[tuple[Settings, str]] = []
    monkeypatch.setattr(service, "run", lambda given, *_: seen.append((given, os.environ["RAY_ADDRESS"])))
    settings.cache_clear()
    try:
        assert CliRunner().invoke(app, ["serve", "--local"]).exit_code == 0
        ((given, ray_address),) = seen
        assert (given.database_url.get_secret_value(), given.objects.url, given.cluster.address, ray_address) == (
            "",
        ) * 4
        refused = CliRunner().invoke(app, ["serve", "--local", "--address", "head:6379"])
        assert (refused.exit_code, "INVALID_INPUT" in refused.output) == (1, True)
    finally:
        settings.cache_clear()
