"""Dancers followed along clips: lost, found again, cut away, together with others."""

import gc
import weakref
from collections.abc import Iterator
from dataclasses import replace

import cv2
import numpy as np
import pytest

from cluster.settings import settings
from dancecore.errors import DanceError
from dancecore.pose import PoseModel, estimate, estimate_many, tracker
from dancecore.pose.region import Regions
from dancecore.types import FrameBatch, Image, PoseTrack

NUMBERS = settings().pose
ONE = replace(NUMBERS, max_dancers=1)
EMPTY = np.full((6, 576, 576, 3), 90, np.uint8)


def clip(*parts: Image, batch: int = 5) -> Iterator[FrameBatch]:
    """A stream of these frames, each (N, H, W, 3) of one size, at 20 Hz."""
    images = np.concatenate(parts)
    for i in range(0, len(images), batch):
        part = images[i : i + batch].copy()
        yield FrameBatch(part, (i + np.arange(len(part), dtype=np.int64)) * 50_000_000)


def equal(a: PoseTrack, b: PoseTrack, px: float) -> None:
    np.testing.assert_array_equal(a.cut, b.cut)
    np.testing.assert_allclose(a.xy_px, b.xy_px, atol=px)
    np.testing.assert_allclose(a.world_m, b.world_m, atol=px / 100)
    np.testing.assert_allclose(a.visibility, b.visibility, atol=px / 100)


def test_one_dancer(model: PoseModel, squats: Image) -> None:
    (track,) = estimate(clip(squats), model, NUMBERS)
    assert (track.width, track.height, len(track), track.dancer) == (720, 1280, 12, 0)
    assert track.present.all()
    assert not track.cut.any()
    assert (track.time_ns == np.arange(12) * 50_000_000).all()
    assert ((track.visibility >= 0) & (track.visibility <= 1)).all()
    shoulders, ankles = track.xy_px[:, [11, 12], 1].mean(1), track.xy_px[:, [27, 28], 1].mean(1)
    assert (shoulders < ankles).all()  # y points down
    np.testing.assert_allclose(track.world_m[:, [23, 24]].mean(1), 0, atol=0.02)  # metres about the mid-hip


def test_batches_change_nothing(model: PoseModel, squats: Image, poses: Image) -> None:
    clips = [squats[:8], poses[:8], poses[4:12]]
    alone = [estimate(clip(images), model, NUMBERS) for images in clips]
    wide = replace(model, batch=4)
    for tracks, expected in zip(estimate_many([clip(c) for c in clips], wide, NUMBERS), alone, strict=True):
        assert not isinstance(tracks, DanceError)
        for track, one in zip(tracks, expected, strict=True):
            equal(track, one, 0.05)
    (chopped,) = estimate(clip(squats[:8], batch=1), model, NUMBERS)
    equal(chopped, alone[0][0], 0)


def test_lost_and_found(model: PoseModel, poses: Image) -> None:
    (track,) = estimate(clip(poses[:4], EMPTY, poses[4:8]), model, ONE)
    assert track.present.tolist() == [True] * 4 + [False] * 6 + [True] * 4
    assert np.isnan(track.xy_px[4:10]).all()
    assert np.isnan(track.world_m[4:10]).all()
    assert (track.visibility[4:10] == 0).all()
    assert np.flatnonzero(track.cut).tolist() == [4, 10]
    (alone,) = estimate(clip(poses[4:8]), model, ONE)
    np.testing.assert_allclose(track.xy_px[10:], alone.xy_px, atol=0.01)  # looked for at once, in the frame of return


def test_a_cut_starts_anew(model: PoseModel, poses: Image) -> None:
    mirrored = poses[:, :, ::-1]
    (track,) = estimate(clip(poses[:6], mirrored[:6]), model, ONE)
    (after,) = estimate(clip(mirrored[:6]), model, ONE)
    assert np.flatnonzero(track.cut).tolist() == [6]
    np.testing.assert_allclose(track.xy_px[6:], after.xy_px, atol=0.01)


def test_a_dancer_found_far_away_may_be_another(model: PoseModel, squats: Image) -> None:
    blind = replace(ONE, cut_correlation=-1.0)  # no shot ever ends: only the jump can tell
    left = np.concatenate([squats[:4], squats[:4] * 0], axis=2)
    right = np.concatenate([squats[:4] * 0, squats[:4]], axis=2)
    (track,) = estimate(clip(left, left * 0, right), model, blind)
    assert track.present.tolist() == [True] * 4 + [False] * 4 + [True] * 4
    assert np.flatnonzero(track.cut).tolist() == [8]


def small(images: Image, share: float) -> Image:
    """The pictures in a corner of a grey frame of their size, `share` as tall."""
    frames = np.full_like(images, 90)
    height, width = int(images.shape[1] * share), int(images.shape[2] * share)
    for frame, image in zip(frames, images, strict=True):
        frame[-height:, -width:] = cv2.resize(image, (width, height), interpolation=cv2.INTER_AREA)
    return frames


def test_who_is_far_away_is_found_by_looking_closer(model: PoseModel, squats: Image) -> None:
    far = small(squats[:6], 0.25)
    (near,) = estimate(clip(squats[:6]), model, ONE)
    (track,) = estimate(clip(far), model, ONE)
    apart = np.linalg.norm((track.xy_px - [540, 960]) * 4 - near.xy_px, axis=-1)[near.visibility > 0.5]
    assert np.median(apart) < 0.05 * np.ptp(near.xy_px[0, :, 1])
    never = replace(ONE, closer_zoom=1)
    with pytest.raises(DanceError, match="nobody was found"):
        estimate(clip(far), model, never)


def test_who_is_far_behind_another_is_found_as_the_shot_begins(model: PoseModel, squats: Image) -> None:
    both = np.concatenate([squats[:4], small(squats[:4], 0.3)], axis=2)
    tracks = estimate(clip(both), model, NUMBERS)
    heights = sorted(np.ptp(track.xy_px[0, :, 1]) for track in tracks)
    assert heights[0] / heights[-1] == pytest.approx(0.3, abs=0.05)


def test_who_is_found_again_beside_a_mistake_goes_on_where_they_were(
    model: PoseModel, poses: Image, monkeypatch: pytest.MonkeyPatch
) -> None:
    found, mistake = tracker.detect, np.array([[40.0, 40.0, 30.0, 0.0]])  # an empty corner, and surer than the dancer

    def detect(*args: object) -> list[Regions]:
        return [np.concatenate([mistake, regions]) if len(regions) else regions for regions in found(*args)]

    whole_clip = replace(NUMBERS, cut_correlation=-1.0)  # no shot ever ends
    (expected,) = estimate(clip(poses[:4], EMPTY[:2], poses[4:8]), model, replace(whole_clip, max_dancers=1))
    monkeypatch.setattr(tracker, "detect", detect)
    (track,) = estimate(clip(poses[:4], EMPTY[:2], poses[4:8]), model, whole_clip)
    assert track.present.tolist() == [True] * 4 + [False] * 2 + [True] * 4
    np.testing.assert_allclose(track.xy_px, expected.xy_px, atol=0.5)


def test_nobody(model: PoseModel) -> None:
    with pytest.raises(DanceError, match="6 frames") as raised:
        estimate(clip(EMPTY), model, NUMBERS)
    assert raised.value.code == "NO_PERSON"


def test_one_clip_that_fails_costs_only_itself(model: PoseModel, poses: Image) -> None:
    def broken() -> Iterator[FrameBatch]:
        yield from clip(poses[:2])
        raise DanceError("INVALID_INPUT", "the stream ended early")

    results = estimate_many([broken(), clip(poses[:5]), clip(EMPTY)], model, NUMBERS)
    first, whole, empty = results
    assert isinstance(first, DanceError)
    assert first.message == "the stream ended early"
    assert isinstance(whole, list)
    equal(whole[0], estimate(clip(poses[:5]), model, NUMBERS)[0], 0.01)
    assert isinstance(empty, DanceError)
    assert empty.code == "NO_PERSON"


def test_no_clips(model: PoseModel) -> None:
    assert estimate_many([], model, NUMBERS) == []


def test_who_stands_is_not_followed_head_down(model: PoseModel, squats: Image, monkeypatch: pytest.MonkeyPatch) -> None:
    (expected,) = estimate(clip(squats[:3]), model, ONE)
    found = tracker.detect
    half_turn = np.array([0.0, 0.0, 0.0, np.pi])
    monkeypatch.setattr(tracker, "detect", lambda *args: [regions + half_turn for regions in found(*args)])
    (track,) = estimate(clip(squats[:3]), model, ONE)
    equal(track, expected, 0.05)


def test_who_stands_on_their_hands_is_followed_head_down(model: PoseModel, squats: Image) -> None:
    (upright,) = estimate(clip(squats[:3]), model, ONE)
    (turned,) = estimate(clip(squats[:3, ::-1, ::-1]), model, ONE)
    apart = np.linalg.norm([719, 1279] - turned.xy_px - upright.xy_px, axis=-1)[upright.visibility > 0.5]
    assert np.median(apart) < 5


def test_a_couple(model: PoseModel, squats: Image, couple: Image) -> None:
    tracks = estimate(clip(couple[:6]), model, NUMBERS)
    assert [track.dancer for track in tracks] == [0, 1]
    (alone,) = estimate(clip(squats[:6]), model, ONE)
    torso = np.linalg.norm(alone.xy_px[:, [11, 12]].mean(1) - alone.xy_px[:, [23, 24]].mean(1), axis=1).mean()
    by_side = sorted(tracks, key=lambda track: float(track.xy_px[..., 0].mean()))
    for track, offset in zip(by_side, (0, 720), strict=True):
        apart = np.linalg.norm(track.xy_px - [offset, 0] - alone.xy_px, axis=-1)[alone.visibility > 0.5]
        assert np.median(apart) < 0.05 * torso


def test_only_as_many_as_asked_for(model: PoseModel, couple: Image) -> None:
    assert len(estimate(clip(couple[:3]), model, ONE)) == 1


def test_one_body_is_never_two_dancers(model: PoseModel, poses: Image) -> None:
    always = replace(NUMBERS, search_every=1)
    assert len(estimate(clip(poses), model, always)) == 1


def test_the_dancer_followed_longer_keeps_the_place(model: PoseModel, squats: Image) -> None:
    """One of two leaves, and the place that is free then is given to nobody: the other is followed already."""
    alone = np.concatenate([squats * 0, squats], axis=2)
    both = np.concatenate([squats, squats], axis=2)
    always = replace(NUMBERS, search_every=1, cut_correlation=-1.0)
    tracks = estimate(clip(both[:4], alone[4:12]), model, always)
    assert sorted(track.present.tolist() for track in tracks) == [[True] * 4 + [False] * 8, [True] * 12]
    stays = max(tracks, key=lambda track: track.present.sum())
    assert (stays.xy_px[..., 0].mean(1) > 720).all()


def test_frames_are_let_go(model: PoseModel, poses: Image) -> None:
    alive: list[weakref.ref[Image]] = []

    def stream() -> Iterator[FrameBatch]:
        for i in range(6):
            gc.collect()
            assert sum(ref() is not None for ref in alive) <= 1  # the one that is being left
            images = poses[2 * i : 2 * i + 2].copy()
            alive.append(weakref.ref(images))
            yield FrameBatch(images, (2 * i + np.arange(2, dtype=np.int64)) * 50_000_000)
            del images

    assert len(estimate(stream(), model, ONE)[0]) == 12


def test_world_axes_are_the_frames_own(model: PoseModel, poses: Image) -> None:
    """A camera turned by 90 degrees turns the world landmarks by 90 degrees, depth untouched."""
    (track,) = estimate(clip(poses[:3]), model, ONE)
    (turned,) = estimate(clip(np.rot90(poses[:3], axes=(1, 2))), model, ONE)  # the picture's x becomes its -y
    expected = np.stack([track.world_m[..., 1], -track.world_m[..., 0], track.world_m[..., 2]], -1)
    apart = np.linalg.norm(turned.world_m - expected, axis=-1)[track.visibility > 0.5]
    assert np.median(apart) < 0.05
