"""The beats of somebody's music: `danceapp music`."""

import json
from dataclasses import replace
from pathlib import Path

from cluster.settings import Settings
from dancecore.composer.filming import Track
from dancecore.composer.music import EIGHT, Music, from_json, tapped, to_json, told
from dancecore.errors import DanceError
from dancecore.media.clicks import SOUND_HZ
from dancecore.media.sound import song
from dancecore.types import MS, Float


def find_beats(
    path: Path, settings: Settings, *, bpm: float | None, first_s: float | None, taps: str | None, first: int | None
) -> Music:
    """The beats of a file: through `taps` (seconds, with commas), at `bpm` from `first_s` on, or else as it is heard.

    `first`: the beat, from 0, that begins an eight-count. Raises DanceError: INVALID_INPUT for a piece whose beats
    cannot be heard, and what `opened` refuses.
    """
    samples = song(path, settings.music.rate_hz)
    length = len(samples) / settings.music.rate_hz
    if taps is not None:
        music = tapped(_numbers(taps), length)
    elif bpm is not None:
        music = told(bpm, first_s or 0.0, length)
    else:
        music = _heard(path, samples, settings)
    return music if first is None else replace(music, first=first)


def _heard(path: Path, samples: Float, settings: Settings) -> Music:
    from dancecore.music import track_beats

    grid = track_beats(samples, settings.music.rate_hz, settings.music)
    if grid is None:
        raise DanceError("INVALID_INPUT", f"no beat is heard in {path.name}: tap it, --taps, or tell its tempo, --bpm")
    return Music(grid, "heard", round(1000 * len(samples) / settings.music.rate_hz))


def _numbers(said: str) -> list[float]:
    try:
        return [float(number) for number in said.split(",")]
    except ValueError:
        raise DanceError(
            "INVALID_INPUT", f"taps are seconds with commas, such as 0.5,1.02,1.5,2.0: not {said!r}"
        ) from None


def track_of(path: Path, grid: Path | None, settings: Settings) -> Track:
    """The sound of a file with its beats: those of a `music.v1` file, or as they are heard.

    It begins with the first eight-count. Raises DanceError as `find_beats`, and FILE_NOT_FOUND.
    """
    if grid is None:
        music = find_beats(path, settings, bpm=None, first_s=None, taps=None, first=None)
    elif grid.is_file():
        music = from_json(grid.read_text(encoding="utf-8"))
    else:
        raise DanceError("FILE_NOT_FOUND", f"there is no {grid}")
    beats = replace(music.grid, beats_ns=music.grid.beats_ns[music.first :].copy())
    return Track(song(path, SOUND_HZ), beats)


def print_music(music: Music, as_json: bool) -> None:
    """The tempo and what else it may be felt as, and where eight-counts begin."""
    if as_json:
        other = [{"bpm": way.grid.bpm, "beats": len(way.grid.beats_ns)} for way in music.candidates()]
        eights = (music.eights_ns // MS).tolist()
        print(json.dumps(json.loads(to_json(music)) | {"candidates": other, "eights_ms": eights}, indent=2))
        return
    felt = ", or ".join(f"{way.grid.bpm:.1f}" for way in music.candidates())
    print(f"{felt} bpm, {music.source}, confidence {music.grid.confidence:.2f}; {len(music.grid.beats_ns)} beats")
    starts = "  ".join(f"{at / 1e9:.2f}" for at in music.eights_ns.tolist())
    print(f"{len(music.eights_ns)} phrases of {EIGHT} counts begin at (s): {starts}")
