"""Every file that a composition can be taken away as, by the name of its format."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Literal

from dancecore.composer.composition import Composition, to_json
from dancecore.composer.dancing import Dance, at_rate, danced
from dancecore.composer.filming import FPS, Track, film
from dancecore.composer.preview import Stage, frames_json
from dancecore.composer.settings import ComposerSettings
from dancecore.errors import DanceError
from dancecore.moves.taxonomy import Taxonomy

FORMATS = ("json", "csv", "pdf", "mp4", "preview.json", "bvh", "edl", "fcpxml", "vtt")
"""What is made unless something else is asked for."""

EVERY = (*FORMATS, "body.mp4")
"""A body takes five times as long to draw as a stick figure, and the extra `synthetic`."""

FILM = "dance.mp4"
"""What the timelines call the film that lies beside them."""


@dataclass(frozen=True, slots=True)
class Showing:
    """How a dance is filmed, to which music (None: a metronome), and who is thanked on its sheet."""

    speed: float = 1.0
    loops: int = 1
    mirrored: bool = False
    credits: str = ""
    track: Track | None = None


class Maker:
    """Makes the files of a composition; its motion once, for those that show it."""

    def __init__(
        self, written: Composition, taxonomy: Taxonomy, names: Mapping[str, str], rate_hz: int,
        settings: ComposerSettings, how: Showing, progress: Callable[[int, int], None] | None = None,
    ) -> None:  # fmt: skip
        self.written, self.taxonomy, self.names = written, taxonomy, names
        self.rate_hz, self.settings, self.how, self.progress = rate_hz, settings, how, progress

    @cached_property
    def dance(self) -> Dance:
        """The motion of the whole dance."""
        return danced(self.written.steps, self.taxonomy, self.written.bpm, self.rate_hz, self.settings)

    def make(self, name: str, path: Path) -> None:
        """Write the format of this name to `path`. `checked` says which there are."""
        made = self._makers(path)[name]()
        if isinstance(made, str):
            path.write_text(made, encoding="utf-8")
        elif made is not None:
            path.write_bytes(made)

    def _makers(self, path: Path) -> Mapping[str, Callable[[], str | bytes | None]]:
        from dancecore.composer.exports.bvh import to_bvh
        from dancecore.composer.exports.edl import to_edl
        from dancecore.composer.exports.fcpxml import to_fcpxml
        from dancecore.composer.exports.sheet import to_pdf
        from dancecore.composer.exports.table import to_csv
        from dancecore.composer.exports.webvtt import to_webvtt

        made, names, size = self.written, self.names, (Stage().width, Stage().height)
        return {
            "json": lambda: to_json(made), "csv": lambda: to_csv(made), "vtt": lambda: to_webvtt(made, names),
            "edl": lambda: to_edl(made, names, FPS), "fcpxml": lambda: to_fcpxml(made, names, FPS, FILM, size),
            "bvh": lambda: to_bvh(at_rate(self.dance.motion, made.bpm, FPS), FPS),
            "preview.json": lambda: frames_json(made, self.dance.motion, names, self.rate_hz),
            "pdf": lambda: to_pdf(made, self.taxonomy, self.how.credits),
            "mp4": lambda: self._film(path, "stick"), "body.mp4": lambda: self._film(path, "body"),
        }  # fmt: skip

    def _film(self, path: Path, figure: Literal["stick", "body"]) -> None:
        how = self.how
        film(
            path, self.written, self.dance.motion, self.names, stage=Stage(mirrored=how.mirrored, figure=figure),
            speed=how.speed, loops=how.loops, track=how.track, progress=self.progress,
        )  # fmt: skip


def checked(written: Composition, formats: list[str]) -> list[str]:
    """The formats, each once. Raises DanceError("INVALID_INPUT") for one that there is not, or a last bar that is not
    whole."""
    if unknown := [name for name in formats if name not in EVERY]:
        raise DanceError("INVALID_INPUT", f"there is no format {', '.join(unknown)}; there is: {', '.join(EVERY)}")
    if written.missing:
        raise DanceError(
            "INVALID_INPUT", f"only whole bars are exported, and bar {written.bars} lacks {written.missing:g} beats"
        )
    return list(dict.fromkeys(formats))
