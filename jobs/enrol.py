"""Moves learned from exemplars: `danceapp taxonomy enrol`."""

import json
import sys
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

import numpy as np

from cluster.database import engine
from cluster.layer import OwnMove, check_enrolment, enrol
from cluster.library import TAXONOMY, Library, load_library, store_moves
from cluster.migrate import migrate
from cluster.objects import objects
from cluster.settings import Settings
from cluster.weights import weights_dir
from dancecore.errors import NO_NPZ, DanceError
from dancecore.features import extract
from dancecore.learning.datasets.packs import read_pack
from dancecore.matching.enrol import Exemplar, exemplar_of
from dancecore.matching.score import score
from dancecore.moves.taxonomy import load_taxonomy
from dancecore.pose.packing import unpack_tracks
from dancecore.types import MS, SECOND, BeatGrid, Span


@dataclass(frozen=True, slots=True)
class Source:
    """Where an exemplar is: a video or a pose file, from `start_s` to `end_s` of it (None: its ends), or a clip of a
    motion pack, by its id."""

    path: Path
    start_s: float | None = None
    end_s: float | None = None
    clip: str | None = None


def enrol_move(name: str, sources: Sequence[Source], settings: Settings) -> tuple[OwnMove, str]:
    """Learn a move; also, in a sentence, which move of the taxonomy it is nearest to.

    Raises DanceError: INVALID_INPUT for exemplars or a name that cannot be used, and what probing and the pose
    estimator refuse.
    """
    taxonomy = load_taxonomy(TAXONOMY)
    migrate()
    store_moves(engine(), taxonomy)
    check_enrolment(engine(), name, len(sources))
    exemplars = [each for source in sources for each in exemplars_of(source, settings)]
    own = enrol(engine(), objects(), settings, taxonomy.semver, name, exemplars)
    return own, _nearest(exemplars[0], load_library(settings), settings)


def sources_of(
    paths: Sequence[Path], starts: Sequence[float], ends: Sequence[float], clips: Sequence[str]
) -> list[Source]:
    """The exemplars that a command line names: starts and ends in the order of the paths, or none; clips of one pack.

    Raises DanceError("INVALID_INPUT") when they do not fit together.
    """
    if clips:
        if len(paths) != 1 or starts or ends:
            raise DanceError("INVALID_INPUT", "--clip names clips of one motion pack, and takes them whole")
        return [Source(paths[0], clip=clip) for clip in clips]
    for option, given in (("--start", starts), ("--end", ends)):
        if given and len(given) != len(paths):
            raise DanceError("INVALID_INPUT", f"{len(paths)} exemplars want as many {option}, or none")
    return [Source(path, starts[i] if starts else None, ends[i] if ends else None) for i, path in enumerate(paths)]


def exemplars_of(source: Source, settings: Settings) -> list[Exemplar]:
    """The exemplars of a source; a pack of which no clip is named gives all it holds.

    Raises DanceError as `enrol_move` does.
    """
    if not source.path.is_file():
        raise DanceError("FILE_NOT_FOUND", f"there is no {source.path}")
    if source.path.suffix != ".npz":
        return [_watched(source, settings)]
    return _of_pack(source, settings) if _holds(source.path, "kp") else [_of_poses(source)]


def _watched(source: Source, settings: Settings) -> Exemplar:
    """The dancer of a video, as the indexing job would see them."""
    from dancecore.media import frames, probe
    from dancecore.pipeline import hear
    from dancecore.pose import clean, estimate, load, primary

    probe(source.path, settings.media)
    print(f"finding the dancer in {source.path.name}", file=sys.stderr)
    model = load(settings.pose.variant, weights_dir(), settings.pose)
    seen = estimate(frames(source.path, settings.media.rate_hz), model, settings.pose)
    track = clean(primary(seen, settings.pose), settings.pose)
    beats: BeatGrid | None = hear(source.path, settings.analysis)
    span = _span(source, int(track.time_ns[-1]) + SECOND // settings.media.rate_hz)
    return Exemplar(source.path.name, track, span, beats.bpm if beats else None)


def _of_pack(source: Source, settings: Settings) -> list[Exemplar]:
    recordings = read_pack(source.path)
    if source.clip is not None:
        recordings = [each for each in recordings if each.clip == source.clip]
        if not recordings:
            raise DanceError("NOT_FOUND", f"{source.path.name} has no clip {source.clip!r}")
    rate, templates, pose = settings.media.rate_hz, settings.templates, settings.pose
    return [exemplar_of(each, rate, templates, pose) for each in recordings]


def _of_poses(source: Source) -> Exemplar:
    track = next(iter(unpack_tracks(source.path.read_bytes())), None)
    if not track:
        raise DanceError("INVALID_INPUT", f"{source.path.name} shows nobody")
    step = int(np.median(np.diff(track.time_ns))) if len(track) > 1 else SECOND
    return Exemplar(source.path.name, track, _span(source, int(track.time_ns[-1]) + step), None)


def _span(source: Source, length_ns: int) -> Span:
    length_s = length_ns / SECOND
    start_s, end_s = source.start_s or 0.0, length_s if source.end_s is None else min(source.end_s, length_s)
    if not 0 <= start_s < end_s:
        asked = f"{start_s:g} to {'the end' if source.end_s is None else f'{source.end_s:g}'}"
        raise DanceError("INVALID_INPUT", f"{source.path.name} lasts {length_s:.2f} s; {asked} is not in it")
    return Span(round(start_s * 1000) * MS, min(round(end_s * 1000) * MS, length_ns))


def _holds(path: Path, name: str) -> bool:
    try:
        with path.open("rb") as opened, np.load(opened, allow_pickle=False) as stored:
            return name in stored
    except NO_NPZ as error:
        raise DanceError("INVALID_INPUT", f"{path.name} is neither a motion pack nor a pose file: {error}") from error


def _nearest(exemplar: Exemplar, library: Library, settings: Settings) -> str:
    """Which known move an exemplar is nearest to, and whether the two can be taken for each other."""
    (found,) = score(extract(exemplar.track, settings.features), [exemplar.span], None, library.bank, settings.matching)
    best = found.candidates[0]
    known = library.taxonomy.moves[best.move_id].name
    alike = best.distance <= settings.decoding.max_distance
    verdict = "either may be taken for the other" if alike else "no known move looks like it"
    return f"nearest known move: {known}, at distance {best.distance:.2f}: {verdict}"


def print_own(moves: Sequence[OwnMove], as_json: bool, *remarks: str) -> None:
    """Print enrolled moves and what is to say of them."""
    if as_json:
        print(json.dumps([asdict(each) for each in moves], indent=2))
        return
    for each in moves:
        n = len(each.exemplars)
        print(f"{each.name}: {each.move_id}, {n} exemplar{'s' if n > 1 else ''}")
    for remark in remarks or (() if moves else ("you have enrolled no move: danceapp taxonomy enrol --help",)):
        print(remark)
