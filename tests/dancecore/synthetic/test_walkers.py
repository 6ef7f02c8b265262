"""People who walk by do so behind the dancers, on the floor, at their speed."""

import numpy as np
import pytest

from dancecore.synthetic.walkers import Walker, crossings, pass_by
from tests.dancecore.synthetic.test_props import DANCER, PATH


def test_people_walk_by_behind_at_their_speed() -> None:
    person = Walker(2.0, -1.0, 1.2, 1.7, (200.0, 150.0, 120.0), (60.0, 80.0, 200.0), (40.0, 40.0, 50.0))
    early, late = (each[0] for each in pass_by([person], PATH, DANCER, np.array([0.0, 1.0])))
    camera = PATH.frame(0)
    start, end = (camera.see(mesh.vertices.astype(float)).mean(0) for mesh in (early, late))
    assert end[0] - start[0] == pytest.approx(1.2, abs=0.05)
    assert start[2] > camera.see(DANCER[0, 0].mean(0))[2] + 1.5
    ends = crossings([person], PATH, DANCER)
    on_way = late.vertices[:, [0, 2]].mean(0) - ends[0]
    assert abs(np.linalg.det([on_way, ends[1] - ends[0]])) < 0.1
    assert late.vertices[:, 1].max() == pytest.approx(1.7, abs=0.02)
    assert late.vertices[:, 1].min() == pytest.approx(0, abs=0.02)
