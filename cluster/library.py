"""What clips are compared with: the taxonomy, its templates laid out for matching, the classifier trained on it, and
the versions of all results."""

import hashlib
from collections.abc import Collection, Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

from sqlalchemy import Engine

from cluster.catalogue import MoveRow, sync_taxonomy
from cluster.settings import CONFIGS, Settings
from dancecore.features import FEATURE_VERSION
from dancecore.features.lifted import LIFTED_VERSION
from dancecore.lifting.lifter import MODEL
from dancecore.matching.bank import Bank
from dancecore.matching.enrol import Exemplar
from dancecore.matching.enrolled import Enrolled
from dancecore.matching.templates import Template, generate, save
from dancecore.models.bundle import Bundle, read_bundle
from dancecore.moves.posture import entry, leave
from dancecore.moves.taxonomy import Move, Taxonomy, load_taxonomy
from dancecore.pose import version
from dancecore.types import Versions

TAXONOMY = CONFIGS.parent / "taxonomy" / "tx-0.1"
"""The taxonomy that is in use."""

MODEL_VERSION = "dtw-3"
"""Of results without a classifier, whose id stands in its place. Grows when the same features, templates, classifier
and numbers may give other segments."""

MODELS = "models"
"""The folder of a taxonomy that holds the bundles trained for it."""


@dataclass(frozen=True)
class Library:
    """A taxonomy with the bank of its templates, the classifier trained on it if there is one, the user's own moves if
    there are any, and the versions that results made with them carry. `compared`: stands for all of it but the
    classifier."""

    taxonomy: Taxonomy
    bank: Bank
    bundle: Bundle | None
    own: Enrolled | None
    compared: str
    versions: Versions


def load_library(
    settings: Settings, folder: Path = TAXONOMY, own: Mapping[str, Sequence[Exemplar]] | None = None,
    without: Collection[str] = (),
) -> Library:  # fmt: skip
    """Read the taxonomy and make its templates, about 50 ms a move; `own` are the exemplars of a user's layer. No
    templates are made of moves that it is to be `without`.

    Raises DanceError: BAD_TAXONOMY, BAD_BUNDLE.
    """
    taxonomy = load_taxonomy(folder)
    styles = settings.templates.styles
    matched = replace(settings.templates, styles={name: styles[name] for name in settings.matching.styles})
    templates = [
        template
        for move in taxonomy.moves.values()
        if not move.deprecated and move.move_id not in without  # labels stay, but nothing new is called by it
        for template in generate(move, settings.media.rate_hz, matched, settings.features, settings.pose)
    ]
    bank, bundle = Bank.build(templates, settings.matching), shipped(folder, taxonomy.semver)
    enrolled = Enrolled(own, True, settings.features, settings.enrolled) if own else None
    pose, features, compared = _marks(settings, taxonomy.semver, templates, own or {})
    versions = Versions(pose, features, _model_version(bundle, compared), taxonomy.semver)
    return Library(taxonomy, bank, bundle, enrolled, compared, versions)


def named_by(library: Library, bundle: Bundle) -> Library:
    """The library with another classifier, and the versions of what that one names."""
    told = replace(library.versions, model=_model_version(bundle, library.compared))
    return replace(library, bundle=bundle, versions=told)


def shipped(folder: Path, semver: str | None = None) -> Bundle | None:
    """The latest bundle beside a taxonomy, for its version if given; None where there is none. Raises
    DanceError("BAD_BUNDLE")."""
    found = sorted((folder / MODELS).glob("mv-*"), key=lambda path: [int(n) for n in path.name[3:].split(".")])
    return read_bundle(found[-1], taxonomy=semver) if found else None


def _marks(
    settings: Settings, semver: str, templates: Sequence[Template], own: Mapping[str, Sequence[Exemplar]]
) -> tuple[str, str, str]:
    """The versions of poses and of features, and what stands for all that features are compared with but a classifier.

    They change with every number that results depend on, each including those before it. So an artifact is met again
    only by a run that would make the same one, and a changed number replaces its rows.
    """
    pose = pose_version(settings)
    features = _mark(FEATURE_VERSION, pose, asdict(settings.features))
    numbers = [asdict(part) for part in (settings.music, settings.segmentation, settings.matching, settings.decoding)]
    parts = (features, semver, *numbers, *(save(template) for template in templates))
    if own:  # exemplars are named by their content
        names = {move: [each.name for each in shown] for move, shown in own.items()}
        parts += (LIFTED_VERSION, MODEL.read_bytes(), asdict(settings.enrolled), names)
    return pose, features, _mark(MODEL_VERSION, *parts)


def _model_version(bundle: Bundle | None, compared: str) -> str:
    name, network = (bundle.model_id, bundle.sha256) if bundle else (MODEL_VERSION, "")
    return _mark(name, network, compared)


def pose_version(settings: Settings) -> str:
    """The version of keypoints that are found at these settings."""
    running = replace(settings.pose, threads=0)  # how it runs, not what comes out
    return _mark(version(settings.pose.variant), settings.media.rate_hz, asdict(running))


def store_moves(pool: Engine, taxonomy: Taxonomy) -> int:
    """Bring the moves of the taxonomy into the database; how many rows were new or changed."""
    return sync_taxonomy(pool, taxonomy.semver, move_rows(taxonomy), taxonomy.notes)


def move_rows(taxonomy: Taxonomy) -> list[MoveRow]:
    """The moves of the taxonomy as the database has them."""
    return [
        MoveRow(move.move_id, move.name, move.family, move.difficulty, move.aliases, _metadata(move))
        for move in taxonomy.moves.values()
    ]


def _metadata(move: Move) -> dict[str, Any]:
    return {
        "sub_family": move.sub_family, "description": move.description, "energy": move.energy, "beats": move.beats,
        "bpm": list(move.bpm), "regions": list(move.regions), "mirrorable": move.mirrorable, "mirror": move.mirror,
        "loopable": move.loopable, "transitions": list(move.transitions), "entry": entry(move), "exit": leave(move),
        "signature": move.signature,
        "deprecated": asdict(move.deprecated) if move.deprecated else None,
    }  # fmt: skip


def _mark(name: str, *parts: Any) -> str:
    """`name` and eight hex digits of everything it stands for."""
    digest = hashlib.sha256()
    for part in parts:
        digest.update(part if isinstance(part, bytes) else repr(part).encode())
    return f"{name}.{digest.hexdigest()[:8]}"
