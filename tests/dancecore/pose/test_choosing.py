"""Which dancer is indexed."""

import numpy as np
import pytest

from cluster.settings import settings
from dancecore.errors import DanceError
from dancecore.pose import primary
from dancecore.types import PoseTrack

NUMBERS = settings().pose
BODY = np.random.default_rng(0).uniform(-0.5, 0.5, (33, 2))


def dancer(number: int, *, x: float = 320, size: float = 200, swing: float = 20, there: float = 1.0) -> PoseTrack:
    """A body of `size` px at `x`, its limbs swinging by `swing` px, in a share of 40 frames."""
    n = 40
    xy = np.tile((BODY * [0.4 * size, size] + [x, 240]).astype(np.float32), (n, 1, 1))
    xy[:, [15, 16, 27, 28], 0] += (swing * np.sin(np.arange(n))[:, None]).astype(np.float32)
    xy[int(there * n) :] = np.nan
    world = np.zeros((n, 33, 3), np.float32)
    visibility = np.ones((n, 33), np.float32)
    return PoseTrack(np.arange(n) * 50_000_000, xy, world, visibility, np.zeros(n, np.bool_), 640, 480, number)


CASES = {
    "the only one": ([dancer(0)], 0),
    "the larger": ([dancer(0, size=120), dancer(1, size=300)], 1),
    "the one in the middle": ([dancer(0, x=60), dancer(1, x=330)], 1),
    "the one who dances": ([dancer(0, swing=1), dancer(1, swing=30)], 1),
    "the one who is there": ([dancer(0, there=0.3), dancer(1)], 1),
    "a large bystander at the side does not win": ([dancer(0, x=60, size=300, swing=0), dancer(1, size=200)], 1),
    "someone still beats nobody": ([dancer(0, there=0), dancer(1, swing=0)], 1),
    "the first of two alike": ([dancer(0), dancer(1)], 0),
}


@pytest.mark.parametrize(("tracks", "chosen"), CASES.values(), ids=CASES.keys())
def test_primary(tracks: list[PoseTrack], chosen: int) -> None:
    assert primary(tracks, NUMBERS).dancer == chosen


def test_nobody() -> None:
    with pytest.raises(DanceError) as raised:
        primary([], NUMBERS)
    assert raised.value.code == "NO_PERSON"
