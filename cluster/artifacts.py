"""What the stages leave in the object store: the file formats behind the keys of cluster/keys.py."""

import json
from collections.abc import Sequence
from typing import Any

import numpy as np

from dancecore.decoding.decode import band
from dancecore.settings import DecodingSettings
from dancecore.types import MS, BeatGrid, Segment, Versions


def pack_segments(segments: Sequence[Segment], versions: Versions, settings: DecodingSettings) -> bytes:
    """The JSON file of a clip's segments, in the words of the API: times in ms, a band for each confidence."""
    marks = {name: getattr(versions, name) for name in Versions.__slots__}
    return json.dumps(
        {"segments": [_segment(segment, settings) | {"versions": marks} for segment in segments]}
    ).encode()


def unpack_segments(data: bytes) -> tuple[Segment, ...]:
    """The segments of a file that `pack_segments` made."""
    return tuple(
        Segment(
            start_ns=said["start_ms"] * MS, end_ns=said["end_ms"] * MS, move_id=said["move_id"],
            confidence=said["confidence"], mirror=said["mirror"],
            alternatives=tuple((other["move_id"], other["confidence"]) for other in said["alternatives"]),
        )
        for said in json.loads(data)["segments"]
    )  # fmt: skip


def pack_beats(grid: BeatGrid | None) -> bytes:
    """The JSON file of a clip's beats: null when it has none that can be trusted."""
    said = grid and {
        "bpm": grid.bpm, "confidence": grid.confidence, "beats_ms": (grid.beats_ns // MS).tolist(),
    }  # fmt: skip
    return json.dumps(said).encode()


def unpack_beats(data: bytes) -> BeatGrid | None:
    """The beats of a file that `pack_beats` made."""
    said = json.loads(data)
    return said and BeatGrid(said["bpm"], np.array(said["beats_ms"], np.int64) * MS, said["confidence"])


def _segment(segment: Segment, settings: DecodingSettings) -> dict[str, Any]:
    return {
        "start_ms": segment.start_ns // MS, "end_ms": segment.end_ns // MS, "move_id": segment.move_id,
        "confidence": segment.confidence, "band": band(segment.confidence, settings), "mirror": segment.mirror,
        "alternatives": [{"move_id": move, "confidence": share} for move, share in segment.alternatives],
    }  # fmt: skip
