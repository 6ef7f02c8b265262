"""The annotation guide keeps up with the taxonomy."""

import re
import shutil
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from cluster.library import TAXONOMY
from dancecore.errors import DanceError
from dancecore.moves.likeness import apart
from dancecore.moves.taxonomy import Deprecation, Invariant, Taxonomy, load_taxonomy
from jobs import taxonomy_guide
from jobs.taxonomy_guide import GUIDE, PICTURES, filled, in_words, labelled, nearest_pairs, parts, side_of, words_of
from jobs.taxonomy_pictures import STRIP, draw_strip

TEXT = GUIDE.read_text(encoding="utf-8")
STALE = "danceapp taxonomy guide brings it up to date"


@pytest.fixture(scope="module")
def taxonomy() -> Taxonomy:
    return load_taxonomy(TAXONOMY)


@pytest.fixture(scope="module")
def made(taxonomy: Taxonomy) -> dict[str, str]:
    return parts(taxonomy, words_of(GUIDE))


def test_generated_parts_are_up_to_date(made: dict[str, str]) -> None:
    assert filled(TEXT, made) == TEXT, STALE


def test_every_family_says_where_its_moves_begin_and_end(taxonomy: Taxonomy) -> None:
    for family in taxonomy.families:
        (page,) = re.findall(rf"\n## {family}\n(.*?)<!-- generated: {family} -->", TEXT, re.DOTALL)
        for word in ("Start", "End", "Watch"):
            assert len(page.split(f"**{word}.**")[1].split("**")[0]) > 50, (family, word)


def test_every_move_has_its_page(taxonomy: Taxonomy) -> None:
    for move in labelled(taxonomy):
        assert f"### {move.name}\n\n![{move.name}]({PICTURES}/{move.move_id}.png)" in TEXT, STALE
        assert f"\n- `{move.move_id}`, {move.sub_family}" in TEXT, STALE


def test_pictures_are_up_to_date(taxonomy: Taxonomy) -> None:
    files = {path.stem: path for path in (GUIDE.parent / PICTURES).glob("*.png")}
    assert set(files) == {move.move_id for move in labelled(taxonomy)}, STALE
    for move in labelled(taxonomy):
        with Image.open(files[move.move_id]) as stored:
            apart = np.abs(np.asarray(stored.convert("L"), int) - np.asarray(draw_strip(move).convert("L"), int))
        assert (apart > 40).mean() < 0.002, f"{move.move_id}: {STALE}"  # edges may differ between machines


def test_pictures_are_quick_to_load() -> None:
    sizes = [path.stat().st_size for path in (GUIDE.parent / PICTURES).iterdir()]
    assert sum(sizes) < 1.5e6


def test_every_picture_is_of_its_move(taxonomy: Taxonomy) -> None:
    assert draw_strip(taxonomy.moves["mv_dab"]).size == STRIP
    assert draw_strip(taxonomy.moves["mv_dab"]).tobytes() != draw_strip(taxonomy.moves["mv_woah"]).tobytes()


def test_the_nearest_moves_are_told_apart(taxonomy: Taxonomy) -> None:
    moves = labelled(taxonomy)
    pairs = nearest_pairs(moves, apart(moves))
    assert len(pairs) == taxonomy_guide.PAIRS
    assert set(pairs) <= set(words_of(GUIDE))
    names = [name for pair in pairs for name in pair]
    assert max(map(names.count, names)) <= taxonomy_guide.AT_MOST
    assert all(len(text) > 60 for text in words_of(GUIDE).values())


def test_look_alikes_without_words_are_refused(taxonomy: Taxonomy) -> None:
    moves = labelled(taxonomy)
    first = nearest_pairs(moves, apart(moves))[0]
    words = words_of(GUIDE)
    with pytest.raises(DanceError, match=" ".join(first)):
        parts(taxonomy, {pair: text for pair, text in words.items() if pair != first})
    with pytest.raises(DanceError, match="mv_unheard_of"):
        parts(taxonomy, words | {("mv_dab", "mv_unheard_of"): "."})


def test_a_guide_without_a_family_is_refused(made: dict[str, str]) -> None:
    with pytest.raises(DanceError, match="slides"):
        filled(TEXT.replace("<!-- generated: slides -->", ""), made)
    with pytest.raises(DanceError, match="twice"):
        filled(TEXT + "<!-- generated: slides -->\n<!-- end -->", made)


def test_writing_keeps_what_is_written_by_hand(tmp_path: Path, taxonomy: Taxonomy) -> None:
    guide = tmp_path / "GUIDE.md"
    (tmp_path / PICTURES).mkdir()
    shutil.copy(GUIDE.parent / PICTURES / taxonomy_guide.WORDS, tmp_path / PICTURES / taxonomy_guide.WORDS)
    guide.write_text(TEXT.replace("One heel is up", "Two heels are up").replace("# The families", "# All families"))
    (tmp_path / PICTURES / "mv_gone.png").write_bytes(b"")
    dab = replace(taxonomy.moves["mv_dab"], deprecated=Deprecation("tx-0.2", ("mv_woah",)))
    taxonomy_guide.write_guide(replace(taxonomy, moves=taxonomy.moves | {"mv_dab": dab}), guide)
    text = guide.read_text()
    assert "# All families" in text
    assert "One heel is up" in text
    assert "No longer labelled: Dab (`mv_dab`); use `mv_woah`." in text
    assert "### Dab" not in text
    assert {path.stem for path in (tmp_path / PICTURES).glob("*.png")} == set(taxonomy.moves) - {"mv_dab"}


SIDES = [
    ("mv_jumping_jack", "its own mirror image"), ("mv_two_step", "both sides"), ("mv_running_man", "both sides"),
    ("mv_dab", "flag it as mirrored"), ("mv_spin", "flag it as mirrored"),
]  # fmt: skip


@pytest.mark.parametrize(("move_id", "words"), SIDES)
def test_side(taxonomy: Taxonomy, move_id: str, words: str) -> None:
    assert words in side_of(taxonomy.moves[move_id])


RULES = [
    (Invariant((0, 2.5), "left_wrist", "above", "nose"), "left wrist above nose on 1, 3&"),
    (Invariant((0, 1, 2, 3), "nose", "in_front_of", "left_hip"), "nose in front of left hip on every count"),
    (Invariant((4,), "left_wrist", "near", "right_wrist"), "left wrist at right wrist on 1"),
    (Invariant((1,), "left_ankle", "apart", "right_ankle"), "left ankle apart from right ankle on 2"),
]


@pytest.mark.parametrize(("rule", "words"), RULES, ids=[words for _, words in RULES])
def test_rules_in_words(taxonomy: Taxonomy, rule: Invariant, words: str) -> None:
    assert in_words(rule, taxonomy.moves["mv_dab"]) == words
