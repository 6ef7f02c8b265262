"""Why a step is where it is, in words."""

from dancecore.composer.book import Book
from dancecore.composer.scoring import Part, Place, Scorer
from dancecore.composer.steps import START
from dancecore.composer.wish import BAR, target


def explain(scorer: Scorer, place: Place, move: int, beats: float) -> tuple[Part, ...]:
    """The parts of the score of a step, the largest first; those that neither add nor take are left out."""
    found = [
        Part(name, float(worth[move]), _reason(name, scorer, place, move, beats))
        for name, worth in scorer.parts(place, beats).items()
        if abs(worth[move]) > 1e-9
    ]
    return tuple(sorted(found, key=lambda part: -abs(part.value)))


def _reason(name: str, scorer: Scorer, place: Place, move: int, beats: float) -> str:
    book, here = scorer.book, scorer.book.moves[move]
    before = None if place.prev is None else book.moves[place.prev]
    if name == "seen":
        whole = (place.prev2, place.prev) in scorer.by_whole_dance
        return _seen(book, place, move) + (", judged by the whole dance" if whole else "")
    if name == "energy":
        return f"energy {here.energy:g} where {target(scorer.wish, place.start + beats / 2):.1f} is asked for"
    if name == "beat":
        usual = f", {here.median_beats:g} are usual" if here.median_beats else ""
        return f"{beats:g} beats from beat {place.start % BAR + 1:g} of the bar{usual}"
    if name == "variety":
        return f"danced {place.used[move]:.0f} times before" if place.used[move] else "its like was danced before"
    said = {
        "style": f"a move of {scorer.wish.style}",
        "novelty": "seldom danced" if book.rare[move] > 0 else "often danced",
        "chance": f"drawn by seed {scorer.wish.seed}", "follows": "commonly follows",
    }  # fmt: skip
    if name in said or before is None:
        return said[name]
    if name == "body":
        return f"{before.regions[0]} to {here.regions[0]}"
    if name == "difficulty":
        step = here.difficulty - before.difficulty
        return f"difficulty {step:+d}" if step else "as difficult"
    return f"posture fits: {here.entry.replace('_', ' ')}"


def _seen(book: Book, place: Place, move: int) -> str:
    names = book.model.names
    prev = START if place.prev is None else names[place.prev]
    both, one = book.model.times(None if place.prev2 is None else names[place.prev2], prev, names[move])
    after = "at the beginning" if place.prev is None else f"after {book.moves[place.prev].name}"
    if both and place.prev2 is not None:
        return f"seen {_times(both)} after {book.moves[place.prev2].name}, {book.moves[place.prev or 0].name}"
    return f"seen {_times(one)} {after}" if one else f"never seen {after}"


def _times(number: int) -> str:
    return "once" if number == 1 else f"{number} times"
