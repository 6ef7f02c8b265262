"""Who uses DanceApp: users with their roles."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any, Literal

from sqlalchemy import Connection, Engine, RowMapping, delete, func, insert, or_, select, true, update
from sqlalchemy.exc import IntegrityError

from cluster.database import storable, transact
from cluster.ids import ulid
from cluster.tables import ROLES, api_keys, tokens, users, webhooks
from dancecore.errors import DanceError

Role = Literal["user", "annotator", "admin"]


@dataclass(frozen=True, slots=True)
class User:
    """A user as stored, but for what proves who they are. proved_at: when their address was proved first."""

    user_id: str
    handle: str
    email: str
    role: Role
    proved_at: datetime | None


def register(pool: Engine, email: str, handle: str, password_hash: str | None) -> User:
    """Make a user of the role "user". Addresses are kept in lower case, so that one mailbox is one user.

    Raises DanceError("ALREADY_EXISTS") when the address or the handle is taken.
    """
    row = {"id": ulid("usr"), "email": folded(email), "handle": handle, "password_hash": password_hash}
    try:
        made = transact(pool, lambda tx: tx.execute(insert(users).values(row).returning(users)).mappings().one())
    except IntegrityError as error:
        raise DanceError("ALREADY_EXISTS", "this e-mail address or handle is taken") from error
    return as_user(made)


def user_by_email(pool: Engine, email: str) -> tuple[User, str | None] | None:
    """The user of an address with their password's hash; None when nobody has it."""
    query = select(users).where(users.c.email == storable(folded(email)))
    row = transact(pool, lambda tx: tx.execute(query).mappings().one_or_none())
    return (as_user(row), row["password_hash"]) if row else None


def set_password_hash(pool: Engine, user_id: str, before: str, password_hash: str) -> None:
    """Keep another hash of a password, unless the one `before` it has ended meanwhile."""
    changed = update(users).where(users.c.id == user_id, users.c.password_hash == before)
    transact(pool, lambda tx: tx.execute(changed.values(password_hash=password_hash)))


def set_password(pool: Engine, user_id: str, password_hash: str, before: str | None) -> bool:
    """Give a user another password, and end all their sessions; False where the one `before` it has ended meanwhile.
    None: whatever it was."""
    one = users.c.id == user_id, true() if before is None else users.c.password_hash == before
    changed = update(users).where(*one).values(password_hash=password_hash).returning(users.c.id)

    def work(tx: Connection) -> bool:
        if tx.execute(changed).one_or_none() is None:
            return False
        tx.execute(delete(tokens).where(tokens.c.user == user_id))
        return True

    return transact(pool, work)


def hold(tx: Connection, user: User) -> None:
    """Until `tx` ends, nobody proves or uses up anything else of this user. Raises DanceError("UNAUTHENTICATED") where
    somebody proved their address since they were read: who asks for this may be somebody else."""
    same = users.c.id == user.user_id, users.c.email_verified_at.is_not_distinct_from(user.proved_at)
    if tx.execute(select(users.c.id).where(*same).with_for_update(key_share=True)).one_or_none() is None:
        raise DanceError("UNAUTHENTICATED", "this token or key is not valid any more")


def prove_address(tx: Connection, user_id: str) -> None:
    """Keep that a user reads the mail of their address.

    Anybody may register an address. So whoever had this one without ever proving it loses it the first time that it is
    proved: password, sessions and keys end, and webhooks, which would go on telling them what is danced.
    """
    first = update(users).where(users.c.id == user_id, users.c.email_verified_at.is_(None))
    proved = first.values(email_verified_at=func.now(), password_hash=None).returning(users.c.id)
    if tx.execute(proved).one_or_none():
        for held in (tokens, api_keys, webhooks):
            tx.execute(delete(held).where(held.c.user == user_id))


def set_role(pool: Engine, who: str, role: str) -> User:
    """Give a user, named by id, handle or address, another role, which holds from their next request on.

    Raises DanceError: NOT_FOUND, INVALID_INPUT.
    """
    if role not in ROLES:
        raise DanceError("INVALID_INPUT", f"a role is one of {', '.join(ROLES)}, not {role!r}")
    name = storable(who)
    named = or_(users.c.id == name, users.c.handle == name, users.c.email == folded(name))

    def work(tx: Connection) -> RowMapping | None:
        return tx.execute(update(users).where(named).values(role=role).returning(users)).mappings().one_or_none()

    row = transact(pool, work)
    if row is None:
        raise DanceError("NOT_FOUND", f"there is no user {who!r}")
    return as_user(row)


def as_user(row: RowMapping | dict[str, Any]) -> User:
    """The user in a row of the table."""
    return User(row["id"], row["handle"], row["email"], row["role"], row["email_verified_at"])


def folded(email: str) -> str:
    """An address as it is compared."""
    return email.strip().lower()
