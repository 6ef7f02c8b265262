"""The commands of the service, without the service."""

from sqlalchemy import Engine
from typer.testing import CliRunner

from cluster.accounts import register, user_by_email
from jobs.cli import app


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
