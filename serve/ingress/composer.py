"""The composer: what could come next, whole dances by wishes, dances by names, and what people do with all that."""

from collections.abc import Sequence
from typing import Annotated, Any, Literal

from fastapi import APIRouter, Query
from fastapi.concurrency import run_in_threadpool
from pydantic import Field

from cluster import experiment
from cluster.accounts import User
from cluster.experiment import Variant
from dancecore.composer.planning import Plan
from dancecore.composer.scoring import Part
from dancecore.composer.steps import LONGEST_BEATS, Step
from dancecore.composer.suggesting import Suggestion
from dancecore.composer.wish import BAR, Wish
from serve.ingress.models import Name, Shape, example
from serve.ingress.routing import Route
from serve.ingress.services import Me, Services, Using

router = APIRouter(prefix="/v1/composer", tags=["composer"], route_class=Route)

EVENT = "evt_01JD2M5Z0Q4XKQ7S8V9W0Y1Z2A"
MOST_STEPS = 1000
MOST_PLANNED = 64
"""Bars: two minutes and more, which are planned in a second; nobody else waits longer."""
BARS = 8
"""Of the dance for which a step is suggested, unless that is told: what most plans are of."""

Beats = Annotated[float, Field(gt=0, le=LONGEST_BEATS)]
Bpm = Annotated[float, Field(ge=30, le=300)]
Bars = Annotated[int, Field(ge=1, le=MOST_PLANNED)]
Moves = Annotated[list[Name], Field(max_length=100)]
FLOSS: dict[str, Any] = {"move_id": "mv_floss", "beats": 4, "mirror": False}
SEEN: dict[str, Any] = {"part": "seen", "value": 0.71, "reason": "seen 12 times after Two-step"}


class DanceStep(Shape):
    """A move, by its id or any of its names, for so many beats, as written or mirrored."""

    move_id: Name
    beats: Beats
    mirror: bool = False
    model_config = example(**FLOSS)


class LockedStep(DanceStep):
    """A step that stays where it is: from this beat of the dance on, counted from 0."""

    start_beat: Annotated[float, Field(ge=0, lt=BAR * MOST_PLANNED)]
    model_config = example(start_beat=16, **FLOSS)


Steps = Annotated[list[DanceStep], Field(max_length=MOST_STEPS)]


class Wishes(Shape):
    """What is wanted of a dance. `style`, and `energy` by name, are those of configs/composer.yaml; energy may also be
    grades 1 to 5, evenly over the dance. `must` and `never`, `first` and `last`: moves by any of their names. novelty:
    from what people do, 0, to what they seldom do, 1. diversity: what repetitions cost. seed: 0 for the best dance."""

    bpm: Bpm = 110.0
    style: Name | None = None
    families: Moves = Field(default_factory=list)
    max_difficulty: Annotated[int, Field(ge=1, le=5)] | None = None
    energy: Name | Annotated[list[float], Field(max_length=100)] | None = None
    must: Moves = Field(default_factory=list)
    never: Moves = Field(default_factory=list)
    locked: Annotated[list[LockedStep], Field(max_length=MOST_STEPS)] = Field(default_factory=list)
    first: Name | None = None
    last: Name | None = None
    novelty: Annotated[float, Field(ge=0, le=1)] = 0.0
    diversity: Annotated[float, Field(ge=0, le=1)] = 0.5
    seed: Annotated[int, Field(ge=0, le=2**31 - 1)] = 0
    model_config = example(bpm=112, style="latin", energy="arc", must=["floss"])

    def wish(self, bars: int) -> Wish:
        """The wish for a dance of so many bars."""
        locked = tuple((each.start_beat, _step(each)) for each in self.locked)
        energy = self.energy if isinstance(self.energy, str) else tuple(self.energy or ())
        return Wish(
            bars, self.bpm, self.style, tuple(self.families), self.max_difficulty, energy, tuple(self.must),
            tuple(self.never), locked, self.first, self.last, self.novelty, self.diversity, self.seed,
        )  # fmt: skip


class SuggestionAsked(Wishes):
    """The steps so far, and what is wanted of the whole dance."""

    steps: Steps
    bars: Bars = BARS
    model_config = example(steps=[FLOSS], bpm=112)


class PlanAsked(Wishes):
    """How long the dance is to be, what it begins with, and what else is wanted of it."""

    bars: Bars
    steps: Steps = Field(default_factory=list)
    model_config = example(bars=8, bpm=112, style="latin", must=["floss"], last="dab")


class SwapAsked(Wishes):
    """A dance, and which of its steps, from 0, is to be another one."""

    steps: Annotated[list[DanceStep], Field(min_length=1, max_length=MOST_STEPS)]
    order: Annotated[int, Field(ge=0, lt=MOST_STEPS)]
    model_config = example(steps=[FLOSS, {"move_id": "mv_dab", "beats": 4}], order=1)


class RegenerateAsked(Wishes):
    """A dance, and how many of its first steps stay."""

    steps: Annotated[list[DanceStep], Field(min_length=1, max_length=MOST_STEPS)]
    keep: Annotated[int, Field(ge=0, le=MOST_STEPS)]
    model_config = example(steps=[FLOSS, {"move_id": "mv_dab", "beats": 4}], keep=1, seed=3)


class Reason(Shape):
    """A part of a score: what it is called, what it adds, and why."""

    part: str
    value: float
    reason: str
    model_config = example(**SEEN)


class SuggestedStep(Shape):
    """A step that could come next. The values of its reasons add up to its score."""

    move_id: str
    name: str
    beats: float
    mirror: bool
    score: float
    reasons: list[Reason]
    model_config = example(**FLOSS, name="Floss", score=0.71, reasons=[SEEN])


class Suggestions(Shape):
    """Steps that could come next, the best first. `suggestion_id`: what an event says that one of them was taken of."""

    suggestion_id: str
    items: list[SuggestedStep]
    next_cursor: None = None
    model_config = example(suggestion_id=EVENT, items=[], next_cursor=None)


class PlannedStep(Shape):
    """A step of a plan, and why it is there, the weightiest reason first."""

    move_id: str
    beats: float
    mirror: bool
    reasons: list[Reason]
    model_config = example(**FLOSS, reasons=[SEEN])


class Planned(Shape):
    """A dance. `plan_id`: what a composition that is made of it names."""

    plan_id: str
    steps: list[PlannedStep]
    score: float
    model_config = example(plan_id=EVENT, steps=[{**FLOSS, "reasons": [SEEN]}], score=0.71)


class Typed(Shape):
    """A dance as people write it: names with how often, how many beats, and "(mirror)"."""

    text: Annotated[str, Field(min_length=1, max_length=5000)]
    model_config = example(text="two-step x4, body roll, dab (mirror), floss 4")


class Question(Shape):
    """Something that could mean several things, or nothing known: where it is, why it is asked, what to write."""

    text: str
    question: str
    candidates: list[str]
    model_config = example(text="turn", question="which move is this?", candidates=["Jump turn", "Paddle turn"])


class Read(Shape):
    """The steps of a text; none while it leaves `questions`. `remarks`: what was read other than it was written."""

    steps: list[DanceStep]
    remarks: list[str]
    questions: list[Question]
    model_config = example(steps=[FLOSS], remarks=["'flos' was read as Floss"], questions=[])


class Done(Shape):
    """That a suggested step was taken (`about_id`: the suggestion, `beats`: of the step), or that somebody gives up."""

    kind: Literal["accepted", "abandoned"]
    about_id: str | None = None
    beats: Beats | None = None
    model_config = example(kind="accepted", about_id=EVENT, beats=4)


class Experiment(Shape):
    """The ways of composing that are tried beside each other."""

    name: str
    variants: list[Variant]
    model_config = example(name="parts-1", variants=[])


@router.get("/suggest")
async def suggest_after(
    user: Me, using: Using, prev2: Name | None = None, prev: Name | None = None, style: Name | None = None,
    exclude: Annotated[Moves, Query()] = [], bpm: Bpm = 110.0,  # noqa: B006 (FastAPI copies it)
) -> Suggestions:  # fmt: skip
    """What could come next after two moves, and why."""
    before = [Step(name, 4.0) for name in (prev2, prev) if name]
    return await _suggested(user.user_id, using, before, Wish(BARS, bpm, style, never=tuple(exclude)))


@router.post("/suggest")
async def suggest(asked: SuggestionAsked, user: Me, using: Using) -> Suggestions:
    """What could come next in a dance, and why."""
    return await _suggested(user.user_id, using, [_step(each) for each in asked.steps], asked.wish(asked.bars))


@router.post("/plan")
async def plan(asked: PlanAsked, user: Me, using: Using) -> Planned:
    """A whole dance; with `steps` it continues them."""
    steps, variant = _given(asked.steps, user.user_id, using)
    return await _planned(user.user_id, using, await using.composing.plan(steps, asked.wish(asked.bars), variant))


@router.post("/swap")
async def swap(asked: SwapAsked, user: Me, using: Using) -> Planned:
    """The dance with another step in place of one: the best that joins both sides."""
    steps, variant = _given(asked.steps, user.user_id, using)
    made = await using.composing.swap(steps, asked.order, asked.wish(1), variant)
    return await _planned(user.user_id, using, made)


@router.post("/regenerate")
async def regenerate(asked: RegenerateAsked, user: Me, using: Using) -> Planned:
    """The dance with all but its first steps planned anew; another `seed` gives another rest."""
    steps, variant = _given(asked.steps, user.user_id, using)
    made = await using.composing.regenerate(steps, asked.keep, asked.wish(1), variant)
    return await _planned(user.user_id, using, made)


@router.post("/parse")
async def parse(typed: Typed, using: Using) -> Read:
    """The steps that a text names: aliases, typing errors, counts, beats, sides and repeats are understood, and what is
    not clear is asked."""
    found = await using.composing.parse(typed.text)
    return Read(
        steps=[DanceStep(move_id=step.move_id, beats=step.beats, mirror=step.mirror) for step in found.steps],
        remarks=list(found.remarks),
        questions=[Question(text=q.text, question=q.question, candidates=list(q.candidates)) for q in found.questions],
    )


@router.post("/events", status_code=204)
def tell(done: Done, user: Me, using: Using) -> None:
    """Say what was done with a suggestion, so that suggestions become better."""
    details = {} if done.beats is None else {"beats": done.beats}
    numbers = using.settings.experiment
    experiment.record(using.pool, user.user_id, numbers, done.kind, about=done.about_id, details=details)


@router.get("/experiment")
def report(using: Using) -> Experiment:
    """How the ways of composing that are tried fare: what is accepted, changed, given up."""
    numbers = using.settings.experiment
    return Experiment(name=numbers.name, variants=experiment.report(using.pool, numbers))


def _variant(user: User, using: Services) -> str:
    return experiment.variant_of(user.user_id, using.settings.experiment)


async def _suggested(user: str, using: Services, before: list[Step], wish: Wish) -> Suggestions:
    numbers = using.settings.experiment
    found = await using.composing.suggest(before, wish, experiment.variant_of(user, numbers))
    details = {"moves": [each.step.move_id for each in found]}
    told = await run_in_threadpool(experiment.record, using.pool, user, numbers, "suggested", details=details)
    return Suggestions(suggestion_id=told, items=[_suggestion(each) for each in found])


async def _planned(user: str, using: Services, made: Plan) -> Planned:
    details = {"steps": experiment.packed(made.steps)}
    numbers = using.settings.experiment
    told = await run_in_threadpool(experiment.record, using.pool, user, numbers, "planned", details=details)
    steps = [
        PlannedStep(move_id=step.move_id, beats=step.beats, mirror=step.mirror, reasons=_reasons(parts))
        for step, parts in zip(made.steps, made.parts, strict=True)
    ]
    return Planned(plan_id=told, steps=steps, score=made.score)


def _suggestion(found: Suggestion) -> SuggestedStep:
    step = found.step
    return SuggestedStep(
        move_id=step.move_id, name=found.name, beats=step.beats, mirror=step.mirror, score=found.score,
        reasons=_reasons(found.parts),
    )  # fmt: skip


def _reasons(parts: tuple[Part, ...]) -> list[Reason]:
    return [Reason(part=part.name, value=part.value, reason=part.reason) for part in parts]


def _given(said: Sequence[DanceStep], user: str, using: Services) -> tuple[list[Step], str]:
    """The steps of a request, and the way of composing that its user tries."""
    return [_step(each) for each in said], experiment.variant_of(user, using.settings.experiment)


def _step(said: DanceStep) -> Step:
    return Step(said.move_id, said.beats, said.mirror)
