"""Choreographies: which moves follow which, for how long, and how a dance comes back to what it has shown.

Three generators, by name. `uniform` draws every step anew. `phrase` composes in eight-counts that return, plain or
varied, as dances to songs do. `markov` walks from move to move along the transitions that the taxonomy declares and
within families, on an arc of energy. In each of them every move comes up about equally often over many dances: a move
that is danced at few tempi is drawn more often at those.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from functools import lru_cache
from itertools import cycle, pairwise

import numpy as np

from dancecore.errors import DanceError
from dancecore.moves.taxonomy import Move, Taxonomy
from dancecore.synthetic.idle import load_non_dance
from dancecore.synthetic.music import BEATS_A_BAR
from dancecore.synthetic.settings import DanceSettings, Range
from dancecore.types import Float64

EIGHT = 2 * BEATS_A_BAR
"""Beats of the dancers' phrase, the eight-count."""

FORMS = ("AABA", "ABAB", "AABB", "ABAC", "ABCA", "ABBA")
"""Orders in which eight-counts come back: the forms of songs."""

ARCS: tuple[Callable[[Float64], Float64], ...] = (lambda t: t, lambda t: 1 - t, lambda t: np.sin(np.pi * t))
"""Energy over a dance, 0 calm to 1 all out: building up, calming down, to a peak and back."""

BALANCING = 20
"""Rounds of scaling a table's rows and columns, after which both sum to what they should within a few per cent."""

TINY = 1e-12
"""No share is smaller, and nothing is divided by less."""


@dataclass(frozen=True, slots=True)
class Step:
    """`beats` of one move of the taxonomy, or of something that is no dance (`dance` False)."""

    move_id: str
    beats: int
    mirror: bool
    dance: bool


@dataclass(frozen=True, slots=True)
class Pool:
    """The moves danced at the tempo, by id, and the share of the steps (M,) that each should get."""

    moves: dict[str, Move]
    share: Float64
    settings: DanceSettings


Liking = Callable[[str | None, float], Float64]
"""Weights (M,) of a pool's moves after the move of this id, when so much of the dance is over (0..1)."""


def choreography(
    name: str, rng: np.random.Generator, taxonomy: Taxonomy, settings: DanceSettings, bpm: float, beats: int
) -> tuple[Step, ...]:
    """Steps of `beats` in all, by the generator of this name; no two neighbours are the same.

    Raises DanceError("INVALID_INPUT") when no move of the taxonomy is danced at the tempo.
    """
    moves = {m.move_id: m for m in taxonomy.moves.values() if m.bpm[0] <= bpm <= m.bpm[1] and not m.deprecated}
    if not moves:
        raise DanceError("INVALID_INPUT", f"no move of {taxonomy.semver} is danced at {bpm} bpm")
    every = [move for move in taxonomy.moves.values() if not move.deprecated]
    wanted = tuple(settings.long_gain[name] if move.beats > BEATS_A_BAR else 1.0 for move in every)
    edges, shares = _shares(tuple(move.bpm for move in every), wanted, settings.bpm)
    column = np.clip(np.searchsorted(edges, bpm, side="right") - 1, 0, shares.shape[1] - 1)
    share = np.maximum(shares[[move.move_id in moves for move in every], column], TINY)
    return tuple(GENERATORS[name](rng, Pool(moves, share / share.sum(), settings), beats))


@lru_cache(maxsize=64)
def _shares(danced: tuple[Range, ...], wanted: tuple[float, ...], tempi: Range) -> tuple[Float64, Float64]:
    """Stretches of tempi, between edges (T + 1,), and how often each move is to be drawn in each (M, T), so that over
    all `tempi` together moves are drawn as often as `wanted`, in proportion. `danced` are the tempi of each move."""
    slow, fast = tempi
    edges = np.unique([slow, fast + 1e-6, *(end for each in danced for end in each if slow < end < fast)])
    middle = (edges[1:] + edges[:-1]) / 2
    low, high = np.array(danced).T
    possible = (low[:, None] <= middle) & (middle <= high[:, None])
    rows = np.array(wanted) * possible.any(axis=1)
    return edges, _balanced(possible * 1.0, rows / rows.sum(), np.diff(edges) / (edges[-1] - edges[0]))


def _uniform(rng: np.random.Generator, pool: Pool, beats: int) -> list[Step]:
    return _fill(rng, pool, beats, lambda before, done: pool.share)


def _phrase(rng: np.random.Generator, pool: Pool, beats: int) -> list[Step]:
    """Eight-counts in a form, such as A A' B A; one that comes back is plain, mirrored or danced in halves."""
    steps: list[Step] = []
    known: dict[str, list[Step]] = {}
    for letter, _ in zip(cycle(FORMS[rng.integers(len(FORMS))]), range(beats // EIGHT), strict=False):
        varied = [vary(known.get(letter, []), pool) for vary in VARIATIONS]
        usable = [again for again in varied if again and _flows([*steps[-1:], *again])]
        if usable:
            steps += usable[rng.integers(len(usable))]
        else:
            known[letter] = _fill(rng, pool, EIGHT, lambda before, done: pool.share, steps[-1:])
            steps += known[letter]
    return steps + _fill(rng, pool, beats % EIGHT, lambda before, done: pool.share, steps[-1:])


def _markov(rng: np.random.Generator, pool: Pool, beats: int) -> list[Step]:
    """A walk along declared transitions and within families, on an arc of energy."""
    settings, moves = pool.settings, list(pool.moves.values())
    row = {move.move_id: i for i, move in enumerate(moves)}
    family = np.array([move.family for move in moves])
    likes = 1 + settings.family_gain * (family[:, None] == family)
    for move in moves:
        likes[row[move.move_id], [row[other] for other in move.transitions if other in row]] += settings.transition_gain
    following = _balanced(likes * (1 - np.eye(len(moves))), pool.share, pool.share)
    energy, arc = np.array([move.energy for move in moves]), ARCS[rng.integers(len(ARCS))]

    def fits(done: Float64) -> Float64:
        return np.exp(-((energy - 1 - 4 * arc(done)[:, None]) ** 2) / (2 * settings.energy_spread**2))

    overall = fits(np.linspace(0, 1, 16)).mean(axis=0)  # a calm move gets as much of the whole arc as a wild one

    def liking(before: str | None, done: float) -> Float64:
        chosen = pool.share if before is None else following[row[before]]
        return chosen * fits(np.array([done]))[0] / overall

    return _fill(rng, pool, beats, liking)


def _balanced(table: Float64, rows: Float64, columns: Float64) -> Float64:
    """The table with its rows and columns scaled so that they sum to these (Sinkhorn & Knopp 1967); rows to the last.

    As the steps of a walk from row to column it meets every move as often as it should, whatever the table prefers.
    """
    for _ in range(BALANCING):
        table = table * (columns / np.maximum(table.sum(axis=0), TINY))
        table = table * (rows / np.maximum(table.sum(axis=1), TINY))[:, None]
    return table


def _fill(rng: np.random.Generator, pool: Pool, beats: int, liking: Liking, before: Sequence[Step] = ()) -> list[Step]:
    """Steps of `beats` in all that follow on those before, each by the liking of its time, with non-dance between."""
    steps = list(before)
    left = beats
    while left:
        danced = [step.move_id for step in steps if step.dance]
        rested = bool(steps) and not steps[-1].dance
        weights = liking(danced[-1] if danced else None, 1 - left / beats)
        room = left % BEATS_A_BAR or left  # a bar that is begun is filled first
        fits = [bool(_lengths(move, pool, room)) and (rested or move.move_id not in danced[-1:])
                for move in pool.moves.values()]  # fmt: skip
        weights = weights * fits
        if (rng.uniform() < pool.settings.other_share and not rested) or not weights.any():
            idle = sorted(load_non_dance().keys() - {step.move_id for step in steps[-1:]})
            steps.append(Step(idle[rng.integers(len(idle))], min(room, BEATS_A_BAR), False, False))
        else:
            move = list(pool.moves.values())[rng.choice(len(fits), p=weights / weights.sum())]
            lengths = _lengths(move, pool, room)
            again = not rested and move.mirror in danced[-1:]  # under the name of its mirror image
            mirror = bool(rng.uniform() < pool.settings.mirror_share) and not again
            steps.append(_step(move, pool, lengths[rng.integers(len(lengths))], mirror))
        left -= steps[-1].beats
    return steps[len(before) :]


def _lengths(move: Move, pool: Pool, room: int) -> list[int]:
    """Beats that hold whole phrases of the move and fit; where there is room for none of the settings', all of it."""
    if not move.loopable:
        return [move.beats] if move.beats <= room else []
    lengths = [beats for beats in pool.settings.move_beats if beats <= room] or [room]
    return [beats for beats in lengths if beats % move.beats == 0]


def _step(move: Move, pool: Pool, beats: int, mirror: bool) -> Step:
    """The move or its mirror image, by the name that it goes by."""
    if mirror and move.mirror != move.move_id and move.mirror in pool.moves:
        return Step(move.mirror, beats, False, True)
    return Step(move.move_id, beats, mirror and move.mirrorable, True)


def _flows(steps: Sequence[Step]) -> bool:
    """No step goes on with what the one before it did."""
    return all(replace(a, beats=b.beats) != b for a, b in pairwise(steps))


def _plain(steps: Sequence[Step], pool: Pool) -> list[Step]:
    return list(steps)


def _mirrored(steps: Sequence[Step], pool: Pool) -> list[Step]:
    return [_step(pool.moves[s.move_id], pool, s.beats, not s.mirror) if s.dance else s for s in steps]


def _halved(steps: Sequence[Step], pool: Pool) -> list[Step]:
    """Every step for half as long, then all of it to the other side; nothing where a phrase would be cut."""
    if any(step.dance and step.beats // 2 not in _lengths(pool.moves[step.move_id], pool, EIGHT) for step in steps):
        return []
    half = [replace(step, beats=step.beats // 2) for step in steps]
    return half + _mirrored(half, pool)


VARIATIONS = (_plain, _mirrored, _halved)

GENERATORS: dict[str, Callable[[np.random.Generator, Pool, int], list[Step]]] = {
    "uniform": _uniform, "phrase": _phrase, "markov": _markov,
}  # fmt: skip
"""What composes a dance of a number of beats, by name."""
