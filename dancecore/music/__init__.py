"""The music of a clip: where its beats are."""

from dancecore.music.beats import track_beats

__all__ = ["track_beats"]
