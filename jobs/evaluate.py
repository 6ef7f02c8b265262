"""Compares recognisers on labelled sets: `danceapp evaluate`."""

import importlib.util
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from cluster.library import TAXONOMY, load_library
from cluster.settings import Settings
from cluster.telemetry import Advance, progress
from dancecore.errors import DanceError
from dancecore.learning.datasets.entries import Entry
from dancecore.learning.datasets.folder import read_folder
from dancecore.learning.datasets.packs import Recording, read_pack
from dancecore.learning.evaluation import evaluate
from dancecore.learning.protocols import goals, splits
from dancecore.learning.protocols.plan import Boundaries, Performance, Protocol
from dancecore.learning.protocols.stage import Numbers, Stage
from dancecore.learning.recognisers.canonical import canonical
from dancecore.learning.recognisers.enrolled import EnrolledMoves
from dancecore.learning.recognisers.peers import MiniRocket, NearestDtw, Peer
from dancecore.learning.recognisers.recogniser import Teach
from dancecore.learning.recognisers.templates import Templates, taught
from dancecore.learning.scores import Scores
from dancecore.models.bundle import Bundle, read_bundle
from dancecore.models.classify import Classifier
from dancecore.moves.sides import without_sides
from dancecore.moves.taxonomy import load_taxonomy

CLEAN = "templates, clean 3D"
"""What noise costs; reported beside what a video would give, never instead."""


@dataclass(frozen=True, slots=True)
class LabelledSet:
    """A folder's clips, or a motion pack's. `whole`: all of it is for testing, whatever its splits.
    `bundle`: the classifier that is asked instead of the shipped one."""

    name: str
    clips: Sequence[Recording] | Sequence[Entry]
    whole: bool = False
    bundle: Bundle | None = None

    @property
    def performances(self) -> list[Performance]:
        recordings = [each for each in self.clips if isinstance(each, Recording)]
        return splits.of_recordings(recordings) or splits.of_entries(self.entries)

    @property
    def entries(self) -> list[Entry]:
        return [each for each in self.clips if isinstance(each, Entry)]


@dataclass(frozen=True, slots=True)
class Result:
    """One recogniser under a protocol, and the processor seconds that it took."""

    recogniser: str
    scores: Scores
    seconds: float


Plan = Callable[[LabelledSet], Protocol]

PLANS: dict[str, Plan] = {
    "closed": lambda of: _closed(of, "true"),
    "closed-found": lambda of: _closed(of, "found"),
    "open-set": lambda of: splits.open_set(_filmed(of), _never_learned(of), straight=_straight(), whole=of.whole),
    "1-shot": lambda of: splits.k_shot(of.performances, 1),
    "3-shot": lambda of: splits.k_shot(of.performances, 3),
    "5-shot": lambda of: splits.k_shot(of.performances, 5),
    "1-shot-found": lambda of: splits.k_shot(of.performances, 1, "found"),
    "5-shot-found": lambda of: splits.k_shot(of.performances, 5, "found"),
    "cross-view": lambda of: splits.cross_view(of.performances),
    "istpa-1-shot": lambda of: goals.istpa(of.performances, 1),
    "istpa-3-shot": lambda of: goals.istpa(of.performances, 3),
    "turned-away": lambda of: goals.turned_away(of.performances),
    "bandai-styles": lambda of: goals.bandai_styles(of.performances),
    "hanchoom-takes": lambda of: goals.hanchoom(of.performances),
    "cmu-exercises": lambda of: goals.cmu_exercises(of.performances),
    "known-names": lambda of: goals.known_names(of.performances, _names(of)),
}

USUAL = {
    "istpa_gestures": ["istpa-1-shot", "istpa-3-shot", "turned-away"],
    "bandai_namco": ["bandai-styles"],
    "hanchoom_korean": ["hanchoom-takes"],
    "cmu_mocap6_exercises": ["cmu-exercises"],
    "mesh2motion_cc0": ["known-names"],
}
"""The protocols of sets that have their own, by the name of the file."""


def read_set(path: Path, *, whole: bool = False, bundle: Path | None = None) -> LabelledSet:
    """A folder of clips, or a motion pack; see `LabelledSet`.

    Raises DanceError: FILE_NOT_FOUND, NOT_FOUND, INVALID_INPUT, BAD_BUNDLE.
    """
    if path.is_dir():
        chosen = read_bundle(bundle, taxonomy=load_taxonomy(TAXONOMY).semver) if bundle else None
        return LabelledSet(path.name, read_folder(path), whole, chosen)
    if not path.exists():
        raise DanceError("FILE_NOT_FOUND", f"there is no {path}")
    return LabelledSet(path.stem, read_pack(path))


def plans_for(of: LabelledSet, names: Sequence[str]) -> list[Protocol]:
    """The protocols of these names, or those that are usual for the set. Raises DanceError("INVALID_INPUT")."""
    if unknown := [name for name in names if name not in PLANS]:
        raise DanceError("INVALID_INPUT", f"no protocol {unknown[0]!r}; there are {', '.join(PLANS)}")
    usual = USUAL.get(of.name, ["closed", "closed-found"] if of.entries else ["1-shot"])
    return [PLANS[name](of) for name in names or usual]


def compare(
    of: LabelledSet, protocol: Protocol, names: Sequence[str], settings: Settings, every_s: float
) -> list[Result]:
    """What each recogniser scores. Raises DanceError as teaching and asking do."""
    numbers = Numbers(settings.analysis, settings.templates, settings.observe)
    noisy = Stage({each.clip: each for each in of.clips}, numbers, "noisy", protocol.flat)
    clean = noisy.seen_as("clean", protocol.flat)
    teachers = teachers_for(protocol, settings, of.bundle)
    chosen = names or [name for name in teachers if name != CLEAN or noisy.solid]
    if unknown := [name for name in chosen if name not in teachers]:
        raise DanceError("INVALID_INPUT", f"no recogniser {unknown[0]!r}; there are {', '.join(teachers)}")
    results = []
    with progress(protocol.name, protocol.questions * len(chosen), every_s) as advance:
        for name in chosen:
            began = time.process_time()
            stage = clean if name == CLEAN else noisy
            scores = evaluate(protocol, stage, teachers[name](), partial(_said, advance, name))
            results.append(Result(name, scores, time.process_time() - began))
    return results


def _said(advance: Advance, recogniser: str, fold: str) -> None:
    advance(f"{recogniser}: {fold}")


def teachers_for(
    protocol: Protocol, settings: Settings, bundle: Bundle | None = None
) -> dict[str, Callable[[], Teach]]:
    """How each recogniser is taught under this protocol, made when it is asked for. `bundle`: see `LabelledSet`."""
    ours = partial(_ours, protocol, settings)
    found: dict[str, Callable[[], Teach]] = {} if protocol.taxonomy else {"enrolled": partial(_enrolled, settings)}
    found |= {"templates": ours, CLEAN: ours}
    if protocol.taxonomy:
        found["templates and classifier"] = partial(_shipped, protocol, settings, bundle)
    if importlib.util.find_spec("aeon"):
        found |= {"1-NN DTW": partial(_peer, NearestDtw, protocol, settings),
                  "MiniRocket": partial(_peer, MiniRocket, protocol, settings)}  # fmt: skip
    if importlib.util.find_spec("torch") and _trains(protocol):
        found["TCN"] = partial(_tcn, settings)
    return found


def _trains(protocol: Protocol) -> bool:
    """The set itself has clips to train on, for recognisers that want more than a few examples."""
    return protocol.taxonomy and all(fold.exemplars for fold in protocol.folds)


def _tcn(settings: Settings) -> Teach:
    import torch

    from dancecore.learning.recognisers.tcn import Tcn

    torch.set_num_threads(1)
    return lambda exemplars, mirrored: Tcn(exemplars, mirrored, settings.features, settings.evaluation)


def _ours(protocol: Protocol, settings: Settings) -> Teach:
    analysis = settings.analysis
    if protocol.taxonomy:
        shipped = Templates(load_library(settings, without=protocol.without).bank, analysis)
        return lambda exemplars, mirrored: shipped
    return lambda exemplars, mirrored: taught(exemplars, mirrored, analysis, settings.templates)


def _shipped(protocol: Protocol, settings: Settings, bundle: Bundle | None) -> Teach:
    library = load_library(settings, without=protocol.without)
    chosen = bundle or library.bundle
    if chosen is None:
        raise DanceError("NOT_FOUND", "no classifier was trained for this taxonomy: make model")
    both = Templates(library.bank, settings.analysis, Classifier(chosen))
    return lambda exemplars, mirrored: both


def _enrolled(settings: Settings) -> Teach:
    return lambda exemplars, mirrored: EnrolledMoves(exemplars, mirrored, settings.analysis)


def _peer(peer: type[Peer], protocol: Protocol, settings: Settings) -> Teach:
    if protocol.taxonomy and not _trains(protocol):
        moves = load_taxonomy(TAXONOMY).moves.values()
        known = canonical(moves, settings.media.rate_hz, settings.templates, settings.pose)
        return lambda exemplars, mirrored: peer(known, mirrored, settings.analysis)
    return lambda exemplars, mirrored: peer(exemplars, mirrored, settings.analysis)


def _closed(of: LabelledSet, boundaries: Boundaries) -> Protocol:
    return splits.closed_set(_filmed(of), boundaries, straight=_straight(), whole=of.whole)


def _filmed(of: LabelledSet) -> list[Entry]:
    if not of.entries:
        raise DanceError("INVALID_INPUT", f"{of.name} is a motion pack; its labels are no moves of the taxonomy")
    return of.entries


def _straight() -> frozenset[str]:
    return without_sides(load_taxonomy(TAXONOMY).moves.values())


def _never_learned(of: LabelledSet) -> frozenset[str]:
    return frozenset(of.bundle.train_data.get("without", ())) if of.bundle else frozenset()


def _names(of: LabelledSet) -> dict[str, str]:
    """The move of the taxonomy that each label names, by its id, name or an alias, whatever its case and words like
    "dance" before it."""
    known = {
        _plain(name): move.move_id
        for move in load_taxonomy(TAXONOMY).moves.values()
        for name in (move.name, *move.aliases, move.move_id.removeprefix("mv_"))
    }
    labels = {each.move_id for each in of.performances}
    return {label: known[_plain(label)] for label in labels if _plain(label) in known}


def _plain(name: str) -> str:
    words = name.lower().replace("_", " ").replace("-", " ").split()
    return " ".join(word.rstrip("s") for word in words if word != "dance")
