"""Exemplars of a move: one dancer at a time, well seen, dancing nothing else."""

from dataclasses import replace
from hashlib import sha256

import numpy as np

from dancecore.moves.taxonomy import Move, Taxonomy
from dancecore.synthetic.creators import draw_creator
from dancecore.synthetic.dance import Dance, Knobs, Take, draw_knobs
from dancecore.synthetic.generators import Step
from dancecore.synthetic.music import BEATS_A_BAR
from dancecore.synthetic.settings import SyntheticSettings

BPM = 110.0
"""The middle of dance music; a move that is never danced at it takes its nearest tempo."""

SIDE = 35.0
"""Degrees to either side of the dancer's front from which they are seen: a limb that points at the camera is lost."""


def exemplar_knobs(move: Move, number: int, settings: SyntheticSettings, taxonomy: Taxonomy) -> Knobs:
    """Exemplar `number` of a move, each by somebody else: two bars of it, or two phrases of a longer one."""
    seed = _hashed(f"{move.move_id} {number}")
    knobs = draw_knobs(seed, calm(settings), taxonomy)
    who = draw_creator((_hashed(move.move_id) + number) % settings.people.creators, settings.people, settings.wardrobe)
    style = replace(who.style, seed=seed)
    lead = replace(knobs.dancers[0], creator=who.creator_id, shape=who.shape, style=style, person=who.person)
    beats = max(2 * BEATS_A_BAR, 2 * move.beats)
    dance = Dance(
        bpm=float(np.clip(BPM, *move.bpm)), drift=0.0, swing=0.0, music_seed=seed, generator="uniform",
        steps=(Step(move.move_id, beats, False, True),), blend_beats=knobs.dance.blend_beats,
        takes=(Take(0.0, float(beats), 1.0),), drums=settings.dance.drums,
    )  # fmt: skip
    return replace(knobs, dance=dance, dancers=(lead,))


def _hashed(text: str) -> int:
    return int.from_bytes(sha256(text.encode()).digest()[:4])


def calm(settings: SyntheticSettings) -> SyntheticSettings:
    """The settings without all that hides or spoils a dance: one dancer before a plain wall, one still camera."""
    scene = settings.scene
    view = replace(
        scene.view, front=(-SIDE, SIDE), back_share=0.0, roll=(0.0, 0.0), crop_shares={"whole": 1.0}, hand_share=0.0,
        zoom_share=0.0,
    )  # fmt: skip
    light = replace(scene.light, coloured_share=0.0, dim_share=0.0)
    place = replace(scene.place, kinds={"plain": 0.5, "gradient": 0.5}, walker_share=0.0)
    props = replace(
        scene.props, front_share=0.0, beside_share=0.0, overlay_shares=dict.fromkeys(scene.props.overlay_shares, 0.0)
    )
    effects = replace(scene.effects, flicker_share=0.0, blur_share=0.0, scale_share=0.0, ghost_share=0.0)
    return replace(
        settings,
        dance=replace(settings.dance, cut_share=0.0, speed_share=0.0),
        people=replace(settings.people, company_shares=(1.0, *(0.0 for _ in settings.people.company_shares[1:]))),
        scene=replace(scene, view=view, light=light, place=place, props=props, effects=effects),
    )
