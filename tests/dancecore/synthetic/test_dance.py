"""Knobs: everything that follows from a seed before anything is drawn."""

import json
from collections import Counter
from dataclasses import asdict, replace
from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from cluster.settings import settings
from dancecore.errors import DanceError
from dancecore.moves.taxonomy import Taxonomy
from dancecore.synthetic.dance import Knobs, draw_knobs
from dancecore.synthetic.generators import GENERATORS
from dancecore.synthetic.timeline import cuts_s, segments, timeline

ALL = settings().synthetic
DANCE, PEOPLE = ALL.dance, ALL.people
seeds = st.integers(0, 2**32 - 1)


@pytest.fixture(scope="module")
def many(taxonomy: Taxonomy) -> list[Knobs]:
    return [draw_knobs(seed, ALL, taxonomy) for seed in range(400)]


def within(value: float, limits: tuple[float, float]) -> bool:
    return limits[0] <= value <= limits[1]


@given(seeds)
def test_the_same_seed_gives_the_same_knobs(taxonomy: Taxonomy, seed: int) -> None:
    assert draw_knobs(seed, ALL, taxonomy) == draw_knobs(seed, ALL, taxonomy)


@given(seeds)
def test_what_is_drawn_lies_within_the_settings(taxonomy: Taxonomy, seed: int) -> None:
    knobs = draw_knobs(seed, ALL, taxonomy)
    dance, scene = knobs.dance, knobs.scene
    assert knobs.fps in ALL.scene.fps
    assert (scene.width, scene.height) in ALL.scene.sizes
    assert len(scene.views) == len(dance.takes)
    assert within(dance.bpm, DANCE.bpm)
    assert within(dance.drift, DANCE.drift)
    assert dance.swing == 0 or within(dance.swing, DANCE.swing)
    assert within(dance.blend_beats, DANCE.blend_beats)
    assert within(cuts_s(dance)[-1], DANCE.seconds)
    assert len(dance.takes) - 1 in (0, *DANCE.cuts)
    assert all(take.speed == 1 or within(take.speed, DANCE.speed) for take in dance.takes)
    assert dance.beats == dance.takes[-1].end_beat


@given(seeds)
def test_takes_go_forward_and_leave_no_splinters(taxonomy: Taxonomy, seed: int) -> None:
    dance = draw_knobs(seed, ALL, taxonomy).dance
    assert 0 <= dance.takes[0].start_beat < 1
    assert all(take.end_beat - take.start_beat >= 1 for take in dance.takes)
    for a, b in pairwise(dance.takes):
        assert b.start_beat == a.end_beat or within(b.start_beat - a.end_beat, (0, DANCE.skip_beats[1] + 1))
        for edge in (a.end_beat, b.start_beat):
            assert edge % 4 == 0 or within(edge % 4, (1, 3))
    beat_ms = 60_000 / dance.bpm / max(take.speed for take in dance.takes) / (1 + dance.drift)
    short = [part for part in segments(dance)[1:] if part.end_ms - part.start_ms < 0.95 * beat_ms]
    assert not short


@given(seeds)
def test_a_clip_has_one_lead_and_others_have_their_own_part(taxonomy: Taxonomy, seed: int) -> None:
    knobs = draw_knobs(seed, ALL, taxonomy)
    lead, *others = knobs.dancers
    assert lead.role == "lead"
    assert (lead.place, lead.turn, lead.steps) == ((0.0, 0.0), 0.0, ())
    assert within(len(knobs.dancers), (1, len(PEOPLE.company_shares)))
    assert len({dancer.creator for dancer in knobs.dancers}) == len(knobs.dancers)
    assert all(within(dancer.style.amplitude, PEOPLE.amplitude) for dancer in knobs.dancers)
    for dancer in others:
        assert dancer.role in ("follow", "bystander")
        assert within(dancer.turn, PEOPLE.turn)
        away = np.degrees(np.arctan2(*dancer.place)) - knobs.scene.views[0].yaw
        assert within(abs((away + 180) % 360 - 180), (PEOPLE.bearing[0] - 1e-6, PEOPLE.bearing[1] + 1e-6))
        assert sum(step.beats for step in dancer.steps) == (knobs.dance.beats if dancer.role == "bystander" else 0)
        assert not any(step.dance for step in dancer.steps)
        assert dancer.style.delay <= PEOPLE.delay[1] + (PEOPLE.lag[1] if dancer.role == "follow" else 0)


def test_shares_are_as_the_settings_say(many: list[Knobs]) -> None:
    count = Counter(len(knobs.dancers) for knobs in many)
    for people, share in enumerate(PEOPLE.company_shares, 1):
        assert count[people] / len(many) == pytest.approx(share, abs=0.07)
    others = [dancer.role for knobs in many for dancer in knobs.dancers[1:]]
    assert others.count("follow") / len(others) == pytest.approx(PEOPLE.follow_share, abs=0.12)
    named = Counter(knobs.dance.generator for knobs in many)
    for name in GENERATORS:
        assert named[name] / len(many) == pytest.approx(DANCE.generators[name], abs=0.08)
    dances = [knobs.dance for knobs in many]
    assert np.mean([len(dance.takes) > 1 for dance in dances]) == pytest.approx(DANCE.cut_share, abs=0.07)
    assert np.mean([dance.swing > 0 for dance in dances]) == pytest.approx(DANCE.swing_share, abs=0.08)
    speeds = [take.speed for dance in dances for take in dance.takes]
    assert np.mean([speed != 1 for speed in speeds]) == pytest.approx(DANCE.speed_share, abs=0.06)
    skips = [b.start_beat > a.end_beat for dance in dances for a, b in pairwise(dance.takes)]
    assert np.mean(skips) == pytest.approx(DANCE.skip_share, abs=0.15)


def test_a_creator_keeps_body_face_and_style_and_changes_clothes(many: list[Knobs]) -> None:
    clips: dict[str, list[Knobs]] = {}
    for knobs in many:
        clips.setdefault(knobs.dancers[0].creator, []).append(knobs)
    again = [each for each in clips.values() if len(each) > 1]
    assert len(again) > 50
    for each in again:
        leads = [knobs.dancers[0] for knobs in each]
        assert len({(lead.shape, lead.person, lead.style.habit, lead.style.amplitude) for lead in leads}) == 1
        assert len({lead.outfit for lead in leads}) == len({lead.style.seed for lead in leads}) == len(leads)
    bodies = {dancer.creator: dancer.shape for knobs in many for dancer in knobs.dancers}
    assert len(set(bodies.values())) == len(bodies), "and nobody has another's"


def test_leads_come_from_the_whole_pool(taxonomy: Taxonomy) -> None:
    few = replace(ALL, people=replace(PEOPLE, creators=5, company_shares=(1.0,)))
    drawn = {draw_knobs(seed, few, taxonomy).dancers[0].creator for seed in range(60)}
    assert drawn == {f"cr_{number:04d}" for number in range(5)}


def test_one_part_changes_no_other(taxonomy: Taxonomy) -> None:
    """Another range for the camera leaves the dance and the people as they were."""
    other = replace(ALL, scene=replace(ALL.scene, sizes=((64, 64),)), wardrobe=replace(ALL.wardrobe, plain_share=1.0))
    for seed in range(20):
        one, changed = draw_knobs(seed, ALL, taxonomy), draw_knobs(seed, other, taxonomy)
        assert one.dance == changed.dance
        assert [(d.shape, d.style, d.place) for d in one.dancers] == [
            (d.shape, d.style, d.place) for d in changed.dancers
        ]


def test_knobs_are_json(many: list[Knobs]) -> None:
    for knobs in many[:50]:
        assert json.loads(json.dumps(asdict(knobs)))["dance"]["generator"] == knobs.dance.generator


def test_a_tempo_that_nothing_is_danced_at_is_refused(taxonomy: Taxonomy) -> None:
    with pytest.raises(DanceError, match=r"at 300\.0 bpm"):
        draw_knobs(0, replace(ALL, dance=replace(DANCE, bpm=(300.0, 300.0))), taxonomy)


def test_a_clip_ends_with_a_bar(many: list[Knobs]) -> None:
    for knobs in many:
        beats, _ = timeline(knobs.dance, 20.0)
        assert knobs.dance.takes[-1].end_beat % 4 == 0
        assert beats[-1] == pytest.approx(knobs.dance.beats, abs=0.15)
