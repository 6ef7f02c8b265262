"""What proves who sends a request: access and refresh tokens, one-time codes by e-mail, API keys.

All are random and kept as digests only. `now` is an argument wherever a time is stored or compared.

A refresh token is good for one use. Shown a second time, somebody else has it too, and the whole session ends with all
its tokens (RFC 9700, section 4.14.2).
"""

import hmac
import secrets
from dataclasses import dataclass
from datetime import datetime, timedelta
from hashlib import sha256
from typing import Any

from sqlalchemy import ColumnElement, Connection, Engine, Row, and_, delete, insert, select, update
from sqlalchemy.dialects.postgresql import insert as upsert

from cluster.accounts import User, as_user, hold, prove_address
from cluster.database import storable, transact
from cluster.ids import ulid
from cluster.settings import ServeSettings
from cluster.tables import api_keys, login_codes, tokens, users
from dancecore.errors import DanceError

KEY_PREFIX = "dak_"
"""Of an API key, by which it is told from a token, and found where it was published by mistake."""


@dataclass(frozen=True, slots=True)
class TokenPair:
    """What a sign-in gives. `expires_in`: seconds that the access token is good for."""

    access_token: str
    refresh_token: str
    expires_in: int


@dataclass(frozen=True, slots=True)
class ApiKey:
    """An API key as listed: the key itself is seen once, when it is made."""

    key_id: str
    name: str
    created_at: datetime


def sign_in(
    pool: Engine, user_id: str, now: datetime, settings: ServeSettings, password_hash: str | None = None
) -> TokenPair:
    """Begin a session. Raises DanceError("UNAUTHENTICATED") where it is asked for by a password whose hash has ended
    while it was compared."""
    theirs = select(users.c.id).where(users.c.id == user_id, users.c.password_hash == password_hash)

    def work(tx: Connection) -> TokenPair | None:
        if password_hash is not None and tx.execute(theirs.with_for_update(key_share=True)).one_or_none() is None:
            return None
        return _issue(tx, user_id, ulid("ses"), now, settings)

    pair = transact(pool, work)
    if pair is None:
        raise DanceError("UNAUTHENTICATED", "this password is not valid any more")
    return pair


def refresh(pool: Engine, refresh_token: str, now: datetime, settings: ServeSettings) -> TokenPair:
    """Exchange a refresh token for a new pair. Raises DanceError("UNAUTHENTICATED")."""

    of = select(tokens.c.user).where(_is(refresh_token, "refresh")).scalar_subquery()
    theirs = select(users.c.id).where(users.c.id == of).with_for_update(key_share=True)

    def work(tx: Connection) -> TokenPair | None:
        tx.execute(theirs)  # before its token, as who ends all sessions does: none is made behind their back
        row = tx.execute(select(tokens).where(_is(refresh_token, "refresh")).with_for_update()).one_or_none()
        if row is None or row.expires_at <= now:
            return None
        if row.used_at is not None:
            tx.execute(delete(tokens).where(tokens.c.session == row.session))
            return None
        tx.execute(update(tokens).where(tokens.c.id == row.id).values(used_at=now))
        tx.execute(delete(tokens).where(tokens.c.session == row.session, tokens.c.kind == "access"))
        return _issue(tx, row.user, row.session, now, settings)

    pair = transact(pool, work)
    if pair is None:
        raise DanceError("UNAUTHENTICATED", "this refresh token is not valid any more: sign in again")
    return pair


def sign_out(pool: Engine, refresh_token: str) -> None:
    """End the session of a refresh token; nothing happens when there is none."""
    session = select(tokens.c.session).where(_is(refresh_token, "refresh")).scalar_subquery()
    transact(pool, lambda tx: tx.execute(delete(tokens).where(tokens.c.session == session)))


def who(tx: Connection, credential: str, now: datetime) -> User:
    """The user of an access token or an API key. Raises DanceError("UNAUTHENTICATED")."""
    if credential.startswith(KEY_PREFIX):
        query = (
            select(users).join(api_keys, api_keys.c.user == users.c.id).where(api_keys.c.digest == digest(credential))
        )
    else:
        alive = and_(_is(credential, "access"), tokens.c.expires_at > now)
        query = select(users).join(tokens, tokens.c.user == users.c.id).where(alive)
    row = tx.execute(query).mappings().one_or_none()
    if row is None:
        raise DanceError("UNAUTHENTICATED", "this token or key is not valid, or not any more")
    return as_user(row)


def make_code(pool: Engine, user_id: str, now: datetime, settings: ServeSettings) -> str:
    """A new one-time code of six digits, the only one of this user that is good from now on."""
    code = f"{secrets.randbelow(1_000_000):06}"
    row = {
        "user": user_id, "digest": digest(user_id + code), "attempts": 0,
        "expires_at": now + timedelta(minutes=settings.code_minutes),
    }  # fmt: skip
    made = upsert(login_codes).values(row).on_conflict_do_update(index_elements=["user"], set_=row)
    transact(pool, lambda tx: tx.execute(made))
    return code


def redeem_code(pool: Engine, user_id: str, code: str, now: datetime, settings: ServeSettings) -> bool:
    """Whether this is the user's code, which is then used up and proves their address. After `code_attempts` wrong ones
    none is."""

    def work(tx: Connection) -> bool:
        one = login_codes.c.user == user_id
        row = tx.execute(select(login_codes).where(one).with_for_update()).one_or_none()
        if row is None or row.expires_at <= now or row.attempts >= settings.code_attempts:
            return False
        if hmac.compare_digest(row.digest, digest(user_id + code)):
            tx.execute(delete(login_codes).where(one))
            prove_address(tx, user_id)
            return True
        tx.execute(update(login_codes).where(one).values(attempts=row.attempts + 1))
        return False

    return transact(pool, work)


def make_api_key(pool: Engine, user: User, name: str) -> tuple[ApiKey, str]:
    """A new key that acts as its user, and the one chance to see it. Raises DanceError as `hold`."""
    key = KEY_PREFIX + secrets.token_urlsafe(32)
    row = {"id": ulid("key"), "user": user.user_id, "name": storable(name), "digest": digest(key)}

    def work(tx: Connection) -> Row[tuple[Any, ...]]:
        hold(tx, user)
        return tx.execute(insert(api_keys).values(row).returning(api_keys)).one()

    made = transact(pool, work)
    return ApiKey(made.id, made.name, made.created_at), key


def list_api_keys(pool: Engine, user_id: str) -> list[ApiKey]:
    """The keys of a user, the newest first."""
    query = select(api_keys).where(api_keys.c.user == user_id).order_by(api_keys.c.id.desc())
    return [ApiKey(row.id, row.name, row.created_at) for row in transact(pool, lambda tx: tx.execute(query).all())]


def delete_api_key(pool: Engine, key_id: str) -> None:
    """Make a key worthless at once."""
    transact(pool, lambda tx: tx.execute(delete(api_keys).where(api_keys.c.id == key_id)))


def forget_expired(pool: Engine, now: datetime) -> None:
    """Remove tokens and codes whose time is over."""

    def work(tx: Connection) -> None:
        tx.execute(delete(tokens).where(tokens.c.expires_at <= now))
        tx.execute(delete(login_codes).where(login_codes.c.expires_at <= now))

    transact(pool, work)


def digest(secret: str) -> str:
    """What is kept of a secret. A plain hash: these secrets are long and random, or short of life."""
    return sha256(secret.encode()).hexdigest()


def _issue(tx: Connection, user_id: str, session: str, now: datetime, settings: ServeSettings) -> TokenPair:
    lives = {
        "access": timedelta(minutes=settings.access_minutes), "refresh": timedelta(days=settings.refresh_days)
    }  # fmt: skip
    made = {kind: secrets.token_urlsafe(32) for kind in lives}
    rows = [
        {
            "id": ulid("tok"), "user": user_id, "session": session, "kind": kind, "digest": digest(made[kind]),
            "expires_at": now + life,
        }
        for kind, life in lives.items()
    ]  # fmt: skip
    tx.execute(insert(tokens), rows)
    return TokenPair(made["access"], made["refresh"], int(lives["access"].total_seconds()))


def _is(token: str, kind: str) -> ColumnElement[bool]:
    return and_(tokens.c.digest == digest(token), tokens.c.kind == kind)
