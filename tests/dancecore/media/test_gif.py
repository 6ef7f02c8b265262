"""Pictures that loop."""

from pathlib import Path

import numpy as np
import pytest
from PIL import Image, ImageSequence

from dancecore.media.gif import write_gif


def red(shade: int) -> np.ndarray:
    return np.full((8, 12, 3), (shade, 0, 0), np.uint8)


def test_each_frame_lasts_as_it_should(tmp_path: Path) -> None:
    path = tmp_path / "a.gif"
    write_gif(path, (red(shade) for shade in (0, 120, 250)), [40, 50, 120], 8)
    with Image.open(path) as picture:
        assert picture.size == (12, 8)
        assert picture.info["loop"] == 0
        shown = [
            (frame.info["duration"], frame.convert("RGB").getpixel((3, 3))) for frame in ImageSequence.Iterator(picture)
        ]
    assert [duration for duration, _ in shown] == [40, 50, 120]
    assert [colour[0] for _, colour in shown] == pytest.approx([0, 120, 250], abs=8)


def test_a_gif_that_fails_leaves_nothing(tmp_path: Path) -> None:
    def frames():  # type: ignore[no-untyped-def]
        yield red(0)
        raise RuntimeError("no second frame")

    with pytest.raises(RuntimeError):
        write_gif(tmp_path / "a.gif", frames(), 40, 8)
    assert list(tmp_path.iterdir()) == []
