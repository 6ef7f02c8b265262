"""Requests that are sent again under the same key take effect once (draft-ietf-httpapi-idempotency-key-header).

Answers may hold secrets that are kept nowhere else, such as a new API key. So they are kept encrypted by what the key
gives, and of the key itself a digest alone: whoever reads the table reads no answer, unless they guess the key.
"""

import hmac
import json
import os
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from sqlalchemy import ColumnElement, Connection, Engine, and_, delete, func, select, update
from sqlalchemy.dialects.postgresql import insert as upsert
from sqlalchemy.sql.dml import ReturningUpdate

from cluster.database import transact
from cluster.sign_in import digest
from cluster.tables import idempotency_keys
from dancecore.errors import DanceError

LONGEST = 200
"""Characters of a key; a UUID has 36."""

LOST = timedelta(minutes=10)
"""After which a request that was not answered never will be."""

NONCE = 12
"""Bytes, as AES-GCM wants them."""


@dataclass(frozen=True, slots=True)
class Answer:
    """How a request was answered."""

    status: int
    headers: dict[str, str]
    body: bytes


def begin(pool: Engine, user_id: str, key: str, request: str) -> Answer | None:
    """Take a key for a request (a digest of it); the answer when it was given one before.

    Raises DanceError: INVALID_INPUT when the key was of another request, ALREADY_EXISTS while that is being answered.
    """
    if not 1 <= len(key) <= LONGEST:
        raise DanceError("INVALID_INPUT", f"an idempotency key has 1 to {LONGEST} characters")
    row = {"user": user_id, "key": _kept(user_id, key), "request": request}

    def work(tx: Connection) -> Answer | None:
        made = upsert(idempotency_keys).values(row).on_conflict_do_nothing().returning(idempotency_keys.c.key)
        if tx.execute(made).one_or_none():
            return None
        if tx.execute(_anew(user_id, key, row)).one_or_none():
            return None
        known = tx.execute(select(idempotency_keys).where(_is(user_id, key))).one()
        if known.request != request:
            raise DanceError("INVALID_INPUT", "this idempotency key was used for another request")
        if known.status is None:
            raise DanceError("ALREADY_EXISTS", "this request is being answered", {"retry_after_s": 1})
        return _opened(user_id, key, known.status, known.answer)

    return transact(pool, work)


def finish(pool: Engine, user_id: str, key: str, answer: Answer) -> None:
    """Keep the answer that was given."""
    values = {"status": answer.status, "answer": _sealed(user_id, key, answer)}
    changed = update(idempotency_keys).where(_is(user_id, key)).values(values)
    transact(pool, lambda tx: tx.execute(changed))


def forget(pool: Engine, user_id: str, key: str) -> None:
    """Give a key back: its request came to nothing."""
    transact(pool, lambda tx: tx.execute(delete(idempotency_keys).where(_is(user_id, key))))


def forget_before(pool: Engine, then: datetime) -> None:
    """Remove the answers to requests that are older."""
    transact(pool, lambda tx: tx.execute(delete(idempotency_keys).where(idempotency_keys.c.created_at < then)))


def _anew(user_id: str, key: str, row: dict[str, str]) -> ReturningUpdate[Any]:
    """Take a key over from an ingress that died before it answered."""
    lost = and_(idempotency_keys.c.status.is_(None), idempotency_keys.c.created_at < func.now() - LOST)
    changed = update(idempotency_keys).where(_is(user_id, key), lost)
    return changed.values(request=row["request"], created_at=func.now()).returning(idempotency_keys.c.key)


def _is(user_id: str, key: str) -> ColumnElement[bool]:
    return and_(idempotency_keys.c.user == user_id, idempotency_keys.c.key == _kept(user_id, key))


def _kept(user_id: str, key: str) -> str:
    return digest(f"{user_id} {key}")


def _cipher(user_id: str, key: str) -> AESGCM:
    return AESGCM(hmac.digest(key.encode(), f"answer to {user_id}".encode(), "sha256"))


def _sealed(user_id: str, key: str, answer: Answer) -> bytes:
    """Headers, a line feed, which JSON has not, and the body: encrypted, after their nonce."""
    nonce, plain = os.urandom(NONCE), json.dumps(answer.headers).encode() + b"\n" + answer.body
    return nonce + _cipher(user_id, key).encrypt(nonce, plain, None)


def _opened(user_id: str, key: str, status: int, sealed: bytes) -> Answer:
    headers, _, body = _cipher(user_id, key).decrypt(sealed[:NONCE], sealed[NONCE:], None).partition(b"\n")
    return Answer(status, json.loads(headers), body)
