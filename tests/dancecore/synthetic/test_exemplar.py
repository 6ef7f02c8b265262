"""Exemplars: each move by several people, and nothing that hides it."""

from cluster.settings import settings
from dancecore.moves.taxonomy import Taxonomy
from dancecore.synthetic.exemplar import exemplar_knobs
from dancecore.synthetic.timeline import segments

ALL = settings().synthetic
COUNT = 5


def test_each_exemplar_of_a_move_is_danced_by_somebody_else(taxonomy: Taxonomy) -> None:
    for move in taxonomy.moves.values():
        made = [exemplar_knobs(move, number, ALL, taxonomy) for number in range(COUNT)]
        assert len({knobs.dancers[0].creator for knobs in made}) == COUNT, move.move_id
        assert len({knobs.dancers[0].shape for knobs in made}) == COUNT, move.move_id


def test_it_shows_the_move_and_nothing_else(taxonomy: Taxonomy) -> None:
    for move in taxonomy.moves.values():
        knobs = exemplar_knobs(move, 0, ALL, taxonomy)
        assert [part.move_id for part in segments(knobs.dance)] == [move.move_id]
        assert move.bpm[0] <= knobs.dance.bpm <= move.bpm[1]
        assert knobs.dance.beats % move.beats == 0
        assert len(knobs.dancers) == len(knobs.scene.views) == 1
        assert knobs.scene.props == knobs.scene.walkers == knobs.scene.overlays == ()


def test_it_is_the_same_every_time(taxonomy: Taxonomy) -> None:
    move = taxonomy.moves["mv_clap"]
    assert exemplar_knobs(move, 1, ALL, taxonomy) == exemplar_knobs(move, 1, ALL, taxonomy)
