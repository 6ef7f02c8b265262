"""The numbers of the composer (`configs/composer.yaml`)."""

from dataclasses import dataclass


@dataclass(frozen=True)
class ComposerSettings:
    """How dances are learned, and how new ones are written.

    `weights` of the parts of a score, by name; `energies` are curves of grades 1..5, and `styles` families
    ("turns") or sub-families ("turns/spin"), by name.
    """

    gap_ms: int
    weights: dict[str, float]
    lengths: tuple[float, ...]
    fill_lengths: tuple[float, ...]
    beam: int
    wider: int
    suggestions: int
    energies: dict[str, tuple[float, ...]]
    styles: dict[str, tuple[str, ...]]
    blend_frames: int
    seam_speed: float
    longest_blend: float
    compare_hz: int
    compare_band: float
    off_beat_cost: float
    late_ms: float
    off_deg: float
