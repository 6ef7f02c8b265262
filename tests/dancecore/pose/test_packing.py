"""What is stored of tracks comes back, to within the steps it is rounded to."""

import numpy as np
import pytest

from dancecore.errors import DanceError
from dancecore.pose.packing import WORLD_STEP, XY_STEP, pack_tracks, unpack_tracks
from dancecore.types import PoseTrack


def track(dancer: int) -> PoseTrack:
    rng = np.random.default_rng(dancer)
    xy, world = rng.uniform(0, 640, (7, 33, 2)), rng.normal(size=(7, 33, 3))
    xy[2], world[2] = np.nan, np.nan
    return PoseTrack(
        np.arange(7) * 50_000_000, xy.astype(np.float32), world.astype(np.float32),
        rng.uniform(size=(7, 33)).astype(np.float32), np.arange(7) == 4, 640, 360, dancer,
    )  # fmt: skip


@pytest.mark.parametrize("dancers", [1, 3])
@pytest.mark.parametrize("compress", [True, False])
def test_round_trip(dancers: int, compress: bool) -> None:
    tracks = [track(d) for d in range(dancers)]
    found = unpack_tracks(pack_tracks(tracks, compress=compress))
    assert [each.dancer for each in found] == list(range(dancers))
    for given, got in zip(tracks, found, strict=True):
        np.testing.assert_allclose(got.xy_px, given.xy_px, atol=XY_STEP / 2)
        np.testing.assert_allclose(got.world_m, given.world_m, atol=WORLD_STEP / 2)
        np.testing.assert_array_equal(got.time_ns, given.time_ns)
        np.testing.assert_array_equal(got.cut, given.cut)
        assert (got.width, got.height) == (640, 360)


@pytest.mark.parametrize("data", [b"", b"PK\x03\x04", b"not an npz at all"])
def test_another_file(data: bytes) -> None:
    with pytest.raises(DanceError, match="not stored tracks"):
        unpack_tracks(data)
