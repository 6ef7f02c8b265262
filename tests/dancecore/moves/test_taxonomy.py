"""The taxonomy as data, and what is said of a folder that is not one."""

import shutil
from pathlib import Path

import numpy as np
import pytest
import yaml

from dancecore.errors import DanceError
from dancecore.moves.body import joints
from dancecore.moves.sequence import around, mirrored
from dancecore.moves.taxonomy import Move, Taxonomy, load_motions, load_taxonomy

ROOT = Path(__file__).parents[3]
TAXONOMY = ROOT / "taxonomy" / "tx-0.1"
NON_DANCE = ROOT / "dancecore" / "synthetic" / "non_dance"


def test_there_are_enough_moves_and_families(taxonomy: Taxonomy) -> None:
    assert taxonomy.semver == "tx-0.1"
    assert len(taxonomy.moves) >= 16
    assert len({move.family for move in taxonomy.moves.values()}) >= 5


def test_families_are_listed(taxonomy: Taxonomy) -> None:
    assert {move.family for move in taxonomy.moves.values()} <= set(taxonomy.families)


def test_every_name_means_one_move(taxonomy: Taxonomy) -> None:
    names = [n.casefold() for m in taxonomy.moves.values() for n in (m.name, *m.aliases)]
    assert len(names) == len(set(names))


def test_what_is_not_dance_is_not_in_the_taxonomy(taxonomy: Taxonomy) -> None:
    others = load_motions(NON_DANCE)
    assert len(others) == 8
    assert not set(others) & set(taxonomy.moves)


def test_a_move_that_is_not_mirrorable_is_its_own_mirror_image(move: Move) -> None:
    apart = np.abs(joints(mirrored(move.motion)) - joints(move.motion)).max()
    assert (apart > 0.05) == move.mirrorable, f"{apart:.3f} m apart"


def test_any_two_moves_differ_by_more_than_a_hand(taxonomy: Taxonomy) -> None:
    """Mean distance of shoulders, arms and legs about the mid-hip, at the best phase, either way round."""
    grid = np.arange(0, 16, 0.5)

    def shape(move: Move, mirror: bool) -> np.ndarray:
        world = joints(around(mirrored(move.motion) if mirror else move.motion, grid))
        return (world - world[:, [23, 24]].mean(axis=1, keepdims=True))[:, 11:29]

    moves = list(taxonomy.moves.values())
    shapes = {m.move_id: [shape(m, False), shape(m, True)] for m in moves}
    for i, a in enumerate(moves):
        for b in moves[i + 1 :]:
            rolled = (np.roll(other, k, axis=0) for other in shapes[b.move_id] for k in range(len(grid)))
            nearest = min(np.linalg.norm(shapes[a.move_id][0] - other, axis=-1).mean() for other in rolled)
            assert nearest > 0.12, f"{a.move_id} and {b.move_id} are {nearest:.3f} m apart"


COPIED = {
    "mv_dab": ["mv_clap", "mv_floss"], "mv_clap": ["mv_dab", "mv_floss"], "mv_floss": ["mv_clap", "mv_dab"],
}  # fmt: skip


@pytest.fixture
def copied(tmp_path: Path) -> Path:
    """A small taxonomy that may be spoilt."""
    shutil.copy(TAXONOMY / "taxonomy.yaml", tmp_path)
    for name, others in COPIED.items():
        raw = yaml.safe_load((TAXONOMY / f"{name}.yaml").read_text())
        (tmp_path / f"{name}.yaml").write_text(yaml.safe_dump(raw | {"transitions": others}))
    return tmp_path


SPOILT = {
    "difficulty out of range": ("difficulty", 6, "difficulty"),
    "beats are a fraction": ("beats", 2.5, "beats"),
    "an unknown joint in the signature": ("signature", {"left_wing": 1.0}, "left_wing"),
    "an id that is not an id": ("move_id", "Dab!", "move_id"),
    "an id of another file": ("move_id", "mv_other", "mv_other.yaml"),
    "an id that says it is not dance": ("move_id", "nd_dab", "nd_dab.yaml"),
    "tempo range upside down": ("bpm", [140, 90], "slowest"),
    "family without sub-family": ("family", "steps", "family"),
    "family that is not listed": ("family", "steps/polka", "polka"),
    "name of another move": ("name", "Clap", "mv_clap"),
    "alias of another move, in capitals": ("aliases", ["WIDE CLAP"], "mv_clap"),
    "a track of no limb": ("motion", {"contacts": {}, "tracks": {"tail": {0: [1]}}}, "tail"),
    "too few numbers": ("motion", {"contacts": {}, "tracks": {"left_arm": {0: [1, 2]}}}, "left_arm"),
    "a beat that is not a number": ("motion", {"contacts": {}, "tracks": {"jump": {"one": [1]}}}, "one"),
    "a beat after the end": ("motion", {"contacts": {}, "tracks": {"jump": {9: [1]}}}, "beat 9"),
    "an end that differs from the start": ("motion", {"contacts": {}, "tracks": {"jump": {0: [0], 4: [3]}}}, "beat 4"),
    "feet too far apart": ("motion", {"contacts": {}, "tracks": {"left_foot": {0: [120, 0]}}}, "out of reach"),
}


@pytest.mark.parametrize(("key", "value", "reason"), SPOILT.values(), ids=SPOILT.keys())
def test_a_spoilt_move_is_named_with_its_reason(copied: Path, key: str, value: object, reason: str) -> None:
    path = copied / "mv_dab.yaml"
    path.write_text(yaml.safe_dump(yaml.safe_load(path.read_text()) | {key: value}))
    with pytest.raises(DanceError, match=reason) as caught:
        load_taxonomy(copied)
    assert caught.value.code == "BAD_TAXONOMY"
    assert caught.value.details["file"].startswith(str(copied))


def test_a_missing_key_is_named(copied: Path) -> None:
    path = copied / "mv_dab.yaml"
    raw = yaml.safe_load(path.read_text())
    del raw["signature"]
    path.write_text(yaml.safe_dump(raw))
    with pytest.raises(DanceError, match=r"mv_dab\.yaml.*signature"):
        load_taxonomy(copied)


UNREADABLE = {
    "not YAML": ("mv_dab.yaml", "a: [1", "cannot be read"),
    "a beat written twice": ("mv_dab.yaml", "a: {1: [0], 1.0: [2]}", "written twice"),
    "empty": ("mv_dab.yaml", "", "object"),
    "no version": ("taxonomy.yaml", "notes: n\nfamilies: {arms: [swing]}", "semver"),
}


@pytest.mark.parametrize(("name", "text", "reason"), UNREADABLE.values(), ids=UNREADABLE.keys())
def test_a_file_that_cannot_be_read_is_named(copied: Path, name: str, text: str, reason: str) -> None:
    (copied / name).write_text(text)
    with pytest.raises(DanceError, match=reason) as caught:
        load_taxonomy(copied)
    assert caught.value.code == "BAD_TAXONOMY"


def test_a_folder_without_a_taxonomy_is_refused(tmp_path: Path) -> None:
    with pytest.raises(DanceError, match=r"taxonomy\.yaml"):
        load_taxonomy(tmp_path)
    with pytest.raises(DanceError, match="no move"):
        load_motions(tmp_path)
