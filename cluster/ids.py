"""Ids: content-derived where a rerun must meet its own traces, sortable by time of making (ULID) elsewhere."""

import hashlib
import secrets
import time

from dancecore.errors import DanceError
from dancecore.types import Versions

ALPHABET = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
LENGTH = 26
"""Characters after the prefix: 26 letters of Crockford's base 32 hold the 128 bits of a ULID."""


def video_id(sha256: str) -> str:
    """`vid_` and the first 128 bits of the clip's sha256 (64 lower-case hex digits, else INVALID_INPUT)."""
    if len(sha256) != 64 or set(sha256) - set("0123456789abcdef"):
        raise DanceError("INVALID_INPUT", f"a sha256 is 64 lower-case hex digits, not {sha256!r}")
    return "vid_" + _base32(int(sha256[:32], 16))


def job_id(video: str, versions: Versions) -> str:
    """`anl_` id of the analysis of one clip at these versions: the same whenever it is run."""
    return _derived("anl", video, *_parts(versions))


def segment_id(video: str, versions: Versions, start_ms: int, end_ms: int) -> str:
    """`seg_` id of a span of one clip at these versions."""
    return _derived("seg", video, *_parts(versions), str(start_ms), str(end_ms))


def ulid(prefix: str) -> str:
    """A new id that sorts by the millisecond it was made in (ULID specification: 48 bits time, 80 random)."""
    return f"{prefix}_{_base32((time.time_ns() // 1_000_000) << 80 | secrets.randbits(80))}"


def ulid_time(made: str) -> float:
    """When an id of `ulid` was made, in seconds since 1970."""
    digits = made.partition("_")[2][:10]
    return sum(ALPHABET.index(digit) << (5 * (9 - place)) for place, digit in enumerate(digits)) / 1000


def _parts(versions: Versions) -> tuple[str, ...]:
    return versions.pose, versions.features, versions.model, versions.taxonomy


def _derived(prefix: str, *parts: str) -> str:
    digest = hashlib.sha256("\0".join(parts).encode()).digest()
    return f"{prefix}_{_base32(int.from_bytes(digest[:16]))}"


def _base32(number: int) -> str:
    return "".join(ALPHABET[number >> shift & 31] for shift in range(5 * (LENGTH - 1), -1, -5))
