"""Signing in at an OpenID provider, which these tests start: by discovery, with PKCE, state and nonce."""

import base64
import hashlib
import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from typing import Annotated, Any
from urllib.parse import parse_qs, urlsplit

import httpx2
import pytest
import uvicorn
from fastapi import FastAPI, Form, HTTPException, Request
from fastapi.responses import RedirectResponse
from fastapi.testclient import TestClient
from joserfc import jwt
from joserfc.jwk import RSAKey
from pydantic import SecretStr
from sqlalchemy import Engine, text

from cluster import identities, sign_in
from cluster.accounts import User, user_by_email
from cluster.database import connect
from cluster.ids import ulid
from cluster.settings import OidcSettings
from dancecore.errors import DanceError
from serve.ingress.api import create_app
from serve.ingress.services import Services
from tests.serve.conftest import Enter, Mailbox

ID, SECRET = "danceapp", "s3cret"
KEY = RSAKey.generate_key(2048, {"kid": "k1"})


@dataclass
class Provider:
    """An OpenID provider where somebody is signed in already. `claims`: what its ID tokens say otherwise than they
    should; `key`: what signs them."""

    url: str = ""
    claims: dict[str, Any] = field(default_factory=dict)
    key: RSAKey = field(default_factory=lambda: KEY)
    codes: dict[str, dict[str, str]] = field(default_factory=dict)

    def id_token(self, nonce: str) -> str:
        now = int(time.time())
        said = {
            "iss": self.url, "aud": ID, "sub": "sub-1", "iat": now, "exp": now + 60, "nonce": nonce,
            "email": "Olga@example.org", "email_verified": True, "preferred_username": "Olga M.",
        } | self.claims  # fmt: skip
        return jwt.encode({"alg": "RS256", "kid": "k1"}, said, self.key)

    def app(self) -> FastAPI:
        app = FastAPI()

        @app.get("/.well-known/openid-configuration")
        def discover() -> dict[str, Any]:
            ends = {name: f"{self.url}/{name}" for name in ("authorize", "token", "jwks")}
            return {
                "issuer": self.url, "authorization_endpoint": ends["authorize"], "token_endpoint": ends["token"],
                "jwks_uri": ends["jwks"], "id_token_signing_alg_values_supported": ["RS256"],
            }  # fmt: skip

        @app.get("/jwks")
        def jwks() -> dict[str, Any]:
            return {"keys": [KEY.as_dict(private=False)]}

        @app.get("/authorize")
        def authorize(request: Request) -> RedirectResponse:
            asked = dict(request.query_params)
            assert (asked["response_type"], asked["client_id"]) == ("code", ID)
            assert (asked["code_challenge_method"], "openid" in asked["scope"].split()) == ("S256", True)
            code = hashlib.sha256(asked["state"].encode()).hexdigest()[:20]
            self.codes[code] = asked
            return RedirectResponse(f"{asked['redirect_uri']}?code={code}&state={asked['state']}", 302)

        @app.post("/token")
        def token(
            request: Request, code: Annotated[str, Form()], code_verifier: Annotated[str, Form()],
            redirect_uri: Annotated[str, Form()],
        ) -> dict[str, Any]:  # fmt: skip
            who = base64.b64encode(f"{ID}:{SECRET}".encode()).decode()
            asked = self.codes.pop(code)
            proof = base64.urlsafe_b64encode(hashlib.sha256(code_verifier.encode()).digest()).decode().rstrip("=")
            if request.headers["authorization"] != f"Basic {who}" or proof != asked["code_challenge"]:
                raise HTTPException(401)
            assert redirect_uri == asked["redirect_uri"]
            return {"access_token": "at", "token_type": "Bearer", "id_token": self.id_token(asked["nonce"])}

        return app


@pytest.fixture(scope="module")
def running() -> Iterator[Provider]:
    provider = Provider()
    server = uvicorn.Server(uvicorn.Config(provider.app(), port=0, log_level="error"))
    thread = threading.Thread(target=server.run)
    thread.start()
    while not server.started:
        time.sleep(0.01)
    provider.url = f"http://127.0.0.1:{server.servers[0].sockets[0].getsockname()[1]}"
    yield provider
    server.should_exit = True
    thread.join()


@pytest.fixture
def provider(running: Provider) -> Provider:
    running.claims, running.key = {}, KEY
    return running


@pytest.fixture
def browser(using: Services, provider: Provider) -> TestClient:
    """Of somebody at a service that knows the provider."""
    numbers = OidcSettings(provider.url, ID, "openid email profile", 10)
    changed = {"oidc": numbers, "oidc_client_secret": SecretStr(SECRET)}
    app = create_app(replace(using, settings=using.settings.model_copy(update=changed)))
    return TestClient(app, raise_server_exceptions=False, follow_redirects=False)


def back(browser: TestClient) -> str:
    """Go to the provider and come back; the address there, with code and state."""
    went = browser.get("/v1/auth/oidc")
    assert (went.status_code, went.headers["cache-control"]) == (302, "no-store")
    came = httpx2.get(went.headers["location"])
    assert came.status_code == 302
    return str(came.headers["location"])


def enter_by(browser: TestClient) -> dict[str, Any]:
    """Sign in; who one is then."""
    answer = browser.get(back(browser))
    assert answer.status_code == 200, answer.text
    token = answer.json()["access_token"]
    profile: dict[str, Any] = browser.get("/v1/me", headers={"Authorization": f"Bearer {token}"}).json()
    return profile


def test_a_stranger_becomes_a_user_and_comes_back_as_the_same(browser: TestClient, provider: Provider) -> None:
    first = enter_by(browser)
    assert (first["handle"], first["email"], first["role"]) == ("olga_m", "olga@example.org", "user")
    provider.claims = {"email": "other@example.org"}  # the subject counts from now on
    assert enter_by(browser) == first


def test_who_has_the_address_already_is_joined_and_loses_what_was_not_proved(
    browser: TestClient, enter: Enter, pool: Engine
) -> None:
    before = enter("olga")  # with a key, as an impostor may have one
    profile = before.get("/v1/me").json()
    with connect(pool) as tx:
        tx.execute(text("UPDATE users SET password_hash = 'x'"))
    assert enter_by(browser) == profile
    assert before.get("/v1/me").status_code == 401
    found = user_by_email(pool, "olga@example.org")
    assert found is not None
    assert found[1] is None
    again, _ = sign_in.make_api_key(pool, found[0], "new")
    assert enter_by(browser) == profile  # joined before: nothing is lost any more
    assert [key.key_id for key in sign_in.list_api_keys(pool, profile["user_id"])] == [again.key_id]


def test_who_proved_the_address_here_is_joined_and_loses_nothing(
    browser: TestClient, api: TestClient, mailbox: Mailbox
) -> None:
    olga = {"email": "olga@example.org"}
    api.post("/v1/auth/register", json=olga | {"handle": "olga"})
    api.post("/v1/auth/code", json=olga)
    mine = api.post("/v1/auth/login", json=olga | {"code": mailbox.codes[olga["email"]]}).json()["access_token"]
    assert enter_by(browser)["handle"] == "olga"
    assert api.get("/v1/me", headers={"Authorization": f"Bearer {mine}"}).status_code == 200


def test_two_first_sign_ins_at_once_are_of_one_user(pool: Engine, monkeypatch: pytest.MonkeyPatch) -> None:
    stranger, others = ("https://op", "1", "one@example.org", "one"), list[User]()

    def meanwhile(prefix: str) -> str:
        monkeypatch.setattr(identities, "ulid", ulid)
        others.append(identities.user_of(pool, *stranger))
        return ulid(prefix)

    monkeypatch.setattr(identities, "ulid", meanwhile)
    assert [identities.user_of(pool, *stranger)] == others


def test_an_address_that_is_not_verified_joins_nobody(browser: TestClient, provider: Provider, enter: Enter) -> None:
    enter("olga")
    provider.claims = {"email_verified": False}
    answer = browser.get(back(browser))
    assert (answer.status_code, answer.json()["error"]["code"]) == (403, "FORBIDDEN")


LIES: dict[str, dict[str, Any]] = {
    "another nonce": {"nonce": "n"},
    "for another service": {"aud": "other"},
    "of another issuer": {"iss": "https://evil.example.org"},
    "over": {"exp": 1_700_000_000, "iat": 1_600_000_000},
    "of nobody": {"sub": None},
}


@pytest.mark.parametrize("claims", LIES.values(), ids=LIES)
def test_an_id_token_that_is_not_right(browser: TestClient, provider: Provider, claims: dict[str, Any]) -> None:
    provider.claims = claims
    answer = browser.get(back(browser))
    assert (answer.status_code, answer.json()["error"]["code"]) == (401, "UNAUTHENTICATED")


def test_an_id_token_that_somebody_else_signed(browser: TestClient, provider: Provider) -> None:
    provider.key = RSAKey.generate_key(2048, {"kid": "k1"})
    assert browser.get(back(browser)).status_code == 401


def test_a_sign_in_ends_once_and_in_the_browser_that_began_it(browser: TestClient, pool: Engine) -> None:
    address = back(browser)
    elsewhere = TestClient(browser.app, follow_redirects=False)
    assert elsewhere.get(address).status_code == 401  # no cookie: and the state is used up
    assert browser.get(address).status_code == 401
    address = back(browser)
    assert browser.get(address.replace("code=", "code=x")).status_code != 200  # a code the provider does not know
    with connect(pool) as tx:
        assert tx.scalar(text("SELECT count(*) FROM users")) == 0


def test_a_sign_in_that_takes_too_long(browser: TestClient, pool: Engine) -> None:
    address = back(browser)
    state = parse_qs(urlsplit(address).query)["state"][0]
    later = datetime.now(UTC) + timedelta(minutes=11)
    assert identities.come_back(pool, state, later) is None
    assert browser.get(address).status_code == 401
    back(browser)
    identities.forget_expired(pool, later)
    with connect(pool) as tx:
        assert tx.scalar(text("SELECT count(*) FROM oidc_sign_ins")) == 0


def test_a_provider_that_refuses(browser: TestClient) -> None:
    state = parse_qs(urlsplit(back(browser)).query)["state"][0]
    answer = browser.get(f"/v1/auth/oidc/callback?state={state}&error=access_denied")
    assert answer.status_code == 401
    assert "access_denied" in answer.json()["error"]["message"]


def test_a_provider_that_is_away(using: Services) -> None:
    changed = {"oidc": OidcSettings("http://127.0.0.1:1", ID, "openid", 10)}
    app = create_app(replace(using, settings=using.settings.model_copy(update=changed)))
    answer = TestClient(app).get("/v1/auth/oidc", follow_redirects=False)
    assert (answer.status_code, answer.json()["error"]["code"]) == (502, "UNREACHABLE")


def test_without_a_provider_there_is_no_such_way(api: TestClient) -> None:
    assert api.get("/v1/auth/oidc").status_code == api.get("/v1/auth/oidc/callback?state=x").status_code == 404


HANDLES = {"ann": "ann", "Ann B.": "ann_b", "日本": "dancer", "x": "x_2", "a" * 40: "a" * 24}


@pytest.mark.parametrize(("name", "handle"), HANDLES.items(), ids=HANDLES)
def test_handles_of_strangers(pool: Engine, name: str, handle: str) -> None:
    first = identities.user_of(pool, "https://op", "1", "one@example.org", name)
    second = identities.user_of(pool, "https://op", "2", "two@example.org", name)
    assert first.handle == handle
    assert second.handle != handle
    assert len(second.handle) >= 3
    with pytest.raises(DanceError, match="FORBIDDEN"):
        identities.user_of(pool, "https://op", "3", None, name)
