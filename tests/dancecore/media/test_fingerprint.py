"""Fingerprints: the same through what is done to copies, another for another dance in the same room."""

from collections.abc import Callable, Iterator
from itertools import combinations, islice
from pathlib import Path

import cv2
import numpy as np
import pytest

from cluster.settings import settings
from dancecore.errors import DanceError
from dancecore.media import frames, probe, write_video
from dancecore.media.fingerprint import BITS, Fingerprints, apart, fingerprint, mirrored, pack
from dancecore.types import Image

ROOM = np.random.default_rng(0).integers(0, 255, (12, 16, 3), np.uint8)


def dancer(seed: int, side: tuple[int, int] = (320, 240)) -> Iterator[Image]:
    """Five seconds of a bright body with two limbs that swings through a room, which is the same for every seed."""
    phases = np.random.default_rng(seed).uniform(0, 2 * np.pi, 4)
    room = cv2.resize(ROOM, side, interpolation=cv2.INTER_LINEAR)
    for t in np.arange(0, 5, 1 / 15):
        turned = np.sin(t * np.array([1.7, 2.3, 3.1, 4.3]) + phases)
        middle = np.array([side[0] * (0.5 + 0.25 * turned[0]), side[1] * (0.55 + 0.1 * turned[1])])
        shown = room.copy()
        cv2.circle(shown, middle.astype(int).tolist(), 30, (250, 240, 230), -1)
        for angle in (2 * turned[2], np.pi + 2 * turned[3]):
            end = middle + 70 * np.array([np.cos(angle), np.sin(angle)])
            cv2.line(shown, middle.astype(int).tolist(), end.astype(int).tolist(), (10, 20, 240), 14)
        yield shown


def even(image: Image) -> Image:
    return np.ascontiguousarray(image[: image.shape[0] // 2 * 2, : image.shape[1] // 2 * 2])


def smaller(image: Image) -> Image:
    return even(cv2.resize(image, (image.shape[1] * 2 // 3, image.shape[0] * 2 // 3), interpolation=cv2.INTER_AREA))


def cropped(image: Image) -> Image:
    """By 5 % at every side."""
    down, right = round(image.shape[0] * 0.05), round(image.shape[1] * 0.05)
    return even(image[down : image.shape[0] - down, right : image.shape[1] - right])


def cornered(image: Image) -> Image:
    """By 5 % at two sides."""
    return even(image[round(image.shape[0] * 0.05) :, : round(image.shape[1] * 0.95)])


COPIES: dict[str, Callable[[Image], Image]] = {
    "encoded anew": smaller, "cropped": cropped, "cropped at a corner": cornered,
    "mirrored": lambda image: smaller(image)[:, ::-1].copy(),
}  # fmt: skip


def seen(path: Path) -> Fingerprints:
    found = fingerprint(path)
    assert found is not None
    return found


def test_copies_are_known_and_other_dances_are_not(tmp_path: Path) -> None:
    most, found = settings().serve.duplicate_share, []
    for seed in range(3):
        write_video(tmp_path / "original.mp4", dancer(seed), fps=15)
        found.append(seen(tmp_path / "original.mp4"))
        for name, change in COPIES.items():
            write_video(tmp_path / "copy.mp4", (change(image) for image in dancer(seed)), fps=15)
            assert apart(found[-1], seen(tmp_path / "copy.mp4")) <= most, name
    assert all(apart(one, other) > most for one, other in combinations(found, 2))


def test_a_mirrored_clip_has_the_mirrored_fingerprint(tmp_path: Path) -> None:
    write_video(tmp_path / "a.mp4", dancer(0), fps=15)
    write_video(tmp_path / "b.mp4", (image[:, ::-1].copy() for image in dancer(0)), fps=15)
    straight, turned = seen(tmp_path / "a.mp4")[0], seen(tmp_path / "b.mp4")[0]
    assert (mirrored(straight) != turned).mean() < 0.05
    assert (straight != turned).mean() > 0.3
    np.testing.assert_array_equal(mirrored(mirrored(straight)), straight)


def test_where_nothing_moves_there_is_none(tmp_path: Path) -> None:
    write_video(tmp_path / "still.mp4", (ROOM.repeat(10, 0).repeat(10, 1) for _ in range(60)), fps=15)
    assert fingerprint(tmp_path / "still.mp4") is None


def test_as_the_database_writes_it() -> None:
    bits = np.zeros(BITS, np.bool_)
    bits[[0, 3]] = True
    assert pack(bits) == "1001" + "0" * (BITS - 4)


def probed(clip: Path) -> bool:
    """Whether the service would take this clip."""
    try:
        probe(clip, settings().media)
    except DanceError:
        return False
    return True


@pytest.mark.slow
def test_copies_of_twenty_real_clips_are_caught_and_one_false_in_500_pairs_at_most(
    real_data: Path, tmp_path: Path
) -> None:
    """The pairs are of one couple in one room, most of them; what is changed of copies is their first 20 s."""
    clips = [clip for clip in sorted((real_data / "video").rglob("*.mp4")) if probed(clip)]
    if len(clips) < 33:
        pytest.skip(f"{len(clips)} clips make fewer than 500 pairs")
    most, of = settings().serve.duplicate_share, [fingerprint(clip) for clip in clips]
    pairs = [apart(one, other) for one, other in combinations([bits for bits in of if bits is not None], 2)]
    assert len(pairs) >= 500
    assert sum(share <= most for share in pairs) <= len(pairs) / 500
    moving = [(clip, bits) for clip, bits in zip(clips, of, strict=True) if bits is not None]
    chosen = moving[:: len(moving) // 20][:20]
    assert len(chosen) == 20
    for clip, bits in chosen:
        for name, change in COPIES.items():
            pictures = (change(image) for batch in frames(clip, 15) for image in batch.images)
            write_video(tmp_path / "copy.mp4", islice(pictures, 15 * 20), fps=15)
            assert apart(bits, seen(tmp_path / "copy.mp4")) <= most, f"{clip.name} {name}"
