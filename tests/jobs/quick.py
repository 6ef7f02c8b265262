"""A pose worker that finds the same made-up dance in the same file at once, and dies where a file's name says so."""

import os
import signal
import time
import zlib
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import ray

from dancecore.errors import DanceError
from dancecore.types import PoseTrack
from jobs.stages import PoseWorker, Run

FRAMES = 80


class QuickWorker(PoseWorker):
    """Finds poses without a model. "poison" in a file's name kills it always, "stumble" once, "nobody" is empty,
    "slow" takes two seconds and leaves a mark with the name of the node beside the clip."""

    def __init__(self, run: Run) -> None:
        self.run, self.name, self.bare_fps = run, f"quick-{os.getpid()}", 1000.0

    def tracks(self, clips: Sequence[Path]) -> list[list[PoseTrack] | DanceError]:
        return [self._track(clip) for clip in clips]

    def _track(self, clip: Path) -> list[PoseTrack] | DanceError:
        once = clip.with_suffix(".stumbled")
        if "poison" in clip.name or ("stumble" in clip.name and not once.exists()):
            once.touch()
            os.kill(os.getpid(), signal.SIGKILL)
        if "slow" in clip.name:
            clip.with_suffix(f".seen-{ray.get_runtime_context().get_node_id()}").touch()
            time.sleep(2)
        if "nobody" in clip.name:
            return DanceError("NO_PERSON", "nobody is seen in this clip")
        return [dance(zlib.crc32(clip.name.encode()))]


def dance(seed: int) -> PoseTrack:
    """Four seconds of a body whose every joint swings in its own way."""
    draw = np.random.default_rng(seed)
    time_ns = np.arange(FRAMES, dtype=np.int64) * 50_000_000
    place = draw.uniform(-0.5, 0.5, (1, 33, 3))
    swing = draw.uniform(0, 0.1, (1, 33, 3)) * np.sin(np.arange(FRAMES)[:, None, None] / draw.uniform(2, 8, (1, 33, 3)))
    world = (place + swing).astype(np.float32)
    return PoseTrack(
        time_ns=time_ns, xy_px=(world[..., :2] * 200 + 320).astype(np.float32), world_m=world,
        visibility=np.ones((FRAMES, 33), np.float32), cut=np.zeros(FRAMES, np.bool_), width=640, height=640,
    )  # fmt: skip
