"""Tracks as stored: every dancer of a clip over the same frames in one npz."""

import io
from collections.abc import Sequence
from typing import Any

import numpy as np

from dancecore.errors import NO_NPZ, DanceError
from dancecore.types import PoseTrack

XY_STEP = 1 / 16
"""Pixels. Landmarks are kept to this fraction, far below their error, which halves the file."""

WORLD_STEP = 1 / 4096
"""Metres: a quarter of a millimetre."""


def pack_tracks(tracks: Sequence[PoseTrack], *, compress: bool = True) -> bytes:
    """The npz file of a clip's dancers, the one that is indexed first; not compressed it is written ten times as fast.

    Of that one: time_ns (T,), xy (T, 33, 2), world (T, 33, 3), conf (T, 33), cut (T,); of the D - 1 others, over the
    same frames: others_xy (D-1, T, 33, 2) and so on; dancers (D,) their labels; size (2,) width and height.
    """
    out, first, each = io.BytesIO(), tracks[0], _arrays(tracks)
    stored: dict[str, Any] = {"time_ns": first.time_ns, "cut": first.cut, "size": [first.width, first.height]}
    stored |= {"dancers": [track.dancer for track in tracks]}
    stored |= {name: values[0] for name, values in each.items()}
    stored |= {f"others_{name}": values[1:] for name, values in each.items()}
    (np.savez_compressed if compress else np.savez)(out, **stored)
    return out.getvalue()


def unpack_tracks(data: bytes) -> list[PoseTrack]:
    """The dancers of a file that `pack_tracks` made, the one that is indexed first.

    Raises DanceError("INVALID_INPUT") for any other file.
    """
    try:
        with np.load(io.BytesIO(data), allow_pickle=False) as stored:
            return _unpacked(dict(stored))
    except NO_NPZ as error:
        raise DanceError("INVALID_INPUT", f"{len(data)} bytes that are not stored tracks: {error}") from error


def _unpacked(found: dict[str, Any]) -> list[PoseTrack]:
    every = {name: np.concatenate([found[name][None], found[f"others_{name}"]]) for name in ("xy", "world", "conf")}
    return [
        PoseTrack(
            time_ns=found["time_ns"].copy(), xy_px=every["xy"][d].copy(), world_m=every["world"][d].copy(),
            visibility=every["conf"][d].copy(), cut=found["cut"].copy(),
            width=int(found["size"][0]), height=int(found["size"][1]), dancer=int(label),
        )
        for d, label in enumerate(found["dancers"])
    ]  # fmt: skip


def _arrays(tracks: Sequence[PoseTrack]) -> dict[str, np.ndarray]:
    return {
        "xy": _rounded(np.stack([track.xy_px for track in tracks]), XY_STEP),
        "world": _rounded(np.stack([track.world_m for track in tracks]), WORLD_STEP),
        "conf": _rounded(np.stack([track.visibility for track in tracks]), 1 / 1024),
    }


def _rounded(values: np.ndarray, step: float) -> np.ndarray:
    return (np.round(values / step) * step).astype(np.float32)
