"""Dances drawn by hypothesis."""

from hypothesis import strategies as st

from dancecore.composer.steps import Choreography, Heard

NAMES = "abcdefgh"
beats = st.one_of(st.none(), st.sampled_from([0.5, 1.0, 2.0, 3.7, 4.0, 8.0]))
heard = st.builds(Heard, st.sampled_from(NAMES), beats, st.booleans())
steps = st.lists(st.one_of(heard, heard, heard, st.none()), max_size=12).map(tuple)
dances = st.lists(st.builds(Choreography, st.text("xyz", max_size=3), steps), max_size=12)
