from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from cluster.settings import settings
from dancecore.errors import DanceError
from dancecore.features import COLUMNS, extract
from dancecore.features.columns import MIRROR_FROM, MIRROR_SIGN
from dancecore.matching.templates import Template, column_weights, generate, landmarks, load, save, see
from dancecore.moves.body import NEUTRAL, joints
from dancecore.moves.camera import Camera
from dancecore.moves.motion import RIG, Motion
from dancecore.moves.taxonomy import Move

RATE_HZ = settings().media.rate_hz
AT = {column.name: i for i, column in enumerate(COLUMNS)}


def _wave(mirrorable: bool = True, bpm: tuple[float, float] = (80, 140)) -> Move:
    """The left arm swings once in four beats, the body sways sideways once in two."""
    beats = np.linspace(0, 4, 65)
    rotation = np.tile(np.eye(3), (65, len(RIG), 1, 1))
    angle = 0.8 * np.sin(np.pi * beats / 2)
    shoulder = rotation[:, RIG.index("left_shoulder")]
    shoulder[:, 0, 0] = shoulder[:, 1, 1] = np.cos(angle)
    shoulder[:, 1, 0], shoulder[:, 0, 1] = np.sin(angle), -np.sin(angle)
    root = np.zeros((65, 3))
    root[:, 0] = 0.2 * np.sin(np.pi * beats)
    return Move(
        move_id="mv_wave", name="Wave", aliases=(), family="arms", sub_family="swing", description="", difficulty=1,
        energy=1, bpm=bpm, beats=4, regions=(), mirrorable=mirrorable, mirror="mv_wave", loopable=True, transitions=(),
        signature={"left_wrist": 1.0, "left_hip": 0.5}, invariants=(), deprecated=None,
        motion=Motion(beats, rotation, root), facing=np.zeros(65), contacts=np.ones((65, 2), np.bool_),
        glides=np.zeros((65, 2), np.bool_),
    )  # fmt: skip


def _made(move: Move) -> list[Template]:
    tuned = settings()
    return generate(move, RATE_HZ, tuned.templates, tuned.features, tuned.pose)


def _named(templates: list[Template], mirror: bool, yaw: float) -> Template:
    return next(t for t in templates if t.source == "plain" and t.mirror == mirror and t.yaw == yaw)


def test_one_for_each_style_view_and_side() -> None:
    views, styles = settings().templates.views, settings().templates.styles
    one_side = [(t.source, t.yaw, t.mirror) for t in _made(_wave(mirrorable=False))]
    assert one_side == [(style, yaw, False) for style in styles for yaw in views]
    both = _made(_wave())
    every = [(style, mirror, yaw) for style in styles for mirror in (False, True) for yaw in views]
    assert sorted((t.source, t.mirror, t.yaw) for t in both) == sorted(every)
    assert len({t.template_id for t in both}) == len(both)


def test_styles_differ() -> None:
    plain, small, sharp = (next(t for t in _made(_wave()) if t.source == s) for s in ("plain", "small", "sharp"))
    wrist = AT["velocity.left_wrist.x"]
    assert np.ptp(small.values[:, wrist]) < np.ptp(plain.values[:, wrist]) < np.ptp(sharp.values[:, wrist])


@pytest.mark.parametrize(
    ("bpm", "danced"), [((80, 140), settings().templates.bpm), ((60, 90), 90), ((130, 150), 130)],
    ids=["at the usual tempo", "as fast as it goes", "as slowly as it goes"],
)  # fmt: skip
def test_tempo_and_length(bpm: tuple[float, float], danced: float) -> None:
    template = _made(_wave(bpm=bpm))[0]
    assert (template.bpm, template.beats) == (danced, 4)
    assert len(template.values) == round(4 * 60 / danced * RATE_HZ)


def test_the_end_meets_the_beginning() -> None:
    for template in _made(_wave()):
        steps = np.abs(np.diff(template.values, axis=0, append=template.values[:1]))
        assert (steps[-1] <= 1.5 * steps[:-1].max(axis=0) + 1e-3).all()


def test_a_clip_of_the_move_gives_the_template() -> None:
    tuned, move = settings(), _wave()
    template = _named(_made(move), False, 30)
    frames = len(template.values)
    time_ns = (np.arange(4 * frames) * (4 * 60e9 / template.bpm / frames)).astype(np.int64)
    at = np.arange(4 * frames) % frames * 4 / frames
    body = joints(move.motion, NEUTRAL.varied(height=1.08))
    world = np.stack([np.interp(at, move.motion.beats, c) for c in body.reshape(65, -1).T], 1).reshape(-1, 33, 3)
    camera = Camera(640, 480, yaw=30, pitch=5, distance=4.2, target=(0.2, 0.9, 0))
    world = landmarks(world, tuned.templates.torso_stretch)
    clip = extract(see(world, time_ns, camera, tuned.templates.depth_slope), tuned.features).values
    error = np.abs(clip[frames : 2 * frames] - template.values)
    assert error.mean() < 0.06
    assert error.mean() < 0.2 * np.abs(np.roll(clip[frames : 2 * frames], frames // 4, 0) - template.values).mean()


def test_mirrored_templates_are_the_mirror_of_the_other_side() -> None:
    templates = _made(_wave())
    straight, mirrored = _named(templates, False, -60), _named(templates, True, 60)
    assert np.array_equal(mirrored.values, straight.values[:, MIRROR_FROM] * MIRROR_SIGN)
    assert np.array_equal(mirrored.weights, straight.weights[MIRROR_FROM])


def test_signature_joints_weigh_more() -> None:
    tuned = replace(settings().templates, signature_floor=0.4)
    weights = column_weights({"left_wrist": 1.0, "left_hip": 0.5}, tuned) / column_weights(
        dict.fromkeys(("nose", "left_ear", "right_ear", *_limbs()), 1.0), tuned
    )
    assert weights[AT["velocity.left_wrist.x"]] == pytest.approx(1.0)
    assert weights[AT["velocity.right_wrist.x"]] == pytest.approx(0.4)
    assert weights[AT["angle.hip_tilt"]] == pytest.approx(0.7)


def _limbs() -> list[str]:
    return sorted({joint for column in COLUMNS for joint in column.joints})


def test_round_trip(tmp_path: Path) -> None:
    template = _made(_wave())[3]
    file = tmp_path / "template.npz"
    file.write_bytes(save(template))
    back = load(file.read_bytes())
    assert back.template_id == template.template_id
    assert (back.move_id, back.source, back.mirror, back.yaw, back.bpm, back.beats) == (
        template.move_id, template.source, template.mirror, template.yaw, template.bpm, template.beats,
    )  # fmt: skip
    for name in ("values", "mask", "weights"):
        assert np.array_equal(getattr(back, name), getattr(template, name))


@pytest.mark.parametrize("data", [b"", b"nonsense"])
def test_other_files_are_refused(data: bytes) -> None:
    with pytest.raises(DanceError, match="not a stored template"):
        load(data)


def test_camera_sees_depth_flattened() -> None:
    world = joints(_wave().motion)
    track = see(world, np.arange(65) * 50_000_000, Camera(360, 640, yaw=90), 0.5)
    assert np.ptp(track.world_m[0, :, 2]) == pytest.approx(np.ptp(world[0, :, 0]) / 2, rel=1e-5)


def test_landmarks_lie_outside_the_torso_by_the_stretch() -> None:
    world = joints(_wave().motion)
    placed = landmarks(world, 0.1)
    lengths = [np.linalg.norm(w[:, [11, 12]].mean(1) - w[:, [23, 24]].mean(1), axis=1) for w in (world, placed)]
    assert lengths[1] == pytest.approx(1.2 * lengths[0])
    assert np.array_equal(np.delete(placed, [11, 12, 23, 24], 1), np.delete(world, [11, 12, 23, 24], 1))
