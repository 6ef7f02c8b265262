"""The music of a clip: where its beats are."""

from dancecore.music.beats import track_beats, warm_up

__all__ = ["track_beats", "warm_up"]
