"""The taxonomy as data, and what is said of a folder that is not one."""

import shutil
from pathlib import Path

import numpy as np
import pytest
import yaml

from dancecore.errors import DanceError
from dancecore.moves.body import joints
from dancecore.moves.sequence import around, mirrored
from dancecore.moves.taxonomy import Deprecation, Move, Taxonomy, load_motions, load_move, load_taxonomy

ROOT = Path(__file__).parents[3]
TAXONOMY = ROOT / "taxonomy" / "tx-0.1"
NON_DANCE = ROOT / "dancecore" / "synthetic" / "non_dance"


def test_there_are_enough_moves_and_families(taxonomy: Taxonomy) -> None:
    assert taxonomy.semver == "tx-0.1"
    assert len(taxonomy.moves) >= 48
    assert len(taxonomy.families) >= 9


def test_every_family_and_sub_family_has_a_move(taxonomy: Taxonomy) -> None:
    used = {(move.family, move.sub_family) for move in taxonomy.moves.values()}
    assert used == {(family, sub) for family, subs in taxonomy.families.items() for sub in subs}


def test_every_move_can_be_danced_to_common_music(taxonomy: Taxonomy) -> None:
    """Somewhere in 88..136 bpm, where most dance music is."""
    slow, fast = 88, 136
    assert [m.move_id for m in taxonomy.moves.values() if m.bpm[0] >= fast or m.bpm[1] <= slow] == []


def test_common_transitions_lead_from_any_move_to_any_other(taxonomy: Taxonomy) -> None:
    for start in taxonomy.moves:
        reached, ahead = {start}, [start]
        while ahead:
            new = set(taxonomy.moves[ahead.pop()].transitions) - reached
            reached |= new
            ahead.extend(new)
        assert sorted(set(taxonomy.moves) - reached) == [], f"never danced after {start}"


def test_the_mirror_is_an_involution(taxonomy: Taxonomy) -> None:
    for move in taxonomy.moves.values():
        assert taxonomy.moves[move.mirror].mirror == move.move_id
        assert move.mirrorable or move.mirror == move.move_id


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


RULE = {"at": [0], "joint": "left_wrist", "is": "above", "of": "nose"}
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
    "an energy beyond all": ("energy", 6, "energy"),
    "a region of no body": ("regions", ["wings"], "wings"),
    "one transition": ("transitions", ["mv_clap"], "transitions"),
    "a transition to nowhere": ("transitions", ["mv_clap", "mv_nowhere"], "there is no move mv_nowhere"),
    "a transition to itself": ("transitions", ["mv_clap", "mv_dab"], "no transition of itself"),
    "a mirror that is not there": ("mirror", "mv_nowhere", "there is no move mv_nowhere"),
    "a mirror that mirrors another": ("mirror", "mv_clap", "mv_clap has another mirror, mv_clap"),
    "deprecated for nothing known": ("deprecated", {"since": "tx-0.2", "use": ["mv_new"]}, "there is no move mv_new"),
    "deprecated since no version": ("deprecated", {"since": "0.2", "use": []}, "since"),
    "an invariant of no joint": ("invariants", [RULE | {"joint": "left_wing"}], "left_wing"),
    "an invariant that says nothing": ("invariants", [RULE | {"is": "beside"}], "beside"),
    "an invariant after the end": ("invariants", [RULE | {"at": [9]}], "beat 9 is after the end"),
    "a phrase of three beats": ("beats", 3, "beats"),
    "a phrase too long": ("beats", 16, "beats"),
    "no contacts": ("motion", {"tracks": {"jump": {0: [1]}}}, "contacts"),
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


@pytest.mark.parametrize("key", ["signature", "energy", "regions", "loopable", "transitions", "invariants"])
def test_a_missing_key_is_named(copied: Path, key: str) -> None:
    path = copied / "mv_dab.yaml"
    raw = yaml.safe_load(path.read_text())
    del raw[key]
    path.write_text(yaml.safe_dump(raw))
    with pytest.raises(DanceError, match=rf"mv_dab\.yaml.*{key}"):
        load_taxonomy(copied)


def test_a_deprecated_move_stays_and_says_what_stands_for_it(copied: Path) -> None:
    path = copied / "mv_dab.yaml"
    gone = {"deprecated": {"since": "tx-0.2", "use": ["mv_clap"]}}
    path.write_text(yaml.safe_dump(yaml.safe_load(path.read_text()) | gone))
    assert load_taxonomy(copied).moves["mv_dab"].deprecated == Deprecation("tx-0.2", ("mv_clap",))


def test_two_moves_may_mirror_each_other(copied: Path) -> None:
    for name, other in (("mv_dab", "mv_clap"), ("mv_clap", "mv_dab")):
        path = copied / f"{name}.yaml"
        path.write_text(yaml.safe_dump(yaml.safe_load(path.read_text()) | {"mirror": other}))
    assert load_taxonomy(copied).moves["mv_dab"].mirror == "mv_clap"


def test_one_move_loads_whatever_its_neighbours_are(copied: Path) -> None:
    (copied / "mv_clap.yaml").write_text("a: [1")
    assert load_move(copied / "mv_dab.yaml").transitions == ("mv_clap", "mv_floss")


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
