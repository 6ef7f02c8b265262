"""Brings what is stored from one version of the taxonomy to another: `danceapp taxonomy migrate`."""

import json
from collections.abc import Callable, Sequence
from dataclasses import asdict, replace
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
from rich import box
from rich.console import Console
from rich.table import Table
from sqlalchemy import Connection, Row

from cluster.database import engine
from cluster.library import move_rows
from cluster.migrate import migrate as migrate_schema
from cluster.objects import Objects, objects
from cluster.remap import Catalogue, Deciders, Remapped, remap
from cluster.settings import CONFIGS, Settings
from dancecore.errors import DanceError
from dancecore.features import FEATURE_VERSION
from dancecore.matching.templates import Template, generate, load
from dancecore.moves.compare import successors
from dancecore.moves.taxonomy import Taxonomy, load_taxonomy
from dancecore.types import Float

FOLDER = CONFIGS.parent / "taxonomy"


def migrate_taxonomy(old: str, new: str, settings: Settings, *, dry_run: bool) -> list[Remapped]:
    """Remap every stored row from version `old` to `new`, which are names such as tx-0.1 or folders.

    Raises DanceError: NOT_FOUND for a version that is not there or holds no rows, BAD_TAXONOMY.
    """
    before, after = (load_taxonomy(folder_of(name)) for name in (old, new))
    if before.semver == after.semver:
        raise DanceError("INVALID_INPUT", f"both are version {before.semver}")
    migrate_schema()
    deciders = deciders_for(after, objects(), settings)
    was, becomes = (Catalogue(each.semver, move_rows(each), each.notes) for each in (before, after))
    return remap(engine(), was, becomes, successors(before, after), deciders, dry_run=dry_run)


def folder_of(name: str) -> Path:
    """The folder of a version. Raises DanceError("NOT_FOUND")."""
    for folder in (Path(name), FOLDER / name):
        if (folder / "taxonomy.yaml").is_file():
            return folder
    known = ", ".join(sorted(path.parent.name for path in FOLDER.glob("*/taxonomy.yaml")))
    raise DanceError("NOT_FOUND", f"there is no taxonomy {name!r}: want one of {known}, or a folder")


def deciders_for(taxonomy: Taxonomy, store: Objects, settings: Settings) -> Deciders:
    """Rows of a split move go to the new move whose templates they are nearest to in the mean of their features."""

    @cache
    def made(move: str) -> list[Template]:
        plain = replace(settings.templates, styles={"plain": settings.templates.styles["plain"]})
        return generate(taxonomy.moves[move], settings.media.rate_hz, plain, settings.features, settings.pose)

    def segment(tx: Connection, row: Row[Any], targets: Sequence[str]) -> str | None:
        if row.features_vec is None or not row.feature_version.startswith(f"{FEATURE_VERSION}."):
            return None
        return nearest(np.frombuffer(row.features_vec, "<f2").astype(np.float32), targets, made)

    def template(tx: Connection, row: Row[Any], targets: Sequence[str]) -> str | None:
        if not store.exists(row.feature_seq):
            return None
        return nearest(load(store.get(row.feature_seq)).values.mean(axis=0), targets, made)

    return Deciders(segment, template)


def nearest(mean: Float, targets: Sequence[str], made: Callable[[str], list[Template]]) -> str:
    """The move of `targets` one of whose templates has the mean features nearest to `mean` (128,), by its weights."""
    return min(targets, key=lambda move: min(_distance(mean, each) for each in made(move)))


def _distance(mean: Float, template: Template) -> float:
    weights = template.weights / template.weights.sum()
    return float(weights @ (mean - template.values.mean(axis=0)) ** 2)


def print_remapped(report: Sequence[Remapped], *, dry_run: bool, as_json: bool) -> None:
    """Print what was remapped, or would be."""
    if as_json:
        print(json.dumps([asdict(each) for each in report], indent=2))
        return
    table = Table(
        "table", "from", "to", "how", box=box.SIMPLE, title="A dry run: nothing was changed" if dry_run else None
    )
    table.add_column("rows", justify="right")
    for each in report:
        table.add_row(*map(str, asdict(each).values()))
    Console().print(table)
    guessed = sum(each.rows for each in report if each.how == "guessed")
    if guessed:
        print(f"{guessed} rows of split moves were guessed; annotations among them are flagged for review")
