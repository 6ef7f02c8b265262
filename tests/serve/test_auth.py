"""Signing in and out, and what happens to those who try without."""

import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from threading import Event
from typing import Any

import pytest
from argon2 import PasswordHasher
from fastapi.testclient import TestClient
from httpx2 import Response
from sqlalchemy import Engine, text, update

from cluster import accounts, sign_in, webhooks
from cluster.accounts import User, set_role, user_by_email
from cluster.database import connect
from cluster.settings import settings
from cluster.tables import rates, tokens, users
from dancecore.errors import DanceError
from serve.ingress.api import create_app
from serve.ingress.services import Services
from tests.serve.conftest import Enter, Mailbox

PASSWORD = "correct horse battery"
ANN = {"email": "Ann@Example.org", "handle": "ann", "password": PASSWORD}


def bearer(token: str) -> dict[str, str]:
    return {"Authorization": f"Bearer {token}"}


@pytest.fixture
def ann(api: TestClient) -> dict[str, str]:
    """Tokens of a new user, signed in by password."""
    assert api.post("/v1/auth/register", json=ANN).status_code == 201
    answer = api.post("/v1/auth/login", json={"email": "ann@example.org", "password": PASSWORD})
    assert answer.status_code == 200
    return answer.json()


def test_who_signed_in_is_known(api: TestClient, ann: dict[str, str]) -> None:
    said = api.get("/v1/me", headers=bearer(ann["access_token"])).json()
    assert said.pop("user_id").startswith("usr_")
    assert said == {"handle": "ann", "email": "ann@example.org", "role": "user"}


def test_the_password_is_kept_as_argon2_and_nowhere_else(api: TestClient, ann: dict[str, str], pool: Engine) -> None:
    found = user_by_email(pool, "ann@example.org")
    assert found is not None
    assert found[1] is not None
    assert found[1].startswith("$argon2id$")
    assert PASSWORD not in found[1]


@pytest.mark.parametrize(
    ("changes", "status"),
    [
        ({"handle": "other"}, 409), ({"email": "other@example.org"}, 409), ({"handle": "A B"}, 422),
        ({"email": "no address", "handle": "b"}, 422), ({"password": "short", "handle": "b"}, 422),
        ({"role": "admin"}, 422),
    ],
    ids=["address taken", "handle taken", "handle with a space", "no address", "short password", "a role of one's own"],
)  # fmt: skip
def test_registrations_that_are_refused(api: TestClient, ann: object, changes: dict[str, str], status: int) -> None:
    answer = api.post("/v1/auth/register", json=ANN | changes)
    assert answer.status_code == status
    assert PASSWORD not in answer.text


@pytest.mark.parametrize(
    "proof",
    [{"password": "wrong horse battery"}, {"code": "000000"}, {"email": "nobody@example.org", "password": PASSWORD}],
    ids=["wrong password", "no code was sent", "nobody"],
)
def test_a_wrong_proof(api: TestClient, ann: object, proof: dict[str, str]) -> None:
    answer = api.post("/v1/auth/login", json={"email": "ann@example.org"} | proof)
    assert (answer.status_code, answer.json()["error"]["code"]) == (401, "UNAUTHENTICATED")


def test_a_code_is_good_once(api: TestClient, mailbox: Mailbox) -> None:
    api.post("/v1/auth/register", json={"email": "bob@example.org", "handle": "bob"})
    assert api.post("/v1/auth/code", json={"email": "bob@example.org"}).status_code == 202
    proof = {"email": "bob@example.org", "code": mailbox.codes["bob@example.org"]}
    assert api.post("/v1/auth/login", json=proof).status_code == 200
    assert api.post("/v1/auth/login", json=proof).status_code == 401


def by_code(api: TestClient, mailbox: Mailbox, email: str) -> Response:
    """Sign in as who reads the mail of an address."""
    assert api.post("/v1/auth/code", json={"email": email}).status_code == 202
    return api.post("/v1/auth/login", json={"email": email, "code": mailbox.codes[email]})


def test_who_never_proved_an_address_loses_it_to_who_reads_its_mail(
    api: TestClient, mailbox: Mailbox, ann: dict[str, str]
) -> None:
    proof, impostor = {"email": "ann@example.org", "password": PASSWORD}, bearer(ann["access_token"])
    key = api.post("/v1/api-keys", json={"name": "x"}, headers=impostor).json()["key"]
    api.post("/v1/webhooks", json={"url": "https://example.com/spy"}, headers=impostor)
    mine = bearer(by_code(api, mailbox, "ann@example.org").json()["access_token"])
    assert api.post("/v1/auth/login", json=proof).status_code == 401
    assert api.post("/v1/auth/refresh", json={"refresh_token": ann["refresh_token"]}).status_code == 401
    assert [api.get("/v1/me", headers=each).status_code for each in (impostor, bearer(key), mine)] == [401, 401, 200]
    assert api.get("/v1/webhooks", headers=mine).json()["items"] == []


def test_who_proved_an_address_keeps_what_they_have(api: TestClient, mailbox: Mailbox) -> None:
    api.post("/v1/auth/register", json={"email": "bob@example.org", "handle": "bob"})
    first = by_code(api, mailbox, "bob@example.org").json()
    key = api.post("/v1/api-keys", json={"name": "x"}, headers=bearer(first["access_token"])).json()["key"]
    assert by_code(api, mailbox, "bob@example.org").status_code == 200
    assert api.get("/v1/me", headers=bearer(key)).status_code == 200
    assert api.get("/v1/me", headers=bearer(first["access_token"])).status_code == 200


def test_a_password_that_ends_while_it_is_compared_signs_nobody_in(
    api: TestClient, mailbox: Mailbox, ann: object, monkeypatch: pytest.MonkeyPatch
) -> None:
    verify = PasswordHasher.verify

    def slowly(self: PasswordHasher, *given: Any) -> Any:
        by_code(api, mailbox, "ann@example.org")
        return verify(self, *given)

    monkeypatch.setattr(PasswordHasher, "verify", slowly)
    monkeypatch.setattr(PasswordHasher, "check_needs_rehash", lambda self, hashed: True)
    proof = {"email": "ann@example.org", "password": PASSWORD}
    assert api.post("/v1/auth/login", json=proof).status_code == 401
    monkeypatch.undo()
    assert api.post("/v1/auth/login", json=proof).status_code == 401


def test_nobody_learns_who_has_an_account(api: TestClient, mailbox: Mailbox) -> None:
    assert api.post("/v1/auth/code", json={"email": "nobody@example.org"}).status_code == 202
    assert mailbox.codes == {}


def test_guessing_a_code_ends(api: TestClient, mailbox: Mailbox, ann: object) -> None:
    api.post("/v1/auth/code", json={"email": "ann@example.org"})
    right = mailbox.codes["ann@example.org"]
    wrong = f"{(int(right) + 1) % 1_000_000:06}"
    for _ in range(settings().serve.code_attempts):
        assert api.post("/v1/auth/login", json={"email": "ann@example.org", "code": wrong}).status_code == 401
    assert api.post("/v1/auth/login", json={"email": "ann@example.org", "code": right}).status_code == 401


def test_a_refresh_gives_a_new_pair_and_ends_the_old_one(api: TestClient, ann: dict[str, str]) -> None:
    new = api.post("/v1/auth/refresh", json={"refresh_token": ann["refresh_token"]}).json()
    assert api.get("/v1/me", headers=bearer(new["access_token"])).status_code == 200
    assert api.get("/v1/me", headers=bearer(ann["access_token"])).status_code == 401


def test_a_refresh_token_that_is_shown_twice_ends_the_session(api: TestClient, ann: dict[str, str]) -> None:
    new = api.post("/v1/auth/refresh", json={"refresh_token": ann["refresh_token"]}).json()
    assert api.post("/v1/auth/refresh", json={"refresh_token": ann["refresh_token"]}).status_code == 401
    assert api.post("/v1/auth/refresh", json={"refresh_token": new["refresh_token"]}).status_code == 401
    assert api.get("/v1/me", headers=bearer(new["access_token"])).status_code == 401


def test_one_session_ends_without_the_others(api: TestClient, ann: dict[str, str]) -> None:
    other = api.post("/v1/auth/login", json={"email": "ann@example.org", "password": PASSWORD}).json()
    assert api.post("/v1/auth/logout", json={"refresh_token": ann["refresh_token"]}).status_code == 204
    assert api.get("/v1/me", headers=bearer(ann["access_token"])).status_code == 401
    assert api.get("/v1/me", headers=bearer(other["access_token"])).status_code == 200


def test_tokens_end_with_their_time(api: TestClient, ann: dict[str, str], pool: Engine) -> None:
    with connect(pool) as tx:
        tx.execute(update(tokens).values(expires_at=datetime.now(UTC) - timedelta(seconds=1)))
    assert api.get("/v1/me", headers=bearer(ann["access_token"])).status_code == 401
    assert api.post("/v1/auth/refresh", json={"refresh_token": ann["refresh_token"]}).status_code == 401


def test_what_is_expired_is_forgotten(api: TestClient, ann: dict[str, str], pool: Engine) -> None:
    later = datetime.now(UTC) + timedelta(minutes=settings().serve.access_minutes)
    sign_in.forget_expired(pool, later)
    with connect(pool) as tx:
        assert [row.kind for row in tx.execute(tokens.select())] == ["refresh"]


@pytest.mark.parametrize(
    "token", ["", "x", "Bearer", "dak_x", "\u00e9"], ids=["empty", "x", "scheme", "key", "e acute"]
)
def test_tokens_that_are_none(api: TestClient, token: str) -> None:
    answer = api.get("/v1/me", headers={"Authorization": f"Bearer {token}".encode()})
    assert (answer.status_code, answer.headers["WWW-Authenticate"]) == (401, "Bearer")


def test_a_refresh_token_opens_nothing(api: TestClient, ann: dict[str, str]) -> None:
    assert api.get("/v1/me", headers=bearer(ann["refresh_token"])).status_code == 401


def test_another_role_holds_at_once(api: TestClient, ann: dict[str, str], pool: Engine) -> None:
    set_role(pool, "ann", "annotator")
    assert api.get("/v1/me", headers=bearer(ann["access_token"])).json()["role"] == "annotator"


def test_a_user_who_is_gone_is_nobody(api: TestClient, ann: dict[str, str], pool: Engine) -> None:
    with connect(pool) as tx:
        tx.execute(users.delete())
    assert api.get("/v1/me", headers=bearer(ann["access_token"])).status_code == 401


def test_an_api_key_acts_as_its_user_until_it_is_deleted(api: TestClient, enter: Enter) -> None:
    carl = enter("carl")
    made = carl.post("/v1/api-keys", json={"name": "bot"}).json()
    assert api.get("/v1/me", headers=bearer(made["key"])).json()["handle"] == "carl"
    listed = carl.get("/v1/api-keys").json()["items"]
    assert listed[0] == {name: made[name] for name in ("key_id", "name", "created_at")}
    assert carl.delete(f"/v1/api-keys/{made['key_id']}").status_code == 204
    assert api.get("/v1/me", headers=bearer(made["key"])).status_code == 401


def test_signing_in_is_counted_by_address(using: Services) -> None:
    api = TestClient(create_app(with_numbers(using, sign_ins_per_minute=3)))
    answers = [api.post("/v1/auth/login", json={"email": "a@example.org", "code": "000000"}) for _ in range(4)]
    assert [answer.status_code for answer in answers] == [401, 401, 401, 429]
    assert answers[3].json()["error"]["code"] == "RATE_LIMITED"
    told = [[answer.headers[f"RateLimit-{name}"] for name in ("Limit", "Remaining")] for answer in answers]
    assert told == [["3", "2"], ["3", "1"], ["3", "0"], ["3", "0"]]
    assert 1 <= int(answers[3].headers["Retry-After"]) <= 60
    assert answers[3].headers["RateLimit-Reset"] == answers[3].headers["Retry-After"]


NEIGHBOURS = {
    "one address": ("192.0.2.1", "192.0.2.1", 429),
    "two addresses": ("192.0.2.1", "192.0.2.2", 401),
    "one /64": ("2001:db8::1", "2001:db8::ffff:0:0:1", 429),
    "two /64": ("2001:db8::1", "2001:db8:0:1::1", 401),
    "two addresses of IPv4 at a socket of IPv6": ("::ffff:192.0.2.1", "::ffff:192.0.2.2", 401),
}


@pytest.mark.parametrize(("one", "other", "status"), NEIGHBOURS.values(), ids=NEIGHBOURS)
def test_signing_in_is_counted_by_subscriber(using: Services, one: str, other: str, status: int) -> None:
    app = create_app(with_numbers(using, sign_ins_per_minute=1))
    proof = {"email": "a@example.org", "code": "000000"}
    first, second = (TestClient(app, client=(each, 1)).post("/v1/auth/login", json=proof) for each in (one, other))
    assert (first.status_code, second.status_code) == (401, status)


@pytest.mark.parametrize("email", ["ann@example.org", "nobody@example.org"])
def test_signing_in_is_counted_by_mailbox_whoever_has_it(
    using: Services, pool: Engine, mailbox: Mailbox, email: str
) -> None:
    """From wherever, and over codes: a new one does not give new guesses."""
    accounts.register(pool, "ann@example.org", "ann", None)
    app = create_app(with_numbers(using, codes_per_mailbox=2, passwords_per_mailbox=1))

    def ask(path: str, **body: str) -> list[int]:
        addresses = (TestClient(app, client=(f"192.0.2.{n}", 1)) for n in range(3))
        return [each.post(path, json={"email": email.title(), **body}).status_code for each in addresses]

    assert ask("/v1/auth/code") == [202, 202, 429]
    assert ask("/v1/auth/login", code="000000") == [401, 401, 429]
    assert ask("/v1/auth/login", password="a guess of mine") == [401, 429, 429]
    refused = TestClient(app).post("/v1/auth/code", json={"email": email})
    assert refused.json()["error"]["code"] == "RATE_LIMITED"
    assert 1 <= int(refused.headers["Retry-After"]) <= 3600
    with connect(pool) as tx:
        assert "example.org" not in str(tx.execute(rates.select()).all())


def test_who_signs_in_is_not_counted_among_guesses(using: Services, api: TestClient, ann: object) -> None:
    client = TestClient(create_app(with_numbers(using, passwords_per_mailbox=2)))
    for password, status in ((PASSWORD, 200), ("wrong horse", 401), (PASSWORD, 200), ("wrong horse", 401)):
        proof = {"email": "ann@example.org", "password": password}
        assert client.post("/v1/auth/login", json=proof).status_code == status


def test_a_password_is_changed_by_the_one_before_or_by_a_code(
    api: TestClient, mailbox: Mailbox, ann: dict[str, str]
) -> None:
    new, where = "battery staple horse", "/v1/me/password"
    me = bearer(ann["access_token"])
    assert api.put(where, json={"new_password": new, "password": "wrong horse"}, headers=me).status_code == 403
    assert api.put(where, json={"new_password": "short", "password": PASSWORD}, headers=me).status_code == 422
    assert api.put(where, json={"new_password": new}, headers=me).status_code == 422
    changed = api.put(where, json={"new_password": new, "password": PASSWORD}, headers=me).json()
    assert api.get("/v1/me", headers=me).status_code == 401  # every session but the new one has ended
    assert api.get("/v1/me", headers=bearer(changed["access_token"])).status_code == 200
    proofs = [{"email": "ann@example.org", "password": each} for each in (PASSWORD, new)]
    assert [api.post("/v1/auth/login", json=each).status_code for each in proofs] == [401, 200]
    mine = bearer(by_code(api, mailbox, "ann@example.org").json()["access_token"])  # the first proof ends the password
    api.post("/v1/auth/code", json={"email": "ann@example.org"})
    given = {"new_password": PASSWORD, "code": mailbox.codes["ann@example.org"]}
    assert api.put(where, json=given, headers=mine).status_code == 200
    assert [api.post("/v1/auth/login", json=each).status_code for each in proofs] == [200, 401]


def test_a_password_that_ended_meanwhile_is_not_changed(
    api: TestClient, mailbox: Mailbox, ann: dict[str, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """By whoever had the account before its address was proved."""
    hashed = PasswordHasher.hash

    def slowly(self: PasswordHasher, *given: Any) -> Any:
        by_code(api, mailbox, "ann@example.org")
        return hashed(self, *given)

    monkeypatch.setattr(PasswordHasher, "hash", slowly)
    given = {"new_password": "battery staple horse", "password": PASSWORD}
    assert api.put("/v1/me/password", json=given, headers=bearer(ann["access_token"])).status_code == 403
    monkeypatch.undo()
    proof = {"email": "ann@example.org", "password": given["new_password"]}
    assert api.post("/v1/auth/login", json=proof).status_code == 401


def test_a_refresh_under_way_outlives_no_change_of_password(
    api: TestClient, ann: dict[str, str], pool: Engine, monkeypatch: pytest.MonkeyPatch
) -> None:
    me, issue = api.get("/v1/me", headers=bearer(ann["access_token"])).json(), sign_in._issue
    begun, on = Event(), Event()

    def slowly(*given: Any) -> Any:
        begun.set()
        assert on.wait(20)
        return issue(*given)

    monkeypatch.setattr(sign_in, "_issue", slowly)
    with ThreadPoolExecutor() as threads:
        old = {"refresh_token": ann["refresh_token"]}
        new = threads.submit(api.post, "/v1/auth/refresh", json=old)
        assert begun.wait(20)
        changed = threads.submit(accounts.set_password, pool, me["user_id"], "x", None)
        wait_for_lock(pool)
        on.set()
        assert changed.result()
        assert api.get("/v1/me", headers=bearer(new.result().json()["access_token"])).status_code == 401


def wait_for_lock(pool: Engine) -> None:
    """Until somebody waits for somebody else in the database."""
    waiting = text("SELECT count(*) FROM pg_locks WHERE NOT granted")
    until = time.monotonic() + 20
    while time.monotonic() < until:
        with connect(pool) as tx:
            if tx.scalar(waiting):
                return
        time.sleep(0.01)
    raise AssertionError("nobody waits")


MAKING: dict[str, Callable[[Engine, User], object]] = {
    "an API key": lambda pool, user: sign_in.make_api_key(pool, user, "spy"),
    "a webhook": lambda pool, user: webhooks.make(pool, user, "https://example.com/spy", ["job.done"], 9),
}


@pytest.mark.parametrize("make", MAKING.values(), ids=MAKING)
def test_who_was_let_in_before_an_address_was_proved_leaves_nothing_behind(
    pool: Engine, mailbox: Mailbox, api: TestClient, ann: dict[str, str], make: Callable[[Engine, User], object]
) -> None:
    """Such as one whose request is still coming in, slowly."""
    with connect(pool) as tx:
        before = sign_in.who(tx, ann["access_token"], datetime.now(UTC))
    by_code(api, mailbox, "ann@example.org")
    with pytest.raises(DanceError, match="UNAUTHENTICATED"):
        make(pool, before)


def with_numbers(using: Services, **numbers: int) -> Services:
    changed = replace(using.settings.serve, **numbers)  # type: ignore[arg-type]
    return replace(using, settings=using.settings.model_copy(update={"serve": changed}))


def test_who_may_not_hears_of_the_limit_too(enter: Enter) -> None:
    refused = enter("ann").get("/metrics")
    assert (refused.status_code, refused.headers["RateLimit-Limit"]) == (403, "100000")
