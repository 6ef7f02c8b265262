"""What the stages leave in the object store: the file formats behind the keys of cluster/keys.py."""

import io
import json
from collections.abc import Sequence
from typing import Any

import numpy as np

from dancecore.decoding.decode import band
from dancecore.settings import DecodingSettings
from dancecore.types import MS, PoseTrack, Segment, Versions

XY_STEP = 1 / 16
"""Pixels. Landmarks are kept to this fraction, far below their error, which halves the file."""

WORLD_STEP = 1 / 4096
"""Metres: a quarter of a millimetre."""


def pack_tracks(tracks: Sequence[PoseTrack]) -> bytes:
    """The npz file of a clip's dancers, the one that is indexed first.

    Of that one: time_ns (T,), xy (T, 33, 2), world (T, 33, 3), conf (T, 33), cut (T,); of the D - 1 others, over the
    same frames: others_xy (D-1, T, 33, 2) and so on; dancers (D,) their labels; size (2,) width and height.
    """
    out, first, each = io.BytesIO(), tracks[0], _arrays(tracks)
    stored: dict[str, Any] = {"time_ns": first.time_ns, "cut": first.cut, "size": [first.width, first.height]}
    stored |= {"dancers": [track.dancer for track in tracks]}
    stored |= {name: values[0] for name, values in each.items()}
    stored |= {f"others_{name}": values[1:] for name, values in each.items()}
    np.savez_compressed(out, **stored)
    return out.getvalue()


def unpack_tracks(data: bytes) -> list[PoseTrack]:
    """The dancers of a file that `pack_tracks` made, the one that is indexed first."""
    with np.load(io.BytesIO(data), allow_pickle=False) as stored:
        found = dict(stored)
    every = {name: np.concatenate([found[name][None], found[f"others_{name}"]]) for name in ("xy", "world", "conf")}
    return [
        PoseTrack(
            time_ns=found["time_ns"].copy(), xy_px=every["xy"][d].copy(), world_m=every["world"][d].copy(),
            visibility=every["conf"][d].copy(), cut=found["cut"].copy(),
            width=int(found["size"][0]), height=int(found["size"][1]), dancer=int(label),
        )
        for d, label in enumerate(found["dancers"])
    ]  # fmt: skip


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


def _arrays(tracks: Sequence[PoseTrack]) -> dict[str, np.ndarray]:
    return {
        "xy": _rounded(np.stack([track.xy_px for track in tracks]), XY_STEP),
        "world": _rounded(np.stack([track.world_m for track in tracks]), WORLD_STEP),
        "conf": _rounded(np.stack([track.visibility for track in tracks]), 1 / 1024),
    }


def _rounded(values: np.ndarray, step: float) -> np.ndarray:
    return (np.round(values / step) * step).astype(np.float32)


def _segment(segment: Segment, settings: DecodingSettings) -> dict[str, Any]:
    return {
        "start_ms": segment.start_ns // MS, "end_ms": segment.end_ns // MS, "move_id": segment.move_id,
        "confidence": segment.confidence, "band": band(segment.confidence, settings), "mirror": segment.mirror,
        "alternatives": [{"move_id": move, "confidence": share} for move, share in segment.alternatives],
    }  # fmt: skip
