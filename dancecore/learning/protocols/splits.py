"""Splits for any labelled set. Nobody who is asked about is shown; where all is by one performer, no clip is both."""

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import replace
from hashlib import sha256

from dancecore.errors import DanceError
from dancecore.learning.datasets.entries import Entry, Label
from dancecore.learning.datasets.packs import Recording
from dancecore.learning.protocols.plan import Boundaries, Fold, Performance, Protocol, Unit, by_move
from dancecore.types import OTHER

MOST_FOLDS = 10
"""As many people are enrolled in turn: more would ask the same questions again."""

MANY = 10
"""So many performers or more are drawn anew for intervals; of fewer, clips are."""

YAWS = (0.0, 45.0, 90.0, 135.0, 180.0)
"""Sides from which a cross-view comparison looks; the other half mirrors them."""

SHORTEST_MS = 500
"""Shorter pieces, at a clip's ends and cuts, show too little of a move to ask for its name."""


def of_recordings(recordings: Iterable[Recording]) -> list[Performance]:
    """The labelled stretches of a pack, in its order."""
    return [part for each in recordings for part in _parts(each.clip, each.performer, each.labels)]


def of_entries(entries: Iterable[Entry]) -> list[Performance]:
    """The labelled stretches of a folder, in its order."""
    return [part for each in entries for part in _parts(each.clip, each.creator, each.labels, partial=each.partial)]


def closed_set(
    entries: Sequence[Entry], boundaries: Boundaries, *, straight: frozenset[str] = frozenset(), whole: bool = False
) -> Protocol:
    """All moves of the taxonomy are known; asked are the clips of the test split, or all where there are no splits, or
    where the `whole` set is for testing. `straight`: moves without sides.

    What learns from the set itself, learns from its training split.
    """
    split = not whole and any(each.split for each in entries)
    tested = [each for each in entries if each.split == "test"] if split else entries
    trained = [each for each in entries if split and each.split == "train"]
    queries, shown = of_entries(tested), of_entries(trained)
    if boundaries == "true":
        queries = [each for each in queries if each.end_ms - each.start_ms >= SHORTEST_MS]
    fold = Fold("test", tuple(each for each in shown if long_enough(each)), tuple(queries))
    about = f"the taxonomy's moves; {len(tested)} clips asked, {boundaries} boundaries"
    about += f"; {len(straight)} moves have no side and count as straight" if straight else ""
    return Protocol(
        "closed", about, (fold,), boundaries, taxonomy=True, mirrored=True, straight=straight, unit=_unit(queries)
    )


def open_set(entries: Sequence[Entry], without: frozenset[str], *, straight: frozenset[str], whole: bool) -> Protocol:
    """Spans of moves that recognisers know, and of those they were to be `without`, which are OTHER to them.

    Raises DanceError("INVALID_INPUT") when there are none of the one kind or the other.
    """
    plan = closed_set(entries, "true", straight=straight, whole=whole)
    queries = [each for each in plan.folds[0].queries if each.move_id != OTHER]
    unknown = sum(each.move_id in without for each in queries)
    if not 0 < unknown < len(queries):
        message = (
            f"{unknown} of {len(queries)} spans are of moves never learned; name a --bundle trained `without` some"
        )
        raise DanceError("INVALID_INPUT", message)
    about = f"{len(queries) - unknown} spans of known moves, {unknown} of {len(without)} moves that nobody was taught"
    fold = Fold("test", (), tuple(queries))
    return replace(plan, name="open-set", about=about, folds=(fold,), without=without)


def k_shot(performances: Sequence[Performance], k: int, boundaries: Boundaries = "true") -> Protocol:
    """One performer (a person, or a style) shows k examples of each move, the others are asked, each in turn.

    Raises DanceError("INVALID_INPUT") when nobody shows two moves that others dance too.
    """
    danced = [each for each in performances if each.move_id != OTHER and long_enough(each)]
    kept_apart: Callable[[Performance], str] = _performer if len({each.performer for each in danced}) > 1 else _clip
    folds = list(_folds(performances, danced, k, kept_apart, boundaries))
    if not folds:
        raise DanceError("INVALID_INPUT", f"nobody shows {k} example(s) of two moves that others dance too")
    apart = "performers" if kept_apart is _performer else "clips"
    about = f"{k} example(s) of each move, {apart} kept apart, {boundaries} boundaries"
    sides = any(each.mirror is not None for each in danced)
    return Protocol(f"{k}-shot", about, tuple(folds), boundaries, mirrored=sides, unit=_unit(danced))


def cross_view(performances: Sequence[Performance], k: int = 1, yaws: Sequence[float] = YAWS) -> Protocol:
    """As `k_shot`, shown from the front and asked from each of `yaws` degrees."""
    plan = k_shot(performances, k)
    folds = tuple(replace(fold, exemplars=seen(fold.exemplars, 0.0), queries=_all(fold, yaws)) for fold in plan.folds)
    return replace(plan, name="cross-view", about=f"{plan.about}; shown from the front, asked from {yaws}", folds=folds)


def seen(performances: Iterable[Performance], yaw: float) -> tuple[Performance, ...]:
    """The performances before a camera at this yaw."""
    return tuple(replace(each, yaw=yaw) for each in performances)


def long_enough(performance: Performance) -> bool:
    """A move can be learned from it."""
    return performance.end_ms - performance.start_ms >= SHORTEST_MS


def in_some_order(names: Iterable[str]) -> list[str]:
    """Each name once, in an order that only the names decide."""
    return sorted(set(names), key=lambda name: sha256(name.encode()).digest())


def _all(fold: Fold, yaws: Sequence[float]) -> tuple[Performance, ...]:
    return tuple(each for yaw in yaws for each in seen(fold.queries, yaw))


def _folds(
    everything: Sequence[Performance], danced: Sequence[Performance], k: int, group: Callable[[Performance], str],
    boundaries: Boundaries,
) -> Iterator[Fold]:  # fmt: skip
    if group is _clip:
        yield from _takes(danced, k)
        return
    for name in in_some_order(map(group, danced))[:MOST_FOLDS]:
        own = by_move([each for each in danced if group(each) == name])
        shown = {move: parts[:k] for move, parts in own.items() if len(parts) >= k}
        exemplars = tuple(part for parts in shown.values() for part in parts)
        others = everything if boundaries == "found" else danced
        clips = {each.clip for each in exemplars}
        queries = [each for each in others if group(each) != name and each.clip not in clips]
        queries = [each if each.move_id in shown else replace(each, move_id=OTHER) for each in queries]
        if boundaries == "true":
            queries = [each for each in queries if each.move_id != OTHER]
        if len(shown) > 1 and queries:
            yield Fold(name, exemplars, tuple(queries))


def _takes(danced: Sequence[Performance], k: int) -> Iterator[Fold]:
    """Of one performer: k clips of each move are shown, the other clips asked; each k clips in turn."""
    moves = {move: parts for move, parts in by_move(danced).items() if len({part.clip for part in parts}) > k}
    for turn in range(min(MOST_FOLDS, max((len(parts) for parts in moves.values()), default=0) // k)):
        shown, queries = [], []
        for parts in moves.values():
            clips = list(dict.fromkeys(part.clip for part in parts))
            first = turn * k % len(clips)
            taken = [(clips + clips)[first + i] for i in range(k)]
            shown += [next(part for part in parts if part.clip == clip) for clip in taken]
            queries += [part for part in parts if part.clip not in taken]
        clips_shown = {each.clip for each in shown}
        queries = [each for each in queries if each.clip not in clips_shown]
        if len(moves) > 1 and queries:
            yield Fold(f"takes {turn}", tuple(shown), tuple(queries))


def _parts(clip: str, performer: str, labels: Iterable[Label], *, partial: bool = False) -> Iterator[Performance]:
    for label in labels:
        span = label.start_ms, label.end_ms
        yield Performance(clip, performer, label.move_id, label.mirror, *span, partial=partial)


def _performer(performance: Performance) -> str:
    return performance.performer


def _clip(performance: Performance) -> str:
    return performance.clip


def _unit(performances: Sequence[Performance]) -> Unit:
    return "performer" if len({each.performer for each in performances}) >= MANY else "clip"
