"""The numbers each room needs, as frozen dataclasses without defaults: values and their reasons live in `configs/`."""

from dataclasses import dataclass


@dataclass(frozen=True)
class MediaSettings:
    """Limits of what is accepted, and the analysis rate (`configs/media.yaml`)."""

    rate_hz: int
    max_bytes: int
    min_ms: int
    max_ms: int
    min_side_px: int
    max_side_px: int
