"""Signing in at an OpenID provider: authorization code flow with PKCE (RFC 7636), state and nonce, by Authlib."""

import hmac
from datetime import UTC, datetime, timedelta
from functools import cache
from typing import Annotated, Any

import httpx2
from authlib.common.errors import AuthlibBaseError
from authlib.integrations.starlette_client import OAuth, StarletteOAuth2App
from fastapi import APIRouter, Cookie, Query, Request, Response
from fastapi.concurrency import run_in_threadpool
from fastapi.responses import RedirectResponse
from joserfc.errors import JoseError

from cluster import identities, sign_in
from cluster.accounts import User
from cluster.identities import Begun
from dancecore.errors import DanceError
from serve.ingress.auth import Tokens, tokens_shape
from serve.ingress.routing import Route
from serve.ingress.services import Services, Using

router = APIRouter(prefix="/v1/auth/oidc", tags=["auth"], route_class=Route)

COOKIE = "danceapp_oidc"
"""Holds the state: a sign-in ends in the browser that began it, so that nobody is signed in as somebody else."""

PROVIDER_S = 10
"""Seconds for the provider to answer: somebody waits."""


@router.get("", status_code=302, response_class=RedirectResponse)
async def begin(request: Request, using: Using) -> RedirectResponse:
    """Go to the provider to sign in. It sends you back to `/v1/auth/oidc/callback`."""
    client, numbers = _client_of(using), using.settings.oidc
    try:
        went = await client.create_authorization_url(str(request.url_for("come_back")))
    except httpx2.HTTPError as error:
        raise _away(error) from error
    until = datetime.now(UTC) + timedelta(minutes=numbers.minutes)
    begun = Begun(went["nonce"], went["code_verifier"])
    await run_in_threadpool(identities.begin, using.pool, went["state"], begun, until)
    answer = RedirectResponse(went["url"], 302, headers={"Cache-Control": "no-store"})
    answer.set_cookie(
        COOKIE, went["state"], max_age=60 * numbers.minutes, path="/v1/auth/oidc", httponly=True, samesite="lax",
        secure=request.url.scheme == "https",
    )  # fmt: skip
    return answer


@router.get("/callback")
async def come_back(
    request: Request, response: Response, using: Using, state: Annotated[str, Query(max_length=200)],
    code: Annotated[str | None, Query(max_length=4000)] = None,
    error: Annotated[str | None, Query(max_length=200)] = None,
    danceapp_oidc: Annotated[str, Cookie(max_length=200)] = "",
) -> Tokens:  # fmt: skip
    """Sign in with what the provider says: as who is linked to its subject, else as who has the e-mail address that it
    verified, else as a new user."""
    client, now = _client_of(using), datetime.now(UTC)
    begun = await run_in_threadpool(identities.come_back, using.pool, state, now)
    if begun is None or not hmac.compare_digest(state.encode(), danceapp_oidc.encode()):
        raise DanceError("UNAUTHENTICATED", "this sign-in did not begin here, or took too long: begin again")
    if code is None:
        raise DanceError("UNAUTHENTICATED", f"the provider refuses: {error}")
    said = await _claims(client, code, begun, str(request.url_for("come_back")), using)
    user = await run_in_threadpool(_user, said, using)
    pair = await run_in_threadpool(sign_in.sign_in, using.pool, user.user_id, now, using.settings.serve)
    response.headers["Cache-Control"] = "no-store"
    response.delete_cookie(COOKIE, path="/v1/auth/oidc")
    return tokens_shape(pair)


async def _claims(
    client: StarletteOAuth2App, code: str, begun: Begun, redirect_uri: str, using: Services
) -> dict[str, Any]:
    """What the ID token says, once its signature, issuer, audience, times and nonce are right."""
    numbers = using.settings.oidc
    wanted = {
        "iss": {"essential": True, "value": numbers.issuer},
        "aud": {"essential": True, "value": numbers.client_id},
    }
    try:
        token = await client.fetch_access_token(redirect_uri=redirect_uri, code=code, code_verifier=begun.verifier)
        said: dict[str, Any] | None = await client.parse_id_token(token, begun.nonce, claims_options=wanted)
    except httpx2.HTTPError as error:
        raise _away(error) from error
    except (AuthlibBaseError, JoseError) as error:
        raise DanceError("UNAUTHENTICATED", f"what the provider says cannot be trusted: {error}") from error
    if said is None:
        raise DanceError("UNAUTHENTICATED", "the provider does not say who you are")
    return said


def _user(said: dict[str, Any], using: Services) -> User:
    email = said.get("email") if said.get("email_verified") in (True, "true") else None
    name = said.get("preferred_username") or (email or "").partition("@")[0]
    return identities.user_of(using.pool, said["iss"], said["sub"], email, str(name))


def _client_of(using: Services) -> StarletteOAuth2App:
    numbers = using.settings.oidc
    if not numbers.issuer:
        raise DanceError("NOT_FOUND", "no OpenID provider is set up here")
    secret = using.settings.oidc_client_secret.get_secret_value()
    return _client(numbers.issuer, numbers.client_id, secret, numbers.scope)


@cache
def _client(issuer: str, client_id: str, secret: str, scope: str) -> StarletteOAuth2App:
    return OAuth().register(
        "provider", client_id=client_id, client_secret=secret,
        server_metadata_url=f"{issuer.rstrip('/')}/.well-known/openid-configuration",
        client_kwargs={"scope": scope, "code_challenge_method": "S256", "timeout": PROVIDER_S},
    )  # fmt: skip


def _away(error: Exception) -> DanceError:
    return DanceError("UNREACHABLE", f"the OpenID provider does not answer: {str(error) or type(error).__name__}")
