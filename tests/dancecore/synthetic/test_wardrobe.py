"""Who is drawn, and in what."""

import json
from collections import Counter
from dataclasses import asdict, replace

import numpy as np
import pytest

from cluster.settings import settings
from dancecore.errors import DanceError
from dancecore.synthetic.cuts import BOTTOMS, ONE_PIECES, TOPS
from dancecore.synthetic.hair import STYLES
from dancecore.synthetic.pattern import PATTERNS, Garment
from dancecore.synthetic.shoes import SHOES
from dancecore.synthetic.wardrobe import Outfit, Person, draw_outfit, draw_person

NUMBERS = settings().synthetic.wardrobe
PLAIN = Garment("t_shirt", (200.0, 0.0, 0.0), (0.0, 0.0, 200.0), "plain", 1.0)
SHOE = replace(PLAIN, kind="sneakers")


def test_the_same_numbers_draw_the_same() -> None:
    for draw in (draw_person, draw_outfit):
        assert draw(np.random.default_rng(5), NUMBERS) == draw(np.random.default_rng(5), NUMBERS)
        assert draw(np.random.default_rng(5), NUMBERS) != draw(np.random.default_rng(6), NUMBERS)


def test_everything_there_is_gets_worn() -> None:
    rng = np.random.default_rng(0)
    outfits = [draw_outfit(rng, NUMBERS) for _ in range(600)]
    hair = Counter(draw_person(rng, NUMBERS).hairstyle for _ in range(600))
    assert set(hair) == set(STYLES)
    assert {outfit.top.kind for outfit in outfits} == {*TOPS, *ONE_PIECES}
    assert {outfit.bottom.kind for outfit in outfits if outfit.bottom} == set(BOTTOMS)
    assert {outfit.shoes.kind for outfit in outfits} == set(SHOES)
    assert {outfit.top.pattern for outfit in outfits} == set(PATTERNS)
    assert np.mean([outfit.bottom is None for outfit in outfits]) == pytest.approx(NUMBERS.one_piece_share, abs=0.05)


def test_people_differ_in_skin_and_hair() -> None:
    rng = np.random.default_rng(0)
    people = [draw_person(rng, NUMBERS) for _ in range(200)]
    for colours in ([person.skin for person in people], [person.hair for person in people]):
        assert np.ptp(np.mean(colours, axis=1)) > 80
        assert (np.array(colours) >= 0).all()
        assert (np.array(colours) <= 255).all()


def test_an_outfit_is_plain_data() -> None:
    outfit = draw_outfit(np.random.default_rng(3), NUMBERS)
    assert json.loads(json.dumps(asdict(outfit)))["top"]["kind"] == outfit.top.kind


UNKNOWN = {
    "hairstyle": lambda: Person((1.0, 1.0, 1.0), (1.0, 1.0, 1.0), "perm"),
    "top": lambda: Outfit(replace(PLAIN, kind="shorts"), replace(PLAIN, kind="shorts"), SHOE),
    "one-piece": lambda: Outfit(PLAIN, None, SHOE),
    "bottom": lambda: Outfit(PLAIN, PLAIN, SHOE),
    "shoes": lambda: Outfit(PLAIN, replace(PLAIN, kind="shorts"), PLAIN),
}


@pytest.mark.parametrize("what", list(UNKNOWN))
def test_what_is_unknown_is_refused_by_name(what: str) -> None:
    with pytest.raises(DanceError, match=what) as caught:
        UNKNOWN[what]()
    assert caught.value.code == "INVALID_INPUT"
