"""The comparisons that DanceApp is measured by, on sets of others, each with its exact splits."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace

from dancecore.errors import DanceError
from dancecore.learning.protocols.plan import Fold, Performance, Protocol, by_move
from dancecore.learning.protocols.splits import seen
from dancecore.types import OTHER

PEOPLE, TAKES, FACING = 5, 3, 2
"""istpa: clips of a class are person by person, three takes each, of which the third faces the sensor."""

PIECE_MS, PIECES = 4000, 5
"""hanchoom, cmu_mocap6: takes repeat their step; a step lasts no longer, and a move is enrolled by five exemplars."""

AROUND = tuple(45.0 * turn for turn in range(8))

Plan = Callable[[Sequence[Performance]], Protocol]


def istpa(performances: Sequence[Performance], shots: int) -> Protocol:
    """One person shows a take of each gesture, the one that faces the sensor, or all three; the others are asked."""
    takes = [_with_person(clips, i) for clips in by_move(performances).values() for i in range(len(clips))]
    folds = []
    for person in range(PEOPLE):
        shown = [each for each, index in takes if index // TAKES == person]
        if shots == 1:
            shown = [each for each, index in takes if index == person * TAKES + FACING]
        queries = tuple(each for each, index in takes if index // TAKES != person)
        folds.append(Fold(f"person {person}", tuple(shown), queries))
    about = f"istpa: {shots} take(s) of each gesture by one person, asked the other four, all as the sensor stood"
    return Protocol(f"istpa-{shots}-shot", about, tuple(folds))


def turned_away(performances: Sequence[Performance]) -> Protocol:
    """Five gestures of istpa at a time, shown facing by one person, asked of the others from the side and from behind,
    of the picture alone. Each person shows five other gestures."""
    takes = [_with_person(clips, i) for clips in by_move(performances).values() for i in range(len(clips))]
    moves = list(by_move(performances))
    folds = []
    for person in range(PEOPLE):
        five = {(moves * 2)[2 * person % len(moves) + i] for i in range(5)}
        some = [(each, index) for each, index in takes if each.move_id in five]
        shown = seen([each for each, index in some if index == person * TAKES + FACING], 0.0)
        asked = [each for each, index in some if index // TAKES != person]
        folds.append(Fold(f"person {person}", shown, seen(asked, 90.0) + seen(asked, 180.0)))
    about = "istpa, five gestures: one facing take of one person, asked the others at 90 and 180 degrees, 2D alone"
    return Protocol("turned-away", about, tuple(folds), flat=True)


def bandai_styles(performances: Sequence[Performance]) -> Protocol:
    """Contents of dataset 2, one clip of each in one style is shown, from the front; one of each in every other style
    asked, from the front, half and wholly from the side. Each style is shown in turn."""
    second = [each for each in performances if each.move_id.startswith("bn2/")]
    styles = sorted({each.performer for each in second})
    takes = {(each.move_id, each.performer): [] for each in second}  # type: dict[tuple[str, str], list[Performance]]
    for each in second:
        takes[each.move_id, each.performer].append(each)
    folds = []
    for turn, style in enumerate(styles):
        shown = [clips[0] for (_, performer), clips in takes.items() if performer == style]
        asked = [clips[turn % len(clips)] for (_, performer), clips in takes.items() if performer != style]
        queries = tuple(each for yaw in (0.0, 45.0, 90.0) for each in seen(asked, yaw))
        folds.append(Fold(style, seen(shown, 0.0), queries))
    about = "bandai dataset 2: one clip of each content in one style, asked other styles at 0, 45 and 90 degrees"
    return Protocol("bandai-styles", about, tuple(folds))


def hanchoom(performances: Sequence[Performance]) -> Protocol:
    """Korean steps in 2D: each take is asked once, of pieces of up to 4 s, the other takes being shown."""
    takes = {move: clips for move, clips in by_move(performances).items() if len(clips) > 1}
    folds = []
    for turn in range(max((len(clips) for clips in takes.values()), default=0)):
        shown, queries = [], []
        for clips in takes.values():
            others = [clip for i, clip in enumerate(clips) if i != turn]
            shown += _spread([_pieces(clip) for clip in others])
            queries += _spread([_pieces(clips[turn])]) if turn < len(clips) else []
        folds.append(Fold(f"take {turn}", tuple(shown), tuple(queries)))
    about = "hanchoom: pieces of one take of each step asked, pieces of the other takes shown"
    return Protocol("hanchoom-takes", about, tuple(folds))


def cmu_exercises(performances: Sequence[Performance]) -> Protocol:
    """Sequences of exercises by two people: the runs of one are shown, the sequences of the other cut and named whole.
    Exercises that were not shown count as OTHER."""
    folds = []
    for person in sorted({each.performer for each in performances}):
        own = by_move([each for each in performances if each.performer == person])
        shown = [piece for runs in own.values() for piece in _spread([_pieces(run)[:1] for run in runs])]
        asked = [each if each.move_id in own else replace(each, move_id=OTHER) for each in performances
                 if each.performer != person]  # fmt: skip
        folds.append(Fold(person, seen(shown, 0.0), seen(asked, 0.0)))
    about = "cmu_mocap6: exercises of one person shown, sequences of the other cut and named, found boundaries"
    return Protocol("cmu-exercises", about, tuple(folds), "found")


def known_names(performances: Sequence[Performance], moves: Mapping[str, str]) -> Protocol:
    """Clips whose name is a move's, from eight sides, against the taxonomy's motions. `moves`: the move of a name.

    Raises DanceError("INVALID_INPUT") when no name is known.
    """
    named = [replace(each, move_id=moves[each.move_id]) for each in performances if each.move_id in moves]
    if not named:
        raise DanceError("INVALID_INPUT", "no clip of this set has the name of a move in the taxonomy")
    queries = tuple(each for yaw in AROUND for each in seen(named, yaw))
    names = ", ".join(sorted({each.move_id.removeprefix("mv_") for each in named}))
    about = f"the taxonomy's motions, asked {len(named)} clips by name ({names}) from 8 sides"
    return Protocol("known-names", about, (Fold("all", (), queries),), taxonomy=True, mirrored=True)


def _with_person(clips: Sequence[Performance], index: int) -> tuple[Performance, int]:
    """A clip with its index in its class; whose it is says the index too."""
    return replace(clips[index], performer=f"person {index // TAKES}"), index


def _pieces(performance: Performance) -> list[Performance]:
    """Equal pieces of a performance, as few as are no longer than PIECE_MS."""
    length = performance.end_ms - performance.start_ms
    count = -(-length // PIECE_MS)
    edges = [performance.start_ms + length * i // count for i in range(count + 1)]
    return [replace(performance, start_ms=edges[i], end_ms=edges[i + 1]) for i in range(count)]


def _spread(pieces: Sequence[Sequence[Performance]]) -> list[Performance]:
    """Up to PIECES of them, from as many takes as possible and spread over each."""
    each = -(-PIECES // max(len(pieces), 1))
    taken = [take[i * len(take) // min(each, len(take))] for i in range(each) for take in pieces if i < len(take)]
    return taken[:PIECES]
