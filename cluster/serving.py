"""Which models name clips: those that the registry serves; while nothing is in production, the one that is shipped.

The files of a registered model are in the object store, where the workers of any machine find them.
"""

import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from sqlalchemy import Engine

from cluster import keys, registry
from cluster.canary import takes_canary
from cluster.library import Library, named_by
from cluster.objects import Objects
from cluster.settings import RegistrySettings
from dancecore.errors import DanceError
from dancecore.models.bundle import CONFUSION, DESCRIPTION, MODEL, Bundle, read_bundle, write_bundle
from dancecore.types import Versions

FILES = (MODEL, CONFUSION, DESCRIPTION)
"""Of a bundle, the one that says it is whole last."""


@dataclass(frozen=True)
class Served:
    """The library of the model in production, or of the shipped one, and that of the canary, which names its `share`
    (0..1) of the clips."""

    production: Library
    canary: Library | None = None
    share: float = 0.0

    @property
    def libraries(self) -> Sequence[Library]:
        """Production's and, where there is one, the canary's."""
        return [self.production, *([self.canary] if self.canary else [])]

    def tries(self, sha256: str) -> bool:
        """Whether the canary names this clip."""
        bundle = self.canary.bundle if self.canary else None
        return bundle is not None and takes_canary(sha256, bundle.model_id, self.share)

    def versions_of(self, sha256: str) -> Versions:
        """The versions of what is stored of this clip."""
        return self.canary.versions if self.canary and self.tries(sha256) else self.production.versions


def served(pool: Engine, store: Objects, shipped: Library, settings: RegistrySettings) -> Served:
    """What serves now. `shipped`: the library with the model beside the taxonomy.

    Raises DanceError: OBJECT_MISSING when the files of a model that serves are gone, BAD_BUNDLE when it is damaged or
    was trained for another version of the taxonomy.
    """
    now = registry.serving(pool)
    production, canary = (
        named_by(shipped, stored_bundle(store, model, shipped.taxonomy.semver)) if model else None
        for model in (now.production, now.canary)
    )
    return Served(production or shipped, canary, settings.canary_share)


def store_bundle(store: Objects, bundle: Bundle) -> None:
    """Store the files of a model, for those that serve it. What is stored already stays: a model never changes."""
    with tempfile.TemporaryDirectory() as folder:
        write_bundle(bundle, Path(folder))
        for name in FILES:
            key = keys.model(bundle.model_id, name)
            if not store.exists(key):
                store.put(key, Path(folder) / name)


def stored_bundle(store: Objects, model_id: str, taxonomy: str) -> Bundle:
    """The bundle that `store_bundle` stored. Raises as `served` does."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name) / model_id
        folder.mkdir()
        for file in FILES:
            try:
                (folder / file).write_bytes(store.get(keys.model(model_id, file)))
            except DanceError as error:
                if error.code != "OBJECT_MISSING":
                    raise
                said = f"{file} of {model_id} is gone; danceapp models register FOLDER stores it again"
                raise DanceError("OBJECT_MISSING", said, error.details) from error
        return read_bundle(folder, taxonomy=taxonomy)
