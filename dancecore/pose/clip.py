"""What is known of one clip while its dancers are followed."""

from collections.abc import Iterator
from itertools import permutations

import numpy as np
from numpy.typing import NDArray

from dancecore.errors import DanceError
from dancecore.pose.landmarks import JOINTS, Landmarks
from dancecore.pose.region import Regions
from dancecore.pose.shots import Shots
from dancecore.settings import PoseSettings
from dancecore.types import Float, FrameBatch, PoseTrack

Region = NDArray[np.float64]
NOBODY = (np.full((JOINTS, 2), np.nan), np.full((JOINTS, 3), np.nan), np.zeros(JOINTS))


class Slot:
    """The place of one dancer in a clip: where to look next, where they were last, and their joints so far.

    `region` (4,) is set while the dancer is followed, for `frames` frames so far; `last` (4,) outlives a loss, but not
    the end of the shot; `first` in the first frame of the first dancer since then.
    """

    def __init__(self, clip: "Clip") -> None:
        self.clip = clip
        self.region: Region | None = None
        self.last: Region | None = None
        self.now = NOBODY
        self.cut = self.first = False
        self.frames = 0
        self.rows: list[tuple[Float, Float, Float]] = []
        self.cuts: list[bool] = []

    @property
    def upside_down(self) -> bool:
        """The region that is to be looked at has the head below the hips."""
        return self.region is not None and bool(np.cos(self.region[3]) < 0)

    def start(self, region: Region, jump: float) -> None:
        """Begin to follow a dancer found in `region`; one found far from where they were last may be another."""
        self.first = self.last is None
        if self.last is not None and _apart(region, self.last) > jump:
            self.cut = True
        self.region, self.frames = region, 0

    def keep(self, found: Landmarks, row: int) -> None:
        """Take this frame's joints, and the region of the next frame."""
        self.now = (found.xy_px[row], found.world_m[row], found.visibility[row])
        self.region = self.last = found.next[row]
        self.frames += 1
        self.first = self.first and self.frames == 1

    def lose(self) -> None:
        self.region, self.now = None, NOBODY

    def forget(self) -> None:
        """Follow nobody, and no longer know who was followed."""
        self.lose()
        self.last, self.cut, self.first = None, False, False

    def leave_shot(self) -> None:
        """Forget everything that the next shot does not share with this one."""
        self.forget()
        self.cut = True

    def record(self) -> None:
        """Write this frame down."""
        xy, world, visibility = (part.astype(np.float32) for part in self.now)
        self.rows.append((xy, world, visibility))
        self.cuts.append(self.cut)
        self.now, self.cut = NOBODY, False


class Clip:
    """One clip on its way: its frame stream, its current `image` (H, W, 3), its dancers."""

    def __init__(self, batches: Iterator[FrameBatch], settings: PoseSettings) -> None:
        self.settings = settings
        self.slots = [Slot(self) for _ in range(settings.max_dancers)]
        self.error: DanceError | None = None
        self._frames = (
            (image, int(t)) for batch in batches for image, t in zip(batch.images, batch.time_ns, strict=True)
        )
        self._times: list[int] = []
        self._shots = Shots(settings)
        self._since_search = 0
        self._since_closer: int | None = None

    def advance(self) -> bool:
        """Go to the next frame, starting anew at a cut. False at the end, or when the stream failed."""
        try:
            self.image, time = next(self._frames)
        except StopIteration:
            return False
        except DanceError as error:
            self.error = error
            return False
        self._times.append(time)
        self._since_search += 1
        if self._shots.begins(self.image):
            self._since_closer = None
            for slot in self.slots:
                slot.leave_shot()
        return True

    def followed(self) -> list[Slot]:
        return [slot for slot in self.slots if slot.region is not None]

    def wants_search(self) -> bool:
        """Nobody is followed, or a place is free and the last look was long ago."""
        free = len(self.slots) - len(self.followed())
        return free == len(self.slots) or (free > 0 and self._since_search >= self.settings.search_every)

    def wants_closer_search(self) -> bool:
        """A shot begins and a place is free, or nobody is followed and the last closer look was a while ago.

        To be asked once a frame.
        """
        followed = len(self.followed())
        since = None if self._since_closer is None else self._since_closer + 1
        due = since is None or (not followed and since >= self.settings.closer_every)
        self._since_closer = 0 if due else since
        return due and followed < len(self.slots)

    def take(self, regions: Regions) -> list[Slot]:
        """Give the found regions (K, 4), surest first, to free slots: each to the one that was nearest last."""
        self._since_search = 0
        started: list[Slot] = []
        for region in regions:
            free = [slot for slot in self.slots if slot.region is None]
            followed = [slot.region for slot in self.slots if slot.region is not None]
            if not free or any(_apart(region, other) < self.settings.same_dancer for other in followed):
                continue
            slot = min(free, key=lambda s: np.inf if s.last is None else _apart(region, s.last))
            slot.start(region, self.settings.jump)
            started.append(slot)
        return started

    def drop_twins(self) -> None:
        """When two slots follow one dancer, the one that has done so for less time loses."""
        followed = sorted(self.followed(), key=lambda slot: -slot.frames)
        for i, slot in enumerate(followed):
            if any(_same(slot, other, self.settings.same_dancer) for other in followed[:i]):
                slot.lose()

    def hand_over(self) -> None:
        """Who was found this frame by a slot that never followed anybody goes on in one that lost somebody: it would
        have been given them, had it not been given a mistake."""
        for slot, other in permutations(self.slots, 2):
            if slot.region is None and slot.last is not None and other.region is not None and other.first:
                slot.start(other.region, self.settings.jump)
                slot.last, slot.now, slot.frames = other.region, other.now, other.frames
                other.forget()

    def record(self) -> None:
        for slot in self.slots:
            slot.record()

    def result(self) -> list[PoseTrack] | DanceError:
        """A track for every slot that ever held a dancer, or the error that ended the clip."""
        if self.error:
            return self.error
        used = [slot for slot in self.slots if any(np.isfinite(row[0][0, 0]) for row in slot.rows)]
        if not used:
            return DanceError("NO_PERSON", f"nobody was found in any of {len(self._times)} frames")
        return [self._track(slot, dancer) for dancer, slot in enumerate(used)]

    def _track(self, slot: Slot, dancer: int) -> PoseTrack:
        xy, world, visibility = (np.stack(part) for part in zip(*slot.rows, strict=True))
        height, width = self.image.shape[:2]
        times = np.array(self._times, np.int64)
        return PoseTrack(times, xy, world, visibility, np.array(slot.cuts), width, height, dancer)


def _apart(a: Region, b: Region) -> float:
    """The distance of two regions' centres in sides of the first."""
    return float(np.hypot(*(a[:2] - b[:2])) / a[2])


def _same(slot: Slot, other: Slot, share: float) -> bool:
    """Whether the joints of two slots lie on one another, by their mean distance in sides of the region."""
    if slot.region is None or other.region is None:
        return False
    distance = np.linalg.norm(slot.now[0] - other.now[0], axis=1).mean()
    return bool(distance < share * max(slot.region[2], other.region[2]))
