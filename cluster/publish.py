"""The templates and exemplars of moves in the object store, and the rows that point to them."""

from collections.abc import Sequence

from sqlalchemy import Connection, delete, update
from sqlalchemy.dialects.postgresql import insert as upsert

from cluster import keys
from cluster.objects import Objects
from cluster.tables import moves, templates
from dancecore.matching.templates import Template, save


def put_templates(connection: Connection, store: Objects, version: str, made: Sequence[Template], rate_hz: int) -> None:
    """Store templates under their keys and make them all that their moves have, the first of each the canonical one."""
    rows = []
    for each in made:
        key = keys.template(each.move_id, each.template_id)
        store.put(key, save(each))
        length_ms = max(1, round(1000 * len(each.values) / rate_hz))
        rows.append({"id": each.template_id, "move": each.move_id, "taxonomy_version": version, "feature_seq": key,
                     "length_ms": length_ms})  # fmt: skip
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
