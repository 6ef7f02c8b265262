"""Ids: the same for the same thing, different for different things, sorted by time where that is promised."""

import hashlib
import re
from dataclasses import replace

import pytest

from cluster import ids
from dancecore.errors import DanceError
from tests.cluster.stored import V1, V2, sha

VIDEO = ids.video_id(sha("a.mp4"))


def test_a_video_is_its_content() -> None:
    assert ids.video_id(sha("a.mp4")) == VIDEO != ids.video_id(sha("b.mp4"))
    assert re.fullmatch(r"vid_[0-9A-HJKMNP-TV-Z]{26}", VIDEO)


def test_a_video_id_is_the_hash_in_crockfords_base_32() -> None:
    number = 0
    for letter in VIDEO.removeprefix("vid_"):
        number = number * 32 + "0123456789ABCDEFGHJKMNPQRSTVWXYZ".index(letter)
    assert number == int(hashlib.sha256(b"a.mp4").hexdigest()[:32], 16)


@pytest.mark.parametrize("bad", ["", "a" * 63, "A" * 64, "g" * 64, "../" * 21 + "a", "a" * 64 + "\n"])
def test_what_is_no_sha256(bad: str) -> None:
    with pytest.raises(DanceError, match="INVALID_INPUT"):
        ids.video_id(bad)


def test_a_segment_is_its_clip_versions_and_span() -> None:
    made = {
        ids.segment_id(VIDEO, V1, 0, 500), ids.segment_id(VIDEO, V1, 0, 501), ids.segment_id(VIDEO, V1, 1, 500),
        ids.segment_id(VIDEO, V2, 0, 500), ids.segment_id(ids.video_id(sha("b.mp4")), V1, 0, 500),
        ids.segment_id(VIDEO, replace(V1, pose="p2"), 0, 500),
        ids.segment_id(VIDEO, replace(V1, taxonomy="tx-0.2"), 0, 500),
    }  # fmt: skip
    assert len(made) == 7
    assert ids.segment_id(VIDEO, V1, 0, 500) in made


def test_parts_do_not_run_into_each_other() -> None:
    assert ids.job_id(VIDEO, replace(V1, pose="a", features="bc")) != ids.job_id(
        VIDEO, replace(V1, pose="ab", features="c")
    )
    assert ids.job_id(VIDEO, V1).startswith("anl_")


def test_ulids_sort_by_time(monkeypatch: pytest.MonkeyPatch) -> None:
    made = []
    for ms in (0, 1, 1_000_000_000_000, 1_469_918_176_385, 2**48 - 1):
        monkeypatch.setattr(ids.time, "time_ns", lambda ms=ms: ms * 1_000_000)
        made.append(ids.ulid("cmp"))
    assert made == sorted(made)
    assert all(re.fullmatch(r"cmp_[0-7][0-9A-HJKMNP-TV-Z]{25}", each) for each in made)
    assert made[3][4:14] == "01ARYZ6S41"  # the example of the ULID specification's reference implementation


def test_ulids_differ_within_a_millisecond() -> None:
    assert len({ids.ulid("x") for _ in range(1000)}) == 1000
