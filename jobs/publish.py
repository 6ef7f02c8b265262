"""Every move's templates and exemplars into the store, where the API finds them: `danceapp taxonomy publish`."""

import json
import os
import tempfile
from collections.abc import Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor, as_completed
from dataclasses import asdict
from functools import partial
from hashlib import sha256
from multiprocessing import get_context
from pathlib import Path
from typing import TYPE_CHECKING

from cluster import keys
from cluster.database import engine, transact
from cluster.library import TAXONOMY, store_moves
from cluster.migrate import migrate
from cluster.objects import Objects, objects
from cluster.publish import put_templates, store_templates
from cluster.settings import Settings
from cluster.telemetry import progress
from dancecore.matching.templates import generate
from dancecore.moves.taxonomy import Move, Taxonomy, load_taxonomy

if TYPE_CHECKING:
    from dancecore.synthetic.dance import Knobs

REPORT_S = 10.0
"""Between two lines of progress in a log."""


def publish(settings: Settings, exemplars: int, folder: Path = TAXONOMY) -> tuple[int, int]:
    """Store the templates of every living move, and `exemplars` videos of each; how many templates and new videos.

    Videos are named by what makes them, so that a run takes up where another stopped; those of older motions go.
    Raises DanceError: BAD_TAXONOMY, MISSING_EXTRA for videos without anny, and what the database and the store raise.
    """
    taxonomy = load_taxonomy(folder)
    migrate()
    store_moves(engine(), taxonomy)
    living = [move for move in taxonomy.moves.values() if not move.deprecated]
    templates = _publish_templates(living, taxonomy.semver, objects(), settings)
    return templates, _publish_exemplars(living, taxonomy, exemplars, settings, folder) if exemplars else 0


def _publish_templates(moves: Sequence[Move], semver: str, store: Objects, settings: Settings) -> int:
    count, rate = 0, settings.media.rate_hz
    with progress("templates", len(moves), REPORT_S) as advance:
        for move in moves:
            made = generate(move, rate, settings.templates, settings.features, settings.pose)
            store_templates(store, made)
            transact(engine(), partial(put_templates, version=semver, made=made, rate_hz=rate))
            count += len(made)
            advance(move.move_id)
    return count


def _publish_exemplars(
    moves: Sequence[Move], taxonomy: Taxonomy, exemplars: int, settings: Settings, folder: Path
) -> int:
    from dancecore.synthetic.exemplar import exemplar_knobs

    store = objects()
    wanted: dict[str, tuple[str, int]] = {}
    for move in moves:
        for number in range(exemplars):
            knobs = exemplar_knobs(move, number, settings.synthetic, taxonomy)
            wanted[keys.exemplar(move.move_id, _name(move, knobs))] = (move.move_id, number)
        for key in store.keys(f"moves/{move.move_id}/exemplars/"):
            if key not in wanted:
                store.delete(key)
    missing = {key: of for key, of in wanted.items() if not store.exists(key)}
    with progress("exemplars", len(missing), REPORT_S) as advance:
        for key in _rendered(missing, settings, folder):
            advance(key)
    return len(missing)


def _name(move: Move, knobs: "Knobs") -> str:
    """The same for the same picture."""
    digest = sha256(json.dumps(asdict(knobs), sort_keys=True).encode())
    digest.update(move.motion.rotation.round(6).tobytes() + move.motion.root.round(6).tobytes())
    return f"syn_{digest.hexdigest()[:16]}"


def _rendered(wanted: dict[str, tuple[str, int]], settings: Settings, folder: Path) -> Iterator[str]:
    """The keys of exemplars as they are stored. A process a core."""
    with ProcessPoolExecutor(os.cpu_count(), mp_context=get_context("spawn"), initializer=_one_thread) as pool:
        jobs = {pool.submit(_render, key, *of, settings, folder): key for key, of in wanted.items()}
        try:
            for job in as_completed(jobs):
                job.result()
                yield jobs[job]
        finally:  # after Ctrl-C, or when one fails, only those that have begun are waited for
            pool.shutdown(cancel_futures=True)


def _one_thread() -> None:
    import torch

    torch.set_num_threads(1)


def _render(key: str, move_id: str, number: int, settings: Settings, folder: Path) -> None:
    from dancecore.synthetic.clip import make_clip
    from dancecore.synthetic.exemplar import exemplar_knobs

    taxonomy = load_taxonomy(folder)
    with tempfile.TemporaryDirectory() as drafts:
        clip = Path(drafts) / "exemplar.mp4"
        make_clip(exemplar_knobs(taxonomy.moves[move_id], number, settings.synthetic, taxonomy), taxonomy, clip)
        objects().put(key, clip)
