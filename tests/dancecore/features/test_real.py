from itertools import islice
from pathlib import Path

import numpy as np

from cluster.settings import settings
from cluster.weights import fetch
from dancecore import pose
from dancecore.features import COLUMNS, GROUPS, SCALE, extract, mirror
from dancecore.media import frames


def test_mirror_is_exact_and_knees_bend_on_a_real_person(real_data: Path) -> None:
    tuned = settings()
    model = pose.load("full", fetch(["full"]), tuned.pose, "cpu")
    batches = islice(frames(real_data / "video/solo/pose_squats.mp4", tuned.media.rate_hz), 20)
    track = pose.clean(pose.primary(pose.estimate(batches, model, tuned.pose), tuned.pose), tuned.pose)
    features = extract(track, tuned.features)
    assert np.array_equal(mirror(features).values, extract(track.mirrored(), tuned.features).values)
    knee = [c.name for c in COLUMNS].index("angle.left_knee")
    assert np.ptp(features.values[:, knee] * SCALE[knee]) > 0.5
    assert np.abs(features.values[:, GROUPS["motion"]]).max() > 0.2
