"""The templates and exemplars of moves in the object store, and the rows that point to them."""

from collections.abc import Sequence

from sqlalchemy import Connection, delete, update
from sqlalchemy.dialects.postgresql import insert as upsert

from cluster import keys
from cluster.objects import Objects
from cluster.tables import moves, templates
from dancecore.matching.templates import Template, save


def store_templates(store: Objects, made: Sequence[Template]) -> None:
    """Store templates under their keys: before `put_templates`, so that no row points to nothing."""
    for each in made:
        store.put(keys.template(each.move_id, each.template_id), save(each))


def put_templates(connection: Connection, version: str, made: Sequence[Template], rate_hz: int) -> None:
    """Make templates that are stored all that their moves have, the first of each the canonical one."""
    rows = [
        {
            "id": each.template_id, "move": each.move_id, "taxonomy_version": version,
            "feature_seq": keys.template(each.move_id, each.template_id),
            "length_ms": max(1, round(1000 * len(each.values) / rate_hz)),
        }
        for each in made
    ]  # fmt: skip
    if not rows:
        return
    ids = [row["id"] for row in rows]
    named = {each.move_id for each in made}
    connection.execute(delete(templates).where(templates.c.move.in_(named), templates.c.id.not_in(ids)))
    new = upsert(templates).values(rows)
    changed = {name: new.excluded[name] for name in ("move", "taxonomy_version", "feature_seq", "length_ms")}
    connection.execute(new.on_conflict_do_update(index_elements=["id"], set_=changed))
    for move in sorted(named):
        first = next(row["id"] for row in rows if row["move"] == move)
        connection.execute(update(moves).where(moves.c.id == move).values(canonical_template=first))
