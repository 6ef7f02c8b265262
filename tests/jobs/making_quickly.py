"""A maker of clips that takes no time, and dies or fails where files in the set's folder say so."""

import errno
import os
import signal
from pathlib import Path
from typing import Any

import numpy as np

from dancecore.learning.datasets.folder import joints_path, write_poses, write_whole
from jobs.making import Maker
from tests.jobs.quick import dance

MOVES = ("mv_dab", "mv_floss", "mv_two_step")


class QuickMaker(Maker):
    """Its clips hold made-up poses. "poison-N" kills whoever makes the clip of seed N, "stumble-N" only the first one,
    "full-N" fills the disk in the middle of it."""

    def make(self, clip: str, seed: int) -> dict[str, Any]:
        out = self.order.out
        write_whole(joints_path(out, clip), np.random.default_rng(seed).bytes(1000))
        self._trip(out, seed)
        write_poses(out, clip, [dance(seed)], self.order.pose, compress=False)
        labels = {
            "video_id": clip, "taxonomy": self.order.semver, "data_version": self.order.data_version, "fps": 20,
            "creator": f"cr_{seed % 5:04d}", "duration_ms": 4000, "views": [0.0], "flags": [],
        }  # fmt: skip
        return labels | {"segments": [_segment(i, MOVES[(seed + i) % 3]) for i in range(3)]}

    def _trip(self, out: Path, seed: int) -> None:
        stumble = out / f"stumble-{seed}"
        if stumble.exists() or (out / f"poison-{seed}").exists():
            stumble.unlink(missing_ok=True)
            os.kill(os.getpid(), signal.SIGKILL)
        if (out / f"full-{seed}").exists():
            raise OSError(errno.ENOSPC, "No space left on device")


def _segment(number: int, move: str) -> dict[str, Any]:
    return {"start_ms": 1000 * number, "end_ms": 1000 * number + 900, "move_id": move, "mirror": False}
