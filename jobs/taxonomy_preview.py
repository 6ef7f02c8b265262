"""One move as moving pictures: `danceapp taxonomy preview`."""

import sys
from pathlib import Path

import cv2
import numpy as np

from cluster.settings import settings
from dancecore.errors import DanceError
from dancecore.media import write_video
from dancecore.media.clicks import SOUND_HZ, metronome
from dancecore.media.gif import write_gif
from dancecore.moves import draw
from dancecore.moves.body import joints
from dancecore.moves.camera import Camera
from dancecore.moves.motion import Motion
from dancecore.moves.sequence import mirrored
from dancecore.moves.strip import telling_yaw
from dancecore.moves.taxonomy import Move
from dancecore.types import Float64, Image

SIZE = (400, 480)
"""Pixels: a figure large enough for its feet, a file small enough for a list."""
RATE_HZ = 25
"""Frames a second, nearly: a phrase has a whole number of them, so that it closes."""
COLOURS = {"stick": 32, "body": 128}
"""Of a frame of the GIF."""


def write_previews(
    move: Move, out: Path, *, bpm: float | None, yaw: float | None, mirror: bool, loops: int
) -> list[Path]:
    """Write the move as stick figure and as body, each a GIF of one phrase and an MP4 of `loops` with a click on each
    beat; the paths. Without the extra `synthetic` it writes the stick figure only and says so.

    `bpm` None is that of the templates, or the nearest at which the move is danced; `yaw` None the side that tells it.
    """
    out.mkdir(parents=True, exist_ok=True)
    tempo = bpm or float(np.clip(settings().templates.bpm, *move.bpm))
    side = telling_yaw(move) * (-1 if mirror else 1) if yaw is None else yaw
    motion = mirrored(move.motion) if mirror else move.motion
    frames = round(move.beats * 60 / tempo * RATE_HZ)
    beats = np.arange(frames) * move.beats / frames
    camera = draw.fitting(joints(draw.on_the_spot(motion, beats)[0]), *SIZE, side)
    stem = f"{move.move_id}{'_mirrored' if mirror else ''}"
    sticks = list(draw.preview(motion, beats, camera))
    paths = _write(out / f"{stem}_stick", sticks, move, tempo, loops, COLOURS["stick"])
    try:
        body = _body(motion, beats, camera)
    except DanceError as error:
        if error.code != "MISSING_EXTRA":
            raise
        print(f"danceapp: {error.message}; there are only the stick figures", file=sys.stderr)
        return paths
    return paths + _write(out / f"{stem}_body", body, move, tempo, loops, COLOURS["body"])


def _body(motion: Motion, beats: Float64, camera: Camera) -> list[Image]:
    from dancecore.synthetic import mannequin

    return list(mannequin.preview(motion, beats, camera))


def _write(stem: Path, phrase: list[Image], move: Move, bpm: float, loops: int, colours: int) -> list[Path]:
    _count(phrase, move.beats)
    seconds = move.beats * 60 / bpm
    ends_cs = np.round(100 * seconds * np.arange(1, len(phrase) + 1) / len(phrase)).astype(int)
    gif, mp4 = stem.with_suffix(".gif"), stem.with_suffix(".mp4")
    write_gif(gif, phrase, (10 * np.diff(ends_cs, prepend=0)).tolist(), colours)
    sound = metronome(move.beats, bpm, loops)
    write_video(mp4, (frame for _ in range(loops) for frame in phrase), len(phrase) / seconds, sound, SOUND_HZ)
    return [gif, mp4]


def _count(phrase: list[Image], beats: int) -> None:
    """Draw a dot for each beat into the frames of a phrase, the dark one for the beat that runs."""
    for at, frame in enumerate(phrase):
        height, width, _ = frame.shape
        for beat in range(beats):
            place = (width // 2 + round(20 * (beat - (beats - 1) / 2)), height - 14)
            runs = beat == at * beats // len(phrase)
            cv2.circle(frame, place, 6, draw.INK.middle if runs else draw.INK.floor, -1, cv2.LINE_AA)
