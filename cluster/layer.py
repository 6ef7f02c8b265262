"""A user's own layer of the taxonomy: moves enrolled by example, which the next analysis of that user knows.

In the database a layer is a version `{base}+{layer}` of the taxonomy and its moves are called `mv_{layer}_...`. Of an
exemplar its poses are kept, and what it is compared by is made of them whenever it is needed.
"""

import io
import re
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from hashlib import sha256
from typing import Any
from unicodedata import normalize

import numpy as np
from sqlalchemy import Connection, Engine, delete, func, literal, select, update
from sqlalchemy.dialects.postgresql import JSONB

from cluster import keys
from cluster.catalogue import MoveRow, put_taxonomy
from cluster.database import connect, storable, transact
from cluster.objects import Objects
from cluster.publish import put_templates, store_templates
from cluster.settings import Settings
from cluster.tables import moves, templates
from dancecore.errors import DanceError
from dancecore.matching.enrol import Exemplar, learn, signature
from dancecore.pose.packing import pack_tracks, unpack_tracks
from dancecore.types import Span

LOCAL = "local"
"""The layer of whoever uses the command line."""

FAMILY = "own moves"

MOST_EXEMPLARS = 5
"""Of a move. More make every analysis slower and tell little that is new."""

LOCK = 0x4C41594552
"""With a layer's hash, key of the advisory lock that lets one process change it at a time ("LAYER" in ASCII)."""

DIFFICULTY = 3
"""Of a move that nobody has rated: the middle of 1-5."""


@dataclass(frozen=True, slots=True)
class OwnMove:
    """A move of a layer, with the ids of its exemplars."""

    move_id: str
    name: str
    exemplars: tuple[str, ...]


def own_moves(pool: Engine, layer: str = LOCAL) -> list[OwnMove]:
    """The moves of a layer that have exemplars, by id."""
    query = select(moves.c.id, moves.c.name, moves.c.metadata).where(moves.c.metadata["layer"].astext == layer)
    rows = transact(pool, lambda connection: connection.execute(query.order_by(moves.c.id)).all())
    found = [OwnMove(row.id, row.name, tuple(row.metadata["exemplars"])) for row in rows]
    return [own for own in found if own.exemplars]


def own_exemplars(pool: Engine, store: Objects, layer: str = LOCAL) -> dict[str, list[Exemplar]]:
    """The exemplars of every move of a layer, by its id. Raises DanceError("OBJECT_MISSING") when poses are gone."""
    moves_known = own_moves(pool, layer)
    return {own.move_id: [_read(store, own.move_id, each) for each in own.exemplars] for own in moves_known}


def check_enrolment(pool: Engine, name: str, given: int, layer: str = LOCAL) -> None:
    """Refuse what `enrol` refuses whatever so many exemplars show, before anybody looks for a dancer in them.

    Raises DanceError("INVALID_INPUT") for a name that cannot be used, for more than MOST_EXEMPLARS, and for a move that
    has so many.
    """
    move = move_id(layer, name)
    _refuse_taken(pool, name, layer, move)
    if given > MOST_EXEMPLARS:
        raise DanceError("INVALID_INPUT", f"{name} is given {given} exemplars; 1 to {MOST_EXEMPLARS} are taken")
    if len(_exemplars(pool, layer, move)) == MOST_EXEMPLARS:
        raise DanceError("INVALID_INPUT", f"{name} has {MOST_EXEMPLARS} exemplars already, which is all that are taken")


def enrol(
    pool: Engine, store: Objects, settings: Settings, base: str, name: str, exemplars: Sequence[Exemplar],
    layer: str = LOCAL,
) -> OwnMove:  # fmt: skip
    """Add exemplars to the move `name` of a layer over version `base` of the taxonomy; make it if it is new.

    Exemplars are named by their content, so that one that is enrolled again changes nothing. Raises
    DanceError("INVALID_INPUT") for a name the taxonomy has, or for more than MOST_EXEMPLARS.
    """
    packed = {f"ex_{sha256(data).hexdigest()[:16]}": data for data in map(_pack, exemplars)}
    with _alone(pool, layer):
        return _enrolled(pool, store, settings, base, name, packed, layer)


def _enrolled(
    pool: Engine, store: Objects, settings: Settings, base: str, name: str, packed: dict[str, bytes], layer: str
) -> OwnMove:
    move = move_id(layer, name)
    _refuse_taken(pool, name, layer, move)
    every = tuple(dict.fromkeys([*_exemplars(pool, layer, move), *packed]))
    if not 1 <= len(every) <= MOST_EXEMPLARS:
        raise DanceError("INVALID_INPUT", f"{name} would have {len(every)} exemplars; 1 to {MOST_EXEMPLARS} are taken")
    for exemplar, data in packed.items():
        store.put(keys.exemplar_poses(move, exemplar), data)
    read = [_read(store, move, exemplar) for exemplar in every]
    made = learn(move, read, settings.templates, settings.features)
    about = {"layer": layer, "exemplars": list(every), "signature": signature(read)}
    version = f"{base}+{layer}"
    store_templates(store, made)

    def work(connection: Connection) -> None:
        put_taxonomy(connection, version, [MoveRow(move, name, FAMILY, DIFFICULTY, metadata=about)])
        put_templates(connection, version, made, settings.media.rate_hz)

    transact(pool, work)
    return OwnMove(move, name, every)


def forget(pool: Engine, store: Objects, name: str, layer: str = LOCAL) -> None:
    """Take a move out of a layer, its exemplars and templates with it; segments that name it stay until re-indexed.

    What another run left when it failed halfway, of `forget` or of `enrol`, goes too. Raises DanceError("NOT_FOUND")
    when the layer has no such move.
    """
    with _alone(pool, layer):
        _forgotten(pool, store, name, layer)


def _forgotten(pool: Engine, store: Objects, name: str, layer: str) -> None:
    move = move_id(layer, name)
    stored = store.keys(f"moves/{move}/")
    if not stored and move not in {own.move_id for own in own_moves(pool, layer)}:
        raise DanceError("NOT_FOUND", f"you have enrolled no move called {name!r}")

    def work(connection: Connection) -> None:
        connection.execute(delete(templates).where(templates.c.move == move))
        emptied = moves.c.metadata.concat(literal({"exemplars": []}, JSONB))
        connection.execute(update(moves).where(moves.c.id == move).values(metadata=emptied))

    transact(pool, work)
    for key in stored:
        store.delete(key)


def move_id(layer: str, name: str) -> str:
    """The id of a move of this name in a layer: its letters, and a digest of what they leave out.

    Raises DanceError("INVALID_INPUT") for a name without a letter or digit, or that is no text.
    """
    if storable(name) != name or not any(letter.isalnum() for letter in name):
        raise DanceError("INVALID_INPUT", f"the name of a move needs a letter, and no stray bytes, unlike {name!r}")
    folded = _folded(name)
    plain = normalize("NFKD", folded).encode("ascii", "ignore").decode()
    slug = re.sub(r"[^a-z0-9]+", "_", plain).strip("_")[:40]
    digest = "" if slug.replace("_", " ") == folded else sha256(folded.encode()).hexdigest()[:8]
    return "_".join(part for part in ("mv", layer, slug, digest) if part)


@contextmanager
def _alone(pool: Engine, layer: str) -> Iterator[None]:
    """Nobody else changes the layer meanwhile, on any machine: what is read of it holds until it is written. A process
    that dies lets go."""
    with connect(pool) as held:
        held.execute(select(func.pg_advisory_xact_lock(LOCK + func.hashtext(layer))))
        yield


def _exemplars(pool: Engine, layer: str, move: str) -> tuple[str, ...]:
    return next((own.exemplars for own in own_moves(pool, layer) if own.move_id == move), ())


def _refuse_taken(pool: Engine, name: str, layer: str, move: str) -> None:
    """A name or alias of a move of the taxonomy cannot be learned anew: nobody could tell which is meant."""
    visible = func.coalesce(moves.c.metadata["layer"].astext, layer) == layer
    query = select(moves.c.id, moves.c.name, moves.c.aliases).where(visible, moves.c.id != move)
    for other in transact(pool, lambda connection: connection.execute(query).all()):
        if _folded(name) in map(_folded, (other.name, *other.aliases)):
            raise DanceError("INVALID_INPUT", f"{name!r} is already a name of {other.name} ({other.id})")


def _folded(name: str) -> str:
    """Alike for names that are written alike, however their accents are encoded."""
    return " ".join(normalize("NFC", name).casefold().split())


def _pack(exemplar: Exemplar) -> bytes:
    """The exemplar as stored, with the whole clip: slow features look beyond the span."""
    out = io.BytesIO()
    stored: dict[str, Any] = {
        "tracks": np.frombuffer(pack_tracks([exemplar.track]), np.uint8),
        "span": [exemplar.span.start_ns, exemplar.span.end_ns],
        "bpm": exemplar.bpm or 0.0,
        "flat": exemplar.flat,
    }
    np.savez(out, **stored)
    return out.getvalue()


def _read(store: Objects, move: str, exemplar: str) -> Exemplar:
    try:
        data = store.get(keys.exemplar_poses(move, exemplar))
    except DanceError as error:
        if error.code != "OBJECT_MISSING":
            raise
        said = f"an exemplar of {move} is gone; forget the move, and enrol it again"
        raise DanceError("OBJECT_MISSING", said, error.details) from error
    with np.load(io.BytesIO(data), allow_pickle=False) as stored:
        track = unpack_tracks(stored["tracks"].tobytes())[0]
        start, end = map(int, stored["span"])
        return Exemplar(exemplar, track, Span(start, end), float(stored["bpm"]) or None, bool(stored["flat"]))
