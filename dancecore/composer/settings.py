"""The numbers of the composer (`configs/composer.yaml`)."""

from dataclasses import dataclass


@dataclass(frozen=True)
class ComposerSettings:
    """How dances are learned, and how new ones are written."""

    gap_ms: int
