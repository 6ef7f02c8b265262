"""A made-up version of the taxonomy splits one move, merges two and renames one; and the way back."""

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from sqlalchemy import Connection, Engine, Row, delete, insert, select, update

from cluster.catalogue import MoveRow, sync_taxonomy
from cluster.database import connect
from cluster.index import write_clip
from cluster.move_index import fold_days
from cluster.remap import GUESSED, Catalogue, Deciders, Remapped, remap
from cluster.tables import (
    annotations,
    composition_steps,
    compositions,
    segments,
    taxonomy_migrations,
    templates,
    users,
)
from dancecore.errors import DanceError
from tests.cluster.stored import clip, dump, put

OLD = Catalogue(
    "tx-0.1", [MoveRow(f"mv_{name}", name, "arms", 1) for name in ("wave", "clap", "snap", "point", "still")], "old"
)
NEW = Catalogue(
    "tx-0.2",
    [MoveRow(f"mv_{name}", name, "arms", 1) for name in ("wave_up", "wave_down", "hands", "pointing", "still")],
    "new",
)
FORTH = {
    "mv_wave": ("mv_wave_up", "mv_wave_down"),
    "mv_clap": ("mv_hands",),
    "mv_snap": ("mv_hands",),
    "mv_point": ("mv_pointing",),
}
BACK = {
    "mv_wave_up": ("mv_wave",),
    "mv_wave_down": ("mv_wave",),
    "mv_hands": ("mv_clap", "mv_snap"),
    "mv_pointing": ("mv_point",),
}


def by_first_feature(tx: Connection, row: Row[Any], targets: Sequence[str]) -> str | None:
    """Segments: the first feature says which of the targets, if it is 0 or 1."""
    which = np.frombuffer(row.features_vec, "<f2")[0]
    return targets[int(which)] if which in (0, 1) else None


def by_id(tx: Connection, row: Row[Any], targets: Sequence[str]) -> str | None:
    return next((target for target in targets if row.id.endswith(target.removeprefix("mv_"))), None)


DECIDERS = Deciders(by_first_feature, by_id)


@pytest.fixture
def full(pool: Engine) -> Engine:
    """Two clips of every move, an annotation, a template and a composition for each."""
    sync_taxonomy(pool, OLD.semver, OLD.rows, OLD.notes)
    names = ["mv_wave", "mv_wave", "mv_wave", "mv_clap", "mv_snap", "mv_point", "mv_still", "other"]
    made = clip("a.mp4", *((name, 1000 * i, 1000 * i + 1000) for i, name in enumerate(names)))
    vectors = np.zeros((len(names), 128), np.float32)
    vectors[:3, 0] = 0, 1, 7
    alternatives = (("mv_snap", 0.3), ("mv_clap", 0.2), ("mv_still", 0.1))
    kept = tuple(replace(segment, alternatives=alternatives) for segment in made.segments)
    video = write_clip(pool, replace(made, vectors=vectors, segments=kept)).video_id
    put(pool, users, id="usr_1", handle="ann", email="ann@example.org")
    put(pool, compositions, id="cmp_1", user="usr_1", title="Dance", bpm=120)
    spans = [(1100, 1900), (20_000, 21_000), (3000, 4000)]
    for i, (name, (start, end)) in enumerate(zip(["mv_wave", "mv_wave", "mv_clap"], spans, strict=True)):
        put(pool, annotations, id=f"ann_{i}", video=video, start_ms=start, end_ms=end, move=name)
    for i, name in enumerate(["mv_wave", "mv_snap", "mv_still"]):
        put(pool, composition_steps, composition="cmp_1", order_idx=i, move=name, duration_beats=4)
    for end in ("wave_down", "other"):
        put(pool, templates, id=f"t_{end}", move="mv_wave", taxonomy_version="tx-0.1", feature_seq="k", length_ms=9)
    return pool


def moves_of(pool: Engine, table: Any, order: Any) -> list[str | None]:
    with connect(pool) as connection:
        return list(connection.scalars(select(table.c.move).order_by(order)))


def data(pool: Engine) -> dict[str, Any]:
    """Everything but the catalogue and the journal; days as what they add up to."""
    hidden = ("moves", "taxonomy_versions", "taxonomy_migrations", "taxonomy_remaps")
    fold_days(pool)
    found = dump(pool)
    found["move_days"].sort(key=str)
    return {name: rows for name, rows in found.items() if name not in hidden}


def test_forth(full: Engine) -> None:
    report = remap(full, OLD, NEW, FORTH, DECIDERS)
    assert moves_of(full, segments, segments.c.start_ms) == [
        "mv_wave_up", "mv_wave_down", "mv_wave_up", "mv_hands", "mv_hands", "mv_pointing", "mv_still", None
    ]  # fmt: skip
    assert moves_of(full, annotations, annotations.c.id) == ["mv_wave_down", "mv_wave_up", "mv_hands"]
    assert moves_of(full, composition_steps, composition_steps.c.order_idx) == ["mv_wave_up", "mv_hands", "mv_still"]
    assert moves_of(full, templates, templates.c.id) == ["mv_wave_up", "mv_wave_down"]
    with connect(full) as connection:
        assert set(connection.scalars(select(segments.c.taxonomy_version))) == {"tx-0.2"}
        flags = list(connection.scalars(select(annotations.c.quality_flags).order_by(annotations.c.id)))
    assert flags == [[], [GUESSED], []]
    assert report == [
        Remapped("annotations", "mv_clap", "mv_hands", "mapped", 1),
        Remapped("annotations", "mv_wave", "mv_wave_down", "overlap", 1),
        Remapped("annotations", "mv_wave", "mv_wave_up", "guessed", 1),
        Remapped("composition_steps", "mv_snap", "mv_hands", "mapped", 1),
        Remapped("composition_steps", "mv_wave", "mv_wave_up", "guessed", 1),
        Remapped("segments", "*", "*", "kept", 0),
        Remapped("segments", "mv_clap", "mv_hands", "mapped", 1),
        Remapped("segments", "mv_point", "mv_pointing", "mapped", 1),
        Remapped("segments", "mv_snap", "mv_hands", "mapped", 1),
        Remapped("segments", "mv_wave", "mv_wave_down", "nearest", 1),
        Remapped("segments", "mv_wave", "mv_wave_up", "guessed", 1),
        Remapped("segments", "mv_wave", "mv_wave_up", "nearest", 1),
        Remapped("templates", "*", "*", "kept", 0),
        Remapped("templates", "mv_wave", "mv_wave_down", "nearest", 1),
        Remapped("templates", "mv_wave", "mv_wave_up", "guessed", 1),
    ]


def test_alternatives_that_become_one_are_added_up(full: Engine) -> None:
    remap(full, OLD, NEW, FORTH, DECIDERS)
    with connect(full) as connection:
        rows = list(connection.scalars(select(segments.c.alternatives).order_by(segments.c.start_ms)))
    assert rows[0] == [{"move_id": "mv_hands", "confidence": 0.5}, {"move_id": "mv_still", "confidence": 0.1}]
    assert rows[3] == [{"move_id": "mv_still", "confidence": 0.1}]  # the segment itself is mv_hands now


def test_a_dry_run_reports_the_same_and_changes_nothing(full: Engine) -> None:
    before = dump(full)
    dry = remap(full, OLD, NEW, FORTH, DECIDERS, dry_run=True)
    assert dump(full) == before
    assert dry == remap(full, OLD, NEW, FORTH, DECIDERS)


def test_back_is_exact(full: Engine) -> None:
    before = data(full)
    remap(full, OLD, NEW, FORTH, DECIDERS)
    assert data(full) != before
    report = remap(full, NEW, OLD, BACK, DECIDERS)
    assert data(full) == before
    assert {each.how for each in report} == {"restored", "kept"}


def test_forth_and_back_and_forth(full: Engine) -> None:
    remap(full, OLD, NEW, FORTH, DECIDERS)
    once = data(full)
    remap(full, NEW, OLD, BACK, DECIDERS)
    remap(full, OLD, NEW, FORTH, DECIDERS)
    assert data(full) == once


def test_forth_twice_and_back_is_exact(full: Engine) -> None:
    before = data(full)
    remap(full, OLD, NEW, FORTH, DECIDERS)
    put(full, composition_steps, composition="cmp_1", order_idx=9, move="mv_snap", duration_beats=1)
    remap(full, OLD, NEW, FORTH, DECIDERS)
    remap(full, NEW, OLD, BACK, DECIDERS)
    assert moves_of(full, composition_steps, composition_steps.c.order_idx)[-1] == "mv_snap"
    with connect(full) as connection:
        connection.execute(delete(composition_steps).where(composition_steps.c.order_idx == 9))
    assert data(full) == before


def test_what_somebody_changed_meanwhile_is_mapped_not_restored(full: Engine) -> None:
    remap(full, OLD, NEW, FORTH, DECIDERS)
    with connect(full) as connection:
        connection.execute(update(annotations).where(annotations.c.id == "ann_2").values(move="mv_pointing"))
    remap(full, NEW, OLD, BACK, DECIDERS)
    assert moves_of(full, annotations, annotations.c.id) == ["mv_wave", "mv_wave", "mv_point"]


def test_what_came_since_goes_back_by_the_mapping(full: Engine) -> None:
    remap(full, OLD, NEW, FORTH, DECIDERS)
    put(full, composition_steps, composition="cmp_1", order_idx=9, move="mv_wave_down", duration_beats=1)
    remap(full, NEW, OLD, BACK, DECIDERS)
    assert moves_of(full, composition_steps, composition_steps.c.order_idx)[-1] == "mv_wave"


def test_the_journal_knows_which_migration_was_undone(full: Engine) -> None:
    remap(full, OLD, NEW, FORTH, DECIDERS)
    remap(full, NEW, OLD, BACK, DECIDERS)
    with connect(full) as connection:
        first, second = connection.execute(select(taxonomy_migrations).order_by(taxonomy_migrations.c.id)).all()
    assert (first.undone_by, second.undone_by) == (second.id, None)


def test_rows_of_another_version_stay(full: Engine) -> None:
    with connect(full) as connection:
        connection.execute(update(segments).values(taxonomy_version="tx-0.0"))
    remap(full, OLD, NEW, FORTH, DECIDERS)
    assert "mv_wave" in moves_of(full, segments, segments.c.start_ms)


def test_a_version_that_was_never_stored(pool: Engine) -> None:
    with pytest.raises(DanceError) as caught:
        remap(pool, OLD, NEW, FORTH, DECIDERS)
    assert caught.value.code == "NOT_FOUND"


def test_more_rows_than_are_held_at_once(full: Engine, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("cluster.remap.BATCH", 2)
    steps = [
        {"composition": "cmp_1", "order_idx": i, "move": "mv_point", "duration_beats": 1.0} for i in range(100, 111)
    ]
    with connect(full) as connection:
        connection.execute(insert(composition_steps), steps)
    report = remap(full, OLD, NEW, FORTH, DECIDERS)
    assert Remapped("composition_steps", "mv_point", "mv_pointing", "mapped", 11) in report
    assert "mv_point" not in moves_of(full, composition_steps, composition_steps.c.order_idx)
