"""A body that dances: a Shape's mesh posed by a Motion, with the true places of its 33 landmarks."""

from dataclasses import dataclass

import numpy as np

from dancecore import skeleton
from dancecore.moves import body as stick
from dancecore.moves.motion import RIG, Motion
from dancecore.synthetic.landmarks import load_landmarks
from dancecore.synthetic.retarget import bone_rotations
from dancecore.synthetic.rig import Int32, Rest, Shape, rest
from dancecore.synthetic.skinning import skin
from dancecore.types import Float, Float64

SOLE_M = 0.012
"""Vertices this little above the floor in the T-pose are what the body stands on."""

FEET = [skeleton.INDEX[f"{side}_{part}"] for side in ("left", "right") for part in ("heel", "foot_index")]

T_POSE = Motion(np.zeros(1), np.tile(np.eye(3), (1, len(RIG), 1, 1)), np.zeros((1, 3)))


@dataclass(frozen=True, slots=True)
class Body:
    """One person.

    `standing` (V, 3) is the mesh in the T-pose on the floor, `hips` (3,) their middle at rest, `leg_m` how high they
    are when standing straight. `soles` index the vertices that touch the floor.
    `anchors` (33, B, 4) give the body's own point for each landmark as the sum over bones of transform (3, 4) times
    anchor (4); `offsets` (33, B, 4), added to them, BlazePose's landmark.
    """

    rest: Rest
    standing: Float
    hips: Float64
    leg_m: float
    soles: Int32
    anchors: Float64
    offsets: Float64

    def transforms(self, motion: Motion) -> Float64:
        """(F, B, 3, 4): what takes rest points to the world, metres. Feet are as far off the floor as `motion` has
        them on the taxonomy's neutral stick figure, so they neither sink nor float whatever the body's proportions."""
        placed = _place(self.rest, self.hips, motion, self.leg_m)
        still, soles = self.rest, self.soles
        vertices, index, weights = still.vertices[soles], still.index[soles], still.weights[soles]
        lowest = np.array([skin(vertices, index, weights, frame)[:, 1].min() for frame in placed])
        meant = stick.joints(motion)[:, FEET, 1].min(1) * self.leg_m / stick.NEUTRAL.leg
        placed[..., 1, 3] += (meant - lowest)[:, None]
        return placed

    def pose(self, motion: Motion) -> Float:
        """(F, V, 3) float32: the naked mesh in the world, metres."""
        still = self.rest
        return np.stack([skin(still.vertices, still.index, still.weights, each) for each in self.transforms(motion)])

    def joints(self, transforms: Float64) -> Float64:
        """(F, 33, 3) float64: where BlazePose sees its landmarks, in the world, at these transforms (F, B, 3, 4)."""
        return np.asarray(np.einsum("fbij,kbj->fki", transforms, self.anchors + self.offsets, optimize=True))

    def points(self, transforms: Float64) -> Float64:
        """(F, 33, 3) float64: the joints' centres and the places on the skin that the landmarks are named after."""
        return np.asarray(np.einsum("fbij,kbj->fki", transforms, self.anchors, optimize=True))


def build(shape: Shape) -> Body:
    """The body of this shape. Raises DanceError("MISSING_EXTRA") without anny."""
    still = rest(shape)
    hips = np.mean([still.heads[still.bones.index(f"upperleg01.{side}")] for side in "LR"], axis=0)
    placed = _place(still, hips, T_POSE, 0.0)[0]
    standing = skin(still.vertices, still.index, still.weights, placed)
    leg_m = -float(standing[:, 1].min())
    standing[:, 1] += leg_m
    soles = np.flatnonzero(standing[:, 1] < SOLE_M).astype(np.int32)
    return Body(still, standing, hips, leg_m, soles, _anchors(still), _offsets(still, placed[..., :3], leg_m))


def _place(still: Rest, hips: Float64, motion: Motion, leg_m: float) -> Float64:
    """(F, B, 3, 4): the bones' transforms with the hips where `motion.root` says, standing height `leg_m`."""
    turned = bone_rotations(motion, still)
    heads = np.empty((len(motion.beats), len(still.bones), 3))
    standing = motion.root * leg_m + np.array([0.0, leg_m, 0.0])
    heads[:, 0] = standing + turned[:, 0] @ (still.heads[0] - hips)
    for bone, parent in enumerate(still.parents):
        if parent >= 0:
            heads[:, bone] = heads[:, parent] + turned[:, parent] @ (still.heads[bone] - still.heads[parent])
    shift = heads - np.einsum("fbij,bj->fbi", turned, still.heads)
    return np.concatenate([turned, shift[..., None]], axis=-1)


def _anchors(still: Rest) -> Float64:
    """(33, B, 4): limbs turn about bones, so their points are bones' heads; the others lie on the skin."""
    point = {name: _on_skin(still, weights) for name, weights in still.regressors.items()}
    table = {"nose": point["nose"], "mouth_left": point["mouth_left"], "mouth_right": point["mouth_right"]}
    for side, letter, other in (("left", "L", "right"), ("right", "R", "left")):
        eye, far = point[f"{side}_eye"], point[f"{other}_eye"]
        table |= {f"{side}_eye": eye, f"{side}_ear": point[f"{side}_ear"], f"{side}_heel": point[f"{side}_heel"]}
        table[f"{side}_eye_inner"] = 0.75 * eye + 0.25 * far
        table[f"{side}_eye_outer"] = 1.25 * eye - 0.25 * far
        table[f"{side}_foot_index"] = 0.6 * point[f"{side}_big_toe"] + 0.4 * point[f"{side}_small_toe"]
        for name, bone in _HEADS.items():
            table[f"{side}_{name}"] = _on_bone(still, f"{bone}.{letter}")
    return np.stack([table[name] for name in skeleton.JOINTS])


_HEADS = {
    "shoulder": "upperarm01", "elbow": "lowerarm01", "wrist": "wrist", "pinky": "finger5-1", "index": "finger2-1",
    "thumb": "finger1-2", "hip": "upperleg01", "knee": "lowerleg01", "ankle": "foot",
}  # fmt: skip


_BONES = {
    "head": "head", "left_collar": "clavicle.L", "left_elbow": "lowerarm02.L", "left_wrist": "wrist.L",
    "left_hip": "upperleg02.L", "left_knee": "lowerleg02.L", "left_ankle": "foot.L",
}  # fmt: skip
"""The bone that turns as a RIG joint does."""


def _offsets(still: Rest, turned: Float64, leg_m: float) -> Float64:
    """(33, B, 4): from the body's points to BlazePose's landmarks; `turned` (B, 3, 3) are the bones in the T-pose."""
    table, offsets = load_landmarks(), np.zeros((len(skeleton.JOINTS), len(still.bones), 4))
    for joint, (rig_joint, offset) in enumerate(zip(table.moves_with, table.offset, strict=True)):
        name = RIG[rig_joint]
        label = _BONES[name.replace("right", "left")]
        bone = still.bones.index(label if "right" not in name else label.replace(".L", ".R"))
        offsets[joint, bone, :3] = turned[bone].T @ (leg_m * offset)
    return offsets


def _on_bone(still: Rest, bone: str) -> Float64:
    anchor = np.zeros((len(still.bones), 4))
    anchor[still.bones.index(bone)] = [*still.heads[still.bones.index(bone)], 1.0]
    return anchor


def _on_skin(still: Rest, weights: Float64) -> Float64:
    """(B, 4): a weighted mean of skinned vertices, gathered by bone (skinning is linear in the transforms)."""
    anchor, counts = np.zeros((len(still.bones), 4)), np.flatnonzero(weights)
    points = np.concatenate([still.vertices[counts], np.ones((len(counts), 1))], axis=1)
    share = (weights[counts, None] * still.weights[counts])[..., None] * points[:, None]
    np.add.at(anchor, still.index[counts].ravel(), share.reshape(-1, 4))
    return anchor
