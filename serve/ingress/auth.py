"""Signing in and out."""

from datetime import UTC, datetime
from typing import Annotated

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerifyMismatchError
from fastapi import APIRouter
from pydantic import EmailStr, Field, SecretStr, model_validator

from cluster import accounts, rates, sign_in
from cluster.accounts import Role, User
from cluster.database import transact
from dancecore.errors import DanceError
from serve.ingress.models import Shape, example
from serve.ingress.routing import Route
from serve.ingress.services import Me, Services, Using

router = APIRouter(prefix="/v1", tags=["auth"], route_class=Route)

hasher = PasswordHasher()
"""argon2id with the package's defaults, RFC 9106's second choice: 64 MiB, three passes."""

NOBODY = hasher.hash("")
"""What the password of an address that nobody has is compared with, so that it takes as long."""

Handle = Annotated[str, Field(pattern=r"^[a-z0-9_]{3,30}$")]
Password = Annotated[SecretStr, Field(max_length=200)]


class Registration(Shape):
    """A new user. Without a password they sign in by codes."""

    email: EmailStr
    handle: Handle
    password: Password | None = None
    model_config = example(email="ann@example.org", handle="ann", password="correct horse battery")  # noqa: S106


class Profile(Shape):
    """A user, to themselves."""

    user_id: str
    handle: str
    email: str
    role: Role
    model_config = example(user_id="usr_01JD2M5Z0Q4XKQ7S8V9W0Y1Z2A", handle="ann", email="ann@example.org", role="user")


class Address(Shape):
    """Where to send a code."""

    email: EmailStr
    model_config = example(email="ann@example.org")


class Proof(Shape):
    """A password, or a code that was sent."""

    password: Password | None = None
    code: Annotated[str, Field(pattern=r"^[0-9]{6}$")] | None = None

    @model_validator(mode="after")
    def _one_proof(self) -> "Proof":
        if (self.password is None) == (self.code is None):
            raise ValueError("either a password or a code is wanted")
        return self


class Login(Proof):
    """Who signs in, by password or by a code that was sent."""

    email: EmailStr
    model_config = example(email="ann@example.org", code="493027")


class PasswordChange(Proof):
    """A new password, and the one until now or a code that was sent."""

    new_password: Password
    model_config = example(new_password="battery staple horse", password="correct horse battery")  # noqa: S106


class Refresh(Shape):
    """The refresh token of the pair that was given last."""

    refresh_token: Annotated[str, Field(max_length=200)]
    model_config = example(refresh_token="Zm9vYmFyYmF6cXV4")  # noqa: S106


class Tokens(Shape):
    """`access_token` goes into `Authorization: Bearer ...` for `expires_in` seconds; `refresh_token` is good once."""

    access_token: str
    refresh_token: str
    expires_in: int
    model_config = example(access_token="YWNjZXNz", refresh_token="Zm9vYmFyYmF6cXV4", expires_in=900)  # noqa: S106


@router.post("/auth/register", status_code=201)
def register(new: Registration, using: Using) -> Profile:
    """Make a user. Nobody asks here whether the address is theirs: a password is good until a code, or an OpenID
    provider, proves the address for the first time; see `POST /v1/auth/login`."""
    _check_length(new.password, using)
    hashed = hasher.hash(new.password.get_secret_value()) if new.password else None
    return _profile(accounts.register(using.pool, new.email, new.handle, hashed))


@router.post("/auth/code", status_code=202)
def send_code(to: Address, using: Using) -> Address:
    """Send a one-time code by e-mail, some an hour at most. The answer is the same when nobody has this address."""
    _count("code", to.email, using.settings.serve.codes_per_mailbox, using)
    found = accounts.user_by_email(using.pool, to.email)
    if found:
        code = sign_in.make_code(using.pool, found[0].user_id, datetime.now(UTC), using.settings.serve)
        using.send_code(found[0].email, code)
    return to


@router.post("/auth/login")
def login(given: Login, using: Using) -> Tokens:
    """Sign in.

    The first code that is redeemed for an address proves it. Because anybody could have registered it before, the
    account's password, sessions, API keys and webhooks end then, also where it was you who made them: make them anew,
    and set a password by `PUT /v1/me/password`.
    """
    user, hashed = _proved(given, given.email, using)
    if user is None:
        raise DanceError("UNAUTHENTICATED", "this address and what should prove it do not belong together")
    return tokens_shape(sign_in.sign_in(using.pool, user.user_id, datetime.now(UTC), using.settings.serve, hashed))


@router.post("/auth/refresh")
def refresh(given: Refresh, using: Using) -> Tokens:
    """Exchange a refresh token for a new pair. A token that is shown twice ends its session: it was stolen."""
    return tokens_shape(sign_in.refresh(using.pool, given.refresh_token, datetime.now(UTC), using.settings.serve))


@router.post("/auth/logout", status_code=204)
def logout(given: Refresh, using: Using) -> None:
    """End the session of a refresh token, with all its tokens."""
    sign_in.sign_out(using.pool, given.refresh_token)


@router.get("/me")
def who_am_i(user: Me) -> Profile:
    """Who the token or key belongs to."""
    return _profile(user)


@router.put("/me/password")
def change_password(given: PasswordChange, user: Me, using: Using) -> Tokens:
    """Set a password, and end every session but the one that the answer begins. API keys stay, unless it is a code that
    proves the address for the first time: see `POST /v1/auth/login`."""
    _check_length(given.new_password, using)
    proved, before = _proved(given, user.email, using)
    new = given.new_password.get_secret_value()
    if proved is None or not accounts.set_password(using.pool, user.user_id, hasher.hash(new), before):
        raise DanceError("FORBIDDEN", "this is not your password, or not the code that you were sent")
    return tokens_shape(sign_in.sign_in(using.pool, user.user_id, datetime.now(UTC), using.settings.serve))


def _check_length(password: SecretStr | None, using: Services) -> None:
    least = using.settings.serve.password_min
    if password is not None and len(password.get_secret_value()) < least:
        raise DanceError("INVALID_INPUT", f"a password has at least {least} characters")


def _count(what: str, email: str, most: int, using: Services) -> str:
    """Raise DanceError("RATE_LIMITED") where it was asked for more than `most` times in this hour, whoever asks and
    whether or not somebody has the address; else under which name it is counted."""
    name, now = f"{what} {sign_in.digest(accounts.folded(email))}", datetime.now(UTC)
    rate = transact(using.pool, lambda tx: rates.hit(tx, name, now, rates.HOUR))
    if rate.count > most:
        said = f"at most {most} times an hour for one e-mail address"
        raise DanceError("RATE_LIMITED", said, {"retry_after_s": rate.reset_s})
    return name


def _proved(given: Proof, email: str, using: Services) -> tuple[User, str | None] | tuple[None, None]:
    """The user who proves to have an address, and of a password its hash. What is proved was no guess, and is not
    counted as one."""
    numbers = using.settings.serve
    if given.code:
        counted = _count("redeemed code", email, numbers.codes_per_mailbox, using)
        user, hashed = _by_code(email, given.code, using), None
    else:
        counted = _count("password", email, numbers.passwords_per_mailbox, using)
        user, hashed = _by_password(email, given.password, using)
    if user is None:
        return None, None
    rates.forget(using.pool, counted)
    return user, hashed


def _by_code(email: str, code: str, using: Services) -> User | None:
    found = accounts.user_by_email(using.pool, email)
    now, numbers = datetime.now(UTC), using.settings.serve
    return found[0] if found and sign_in.redeem_code(using.pool, found[0].user_id, code, now, numbers) else None


def _by_password(email: str, given: SecretStr | None, using: Services) -> tuple[User, str] | tuple[None, None]:
    """The user with their password's hash."""
    password = given.get_secret_value() if given else ""
    user, hashed = accounts.user_by_email(using.pool, email) or (None, None)
    try:
        hasher.verify(hashed or NOBODY, password)
    except (VerifyMismatchError, InvalidHashError):
        return None, None
    if user is None or hashed is None:
        return None, None
    if hasher.check_needs_rehash(hashed):
        before, hashed = hashed, hasher.hash(password)
        accounts.set_password_hash(using.pool, user.user_id, before, hashed)
    return user, hashed


def _profile(user: User) -> Profile:
    return Profile(user_id=user.user_id, handle=user.handle, email=user.email, role=user.role)


def tokens_shape(pair: sign_in.TokenPair) -> Tokens:
    """Tokens as the API shows them."""
    return Tokens(access_token=pair.access_token, refresh_token=pair.refresh_token, expires_in=pair.expires_in)
