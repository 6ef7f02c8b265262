"""Users who sign in elsewhere: which issuer knows them by which subject, and sign-ins that are under way there."""

import re
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Engine, delete, func, insert, select
from sqlalchemy.dialects.postgresql import insert as upsert
from sqlalchemy.exc import IntegrityError

from cluster.accounts import User, as_user, folded, prove_address
from cluster.database import storable, transact
from cluster.ids import ulid
from cluster.sign_in import digest
from cluster.tables import identities, oidc_sign_ins, users
from dancecore.errors import DanceError


@dataclass(frozen=True, slots=True)
class Begun:
    """What a sign-in that is under way must come back with: the nonce of its ID token, and the proof that goes with its
    code (RFC 7636)."""

    nonce: str
    verifier: str


def begin(pool: Engine, state: str, begun: Begun, expires_at: datetime) -> None:
    """Keep a sign-in that goes to its provider under its `state`."""
    row = {"state": digest(state), "nonce": begun.nonce, "verifier": begun.verifier, "expires_at": expires_at}
    transact(pool, lambda tx: tx.execute(upsert(oidc_sign_ins).values(row).on_conflict_do_nothing()))


def come_back(pool: Engine, state: str, now: datetime) -> Begun | None:
    """The sign-in of this state, once: None for any that did not begin here, is over or has come back before."""
    gone = delete(oidc_sign_ins).where(oidc_sign_ins.c.state == digest(state)).returning(oidc_sign_ins)
    row = transact(pool, lambda tx: tx.execute(gone).one_or_none())
    return Begun(row.nonce, row.verifier) if row and row.expires_at > now else None


def forget_expired(pool: Engine, now: datetime) -> None:
    """Remove sign-ins that never came back."""
    transact(pool, lambda tx: tx.execute(delete(oidc_sign_ins).where(oidc_sign_ins.c.expires_at <= now)))


def user_of(pool: Engine, issuer: str, subject: str, email: str | None, name: str) -> User:
    """The user whom an issuer knows by this subject; else the one of the e-mail address, which the issuer has verified;
    else a new one, whose handle is made of `name`.

    Whoever had the address here without ever proving it loses the account to who has: see `prove_address`. Raises
    DanceError("FORBIDDEN") for a stranger without a verified address.
    """

    def work(tx: Connection) -> User:
        return _user_of(tx, storable(issuer), storable(subject), email, name)

    try:
        return transact(pool, work)
    except IntegrityError:  # somebody else made the user, or took the handle, between our look and our step
        return transact(pool, work)


def _user_of(tx: Connection, issuer: str, subject: str, email: str | None, name: str) -> User:
    one = identities.c.issuer == issuer, identities.c.subject == subject
    known = (
        tx.execute(select(users).join(identities, identities.c.user == users.c.id).where(*one)).mappings().one_or_none()
    )
    if known:
        return as_user(known)
    if email is None:
        raise DanceError("FORBIDDEN", "your provider does not say that it has verified your e-mail address")
    address = storable(folded(email))
    user = tx.execute(select(users).where(users.c.email == address).with_for_update()).mappings().one_or_none()
    if user:
        prove_address(tx, user["id"])
    else:
        row = {"id": ulid("usr"), "email": address, "handle": _free_handle(tx, name)}
        made = insert(users).values(row | {"email_verified_at": func.now()})
        user = tx.execute(made.returning(users)).mappings().one()
    link: dict[str, Any] = {"issuer": issuer, "subject": subject, "user": user["id"]}
    tx.execute(insert(identities).values(link))
    return as_user(user)


def _free_handle(tx: Connection, name: str) -> str:
    """`name` as a handle that nobody has."""
    plain = re.sub(r"[^a-z0-9_]+", "_", name.lower()).strip("_")[:24] or "dancer"
    taken = set(tx.scalars(select(users.c.handle).where(users.c.handle.startswith(plain, autoescape=True))))
    wanted = [plain] if len(plain) >= 3 else []
    return next(each for each in (*wanted, *(f"{plain}_{n}" for n in range(2, len(taken) + 4))) if each not in taken)
