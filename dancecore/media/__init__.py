"""Video and sound files in, frames and samples out; and video files out. All decoding is PyAV's, one thread a clip."""

from dancecore.media.picture import frames
from dancecore.media.preview import preview
from dancecore.media.probing import probe, sha256_of
from dancecore.media.sound import audio
from dancecore.media.writing import write_video

__all__ = ["audio", "frames", "preview", "probe", "sha256_of", "write_video"]
