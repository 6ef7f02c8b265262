"""The body of previews."""

import numpy as np

from dancecore.moves.body import joints
from dancecore.moves.camera import Camera
from dancecore.moves.draw import INK, fitting
from dancecore.moves.draw import preview as sticks
from dancecore.moves.taxonomy import Taxonomy
from dancecore.synthetic.mannequin import preview


def test_body_and_stick_figure_stand_in_one_place(taxonomy: Taxonomy) -> None:
    move = taxonomy.moves["mv_jumping_jack"]
    camera: Camera = fitting(joints(move.motion), 200, 240, 0)
    beats = np.array([0.0, 1.0])
    pairs = zip(preview(move.motion, beats, camera), sticks(move.motion, beats, camera), strict=True)
    for body, stick in pairs:
        drawn = (stick == INK.middle).all(axis=2) | (stick == INK.left).all(axis=2) | (stick == INK.right).all(axis=2)
        solid = (body.max(axis=2) < 215) | (np.ptp(body.astype(int), axis=2) > 12)
        assert (drawn & solid).sum() > 0.7 * drawn.sum(), "the sticks lie in the body"
        assert solid.mean() > 0.03
