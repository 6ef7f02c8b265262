"""What a set of labelled dances holds, and what it lacks of a set that a recogniser can be trained and tested on."""

from collections import Counter, defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from dancecore.errors import DanceError
from dancecore.learning.datasets.entries import Entry, Label
from dancecore.learning.datasets.folder import read_folder
from dancecore.learning.datasets.packs import read_pack
from dancecore.learning.datasets.videos import read_table
from dancecore.settings import DatasetSettings, MediaSettings
from dancecore.types import OTHER

SIDES = ("front", "left", "back", "right")
"""Of the dancer, each a quarter of the circle about its middle."""

UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True)
class MoveShare:
    """What a set holds of one move. lengths_ms: of every segment."""

    move_id: str
    creators: int
    mirrored: int
    lengths_ms: tuple[int, ...]
    splits: dict[str, int]


@dataclass(frozen=True, slots=True)
class Target:
    """One thing a set should have: `have` of at least `want`."""

    name: str
    have: int
    want: int

    @property
    def met(self) -> bool:
        return self.have >= self.want


@dataclass(frozen=True, slots=True)
class Description:
    """A whole set. `minutes` that are labelled, `moves` most frequent first, without OTHER; `yaws` of every shot,
    degrees in [-180, 180); `sides`: clips with a shot from there, or UNKNOWN; `other_ms`: danced by no known move."""

    clips: int
    creators: int
    minutes: float
    moves: tuple[MoveShare, ...]
    other_ms: int
    yaws: tuple[float, ...]
    sides: dict[str, int]
    splits: dict[str, int]
    targets: tuple[Target, ...]


def entries_of(path: Path, media: MediaSettings) -> list[Entry]:
    """The clips of a set of any kind: a folder of clips, a motion pack (.npz), or a table of videos (.csv).

    Raises DanceError: FILE_NOT_FOUND, INVALID_INPUT, NOT_FOUND for an empty folder.
    """
    if path.is_dir():
        return read_folder(path)
    if not path.exists():
        raise DanceError("FILE_NOT_FOUND", f"there is no {path}")
    if path.suffix == ".csv":
        return [
            Entry(v.path.stem, v.creator, (), max(label.end_ms for label in v.labels), v.labels, None, None)
            for v in read_table(path, media)
        ]
    return [
        Entry(r.clip, r.performer, (), round(1000 * len(r.points) / r.fps), r.labels, None, None)
        for r in read_pack(path)
    ]


def describe(entries: Iterable[Entry], settings: DatasetSettings) -> Description:
    """Count a set, clip by clip."""
    counts = _Counts()
    for entry in entries:
        counts.add(entry)
    moves = tuple(sorted(map(counts.share, counts.lengths), key=lambda m: (-len(m.lengths_ms), m.move_id)))
    known = [side for side in counts.sides if side != UNKNOWN]
    targets = (
        Target("moves", len(moves), settings.min_moves),
        Target(
            "segments of the rarest move", min((len(m.lengths_ms) for m in moves), default=0), settings.min_segments
        ),
        Target("creators", len(counts.creators), settings.min_creators),
        Target("camera sides", len(known), settings.min_sides),
    )
    return Description(
        counts.clips, len(counts.creators), counts.ms / 60_000, moves, counts.other_ms, tuple(counts.yaws),
        dict(counts.sides), dict(counts.splits), targets,
    )  # fmt: skip


class _Counts:
    """What is gathered while the clips go by."""

    def __init__(self) -> None:
        self.clips = self.ms = self.other_ms = 0
        self.creators: set[str] = set()
        self.yaws: list[float] = []
        self.sides: Counter[str] = Counter()
        self.splits: Counter[str] = Counter()
        self.lengths: dict[str, list[int]] = defaultdict(list)
        self.by: dict[str, set[str]] = defaultdict(set)
        self.mirrored: Counter[str] = Counter()
        self.split_of: dict[str, Counter[str]] = defaultdict(Counter)

    def add(self, entry: Entry) -> None:
        self.clips += 1
        self.ms += sum(_length(label) for label in entry.labels) if entry.partial else entry.duration_ms
        self.creators.add(entry.creator)
        self.splits[entry.split or UNKNOWN] += 1
        yaws = [(view + 180) % 360 - 180 for view in entry.views]
        self.yaws += yaws
        self.sides.update({side_of(yaw) for yaw in yaws} or {UNKNOWN})
        for label in entry.labels:
            if label.move_id == OTHER:
                self.other_ms += _length(label)
                continue
            self.lengths[label.move_id].append(_length(label))
            self.by[label.move_id].add(entry.creator)
            self.mirrored[label.move_id] += bool(label.mirror)
            self.split_of[label.move_id][entry.split or UNKNOWN] += 1

    def share(self, move: str) -> MoveShare:
        lengths, splits = tuple(self.lengths[move]), dict(self.split_of[move])
        return MoveShare(move, len(self.by[move]), self.mirrored[move], lengths, splits)


def _length(label: Label) -> int:
    return label.end_ms - label.start_ms


def side_of(yaw: float) -> str:
    """The side of the dancer that a camera at this yaw sees."""
    return SIDES[round(yaw / 90) % 4]
