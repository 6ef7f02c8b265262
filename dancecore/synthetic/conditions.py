"""Conditions under which synthetic dances are filmed, for sets that ask how much each costs."""

from collections.abc import Callable
from dataclasses import replace

from dancecore.synthetic.settings import SyntheticSettings


def as_usual(settings: SyntheticSettings) -> SyntheticSettings:
    """All knobs as they are set: phones' clips with their backs, cuts, crops, furniture and company."""
    return settings


def in_full_view(settings: SyntheticSettings) -> SyntheticSettings:
    """One dancer, whole, in one take, within 60 degrees of their front and nothing before them."""
    scene = settings.scene
    view = replace(scene.view, front=(-60.0, 60.0), back_share=0.0, crop_shares={"whole": 1.0})
    return replace(
        settings,
        dance=replace(settings.dance, cut_share=0.0, speed_share=0.0),
        people=replace(settings.people, company_shares=(1.0, 0.0, 0.0)),
        scene=replace(scene, view=view, props=replace(scene.props, front_share=0.0)),
    )


def hard(settings: SyntheticSettings) -> SyntheticSettings:
    """One dancer as `in_full_view`, but 50 to 70 degrees off their front to either side, in low light, by a hand-held
    camera and behind a piece of furniture."""
    clear = in_full_view(settings)
    view = replace(clear.scene.view, front=(50.0, 70.0), back=(290.0, 310.0), back_share=0.5, hand_share=1.0)
    light, props = replace(clear.scene.light, dim_share=1.0), replace(clear.scene.props, front_share=1.0)
    return replace(clear, scene=replace(clear.scene, view=view, light=light, props=props))


CONDITIONS: dict[str, Callable[[SyntheticSettings], SyntheticSettings]] = {
    "usual": as_usual, "full-view": in_full_view, "hard": hard
}  # fmt: skip
"""By the names that `danceapp synthesise --conditions` takes."""
