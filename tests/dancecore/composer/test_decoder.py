"""The decoder: tokens there and back, only steps that there are, NumPy as PyTorch, learning, blending."""

from copy import copy
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from cluster.settings import settings
from dancecore.composer.book import Book
from dancecore.composer.counts import count
from dancecore.composer.decoder.blending import Context, best_share, blended, contexts
from dancecore.composer.decoder.running import Decoder, pack, unpack
from dancecore.composer.decoder.tokens import A_STEP, AHEAD, style_of, vocabulary
from dancecore.composer.markov import Markov
from dancecore.composer.settings import ComposerSettings
from dancecore.composer.steps import START, Choreography, Heard, Step
from dancecore.composer.suggesting import suggest
from dancecore.composer.wish import Wish
from dancecore.errors import DanceError
from tests.dancecore.composer.dances import dances

SMALL = replace(settings().decoder, layers=2, width=16, heads=2, steps=8, epochs=1)
RNG = np.random.default_rng(3)
DANCES = [
    Choreography(str(i), tuple(Heard("abcdef"[(i + j) % 6], 4.0 if j % 2 else 2.0, j % 3 == 0) for j in range(9)))
    for i in range(12)
]  # fmt: skip
WORDS = vocabulary(DANCES, ["calm", "wild"])


@given(dances, st.sampled_from(["calm", "wild", None]), st.booleans())
def test_tokens_there_and_back(found: list[Choreography], style: str | None, begins: bool) -> None:
    words = vocabulary(found, ["calm", "wild"])
    for dance in found:
        for _, run in dance.runs():
            tokens = words.encode(run, style, begins).tolist()
            assert len(tokens) == AHEAD + A_STEP * len(run)
            told = tuple(replace(step, beats=4.0 if step.beats is None else step.beats) for step in run)
            if {(s.move_id, s.beats, s.mirror) for s in told} == {(s.move_id, s.beats, s.mirror) for s in run}:
                assert words.decode(tokens) == told
            for i in range(AHEAD, len(tokens)):
                assert words.mask(tokens[:i])[tokens[i]], "what was danced may follow"


def random_decoder(seed: int) -> Decoder:
    torch = pytest.importorskip("torch")
    from dancecore.composer.decoder.network import Gpt
    from dancecore.composer.decoder.training import weights_of

    torch.manual_seed(seed)
    network = Gpt(WORDS.size, SMALL).eval()
    with torch.no_grad():
        for values in network.parameters():
            values.mul_(8.0)  # words it is sure of, and wrong
    return Decoder(WORDS, weights_of(network), SMALL.heads, 4, 0.5)


def test_only_steps_that_there_are_come_out() -> None:
    known = {(step.move_id, step.beats, step.mirror) for dance in DANCES for step in dance.steps if step}
    drawn = random_decoder(1).draw(25, "wild", np.random.default_rng(0), temperature=3.0)
    assert len(drawn) == 25
    assert {(step.move_id, step.beats, step.mirror) for step in drawn} <= known


def test_numpy_says_what_pytorch_says(tmp_path: Path) -> None:
    torch = pytest.importorskip("torch")
    from dancecore.composer.decoder.network import Gpt
    from dancecore.composer.decoder.training import weights_of

    torch.manual_seed(0)
    network = Gpt(WORDS.size, SMALL).eval()
    decoder = Decoder(WORDS, weights_of(network), SMALL.heads, 4, 0.3)
    run = [step for step in DANCES[0].steps[:6] if step]
    with torch.no_grad():
        logits = network(torch.from_numpy(WORDS.encode(run, "calm", True))[None])[0, -1, WORDS.first_move :]
    wanted = torch.softmax(logits.double(), 0).numpy()
    np.testing.assert_allclose(decoder.after(run, "calm", True), wanted, atol=1e-6)
    path = tmp_path / "decoder.npz"
    path.write_bytes(pack(decoder))
    again = unpack(path)
    np.testing.assert_allclose(again.after(run, "calm", True), wanted, atol=1e-3)
    assert (again.vocabulary, again.share, again.from_steps) == (WORDS, 0.3, 4)
    path.write_bytes(b"no")
    with pytest.raises(DanceError, match="no decoder"):
        unpack(path)


def test_it_learns_what_a_markov_model_cannot_see() -> None:
    """After two moves that say nothing comes the one that began the dance."""
    torch = pytest.importorskip("torch")
    from dancecore.composer.decoder import training
    from dancecore.composer.decoder.network import Gpt

    rng, names = np.random.default_rng(0), "abcdef"
    found = []
    for i in range(540):
        first, *middle = rng.choice(list(names), 4)
        found.append(Choreography(str(i), tuple(Heard(name, 4.0) for name in (first, *middle, first))))
    numbers = replace(SMALL, width=32, learning_rate=0.004, weight_decay=0.01, dropout=0.0, epochs=40)
    torch.manual_seed(0)
    words = vocabulary(found, [])
    network, runs = Gpt(words.size, numbers), training.stretches(found[:500], words, {}, numbers.steps)
    optimiser, draw = training.optimiser(network, numbers), np.random.default_rng(1)
    for epoch in range(numbers.epochs):
        for batch in training.batches(runs, numbers, draw):
            training.take_step(network, optimiser, batch, epoch / numbers.epochs, numbers)
    assert training.loss_of(network, runs, numbers) < 0.56, "two thirds of a step are certain, and one move of five"
    decoder = Decoder(words, training.weights_of(network), numbers.heads, 4, 1.0)
    last = [(dance.steps[:4], dance.steps[4]) for dance in found[500:]]
    right = [words.moves[int(decoder.after(run, None, True).argmax())] == move.move_id for run, move in last]  # type: ignore[arg-type, union-attr]
    assert np.mean(right) > 0.9
    markov = Markov(count(found[:500]))
    guessed = [
        markov.names[int(markov.after(run[-2].move_id, run[-1].move_id).argmax())] == move.move_id  # type: ignore[union-attr]
        for run, move in last
    ]
    assert np.mean(guessed) < 0.6


def test_a_blend_sums_to_one_and_leaves_what_it_does_not_know() -> None:
    decoder, markov = random_decoder(2), Markov(count([*DANCES, Choreography("x", (Heard("z", 4.0),) * 3)]))
    for context, _ in contexts([(dance, "calm") for dance in DANCES[:3]]):
        alone, both = markov.after(*context.last_two), blended(markov, decoder, context, 0.5)
        assert both.sum() == pytest.approx(1)
        assert (both > 0).all()
        assert both[markov.number["z"]] == pytest.approx(alone[markov.number["z"]])
        if len(context.steps) < decoder.from_steps:
            np.testing.assert_array_equal(both, alone)
        else:
            assert not np.allclose(both, alone)


def test_contexts_are_those_a_markov_model_sees() -> None:
    gap = Choreography("g", (Heard("a", 4.0), Heard("b", 4.0), None, Heard("c", 4.0), Heard("d", 4.0)))
    assert [(context.last_two, move) for context, move in contexts([(gap, None)])] == [
        ((None, START), "a"), ((START, "a"), "b"), ((None, None), "c"), ((None, "c"), "d"),
    ]  # fmt: skip
    unknown = Context((Heard("zz", 4.0), Heard("a", 4.0)), True)
    assert random_decoder(3).after(unknown.steps, None, True).sum() == pytest.approx(1)


def test_the_share_is_that_under_which_steps_are_likeliest() -> None:
    assert best_share([(0.2, 0.1)] * 5) == 0
    assert best_share([(0.1, 0.2)] * 5) == 1
    assert 0 < best_share([(0.4, 0.1), (0.1, 0.4)]) < 1


def test_a_style_is_what_half_of_the_steps_are_of() -> None:
    styles = {"calm": frozenset("ab"), "wild": frozenset("cd")}
    assert style_of([Heard(name, 4.0) for name in "abc"], styles) == "calm"
    assert style_of([Heard(name, 4.0) for name in "aceef"], styles) is None


def test_suggestions_listen_to_it_from_four_steps_on(book: Book, numbers: ComposerSettings) -> None:
    """A decoder that always foretells one move: with it that move gains as soon as there is enough context."""
    names = book.model.names
    words = vocabulary([], [], names)
    width = 4
    weights = {"token.weight": np.zeros((words.size, width), np.float32), "norm.bias": np.ones(width, np.float32)}
    weights["token.weight"][words.first_move + book.number["mv_swim"]] = 3.0
    weights |= {
        "place.weight": np.zeros((AHEAD + A_STEP * 8, width), np.float32),
        "norm.weight": np.zeros(width, np.float32),
    }
    sure = Decoder(words, weights, 2, 4, 0.9)
    listening = copy(book)
    listening.decoder = sure
    wish, before = Wish(8, 105.0), [Step(name, 4.0) for name in ("mv_dab", "mv_twist", "mv_clap", "mv_two_step")]

    def seen(of: Book, steps: list[Step]) -> float:
        found = {each.step.move_id: each.parts for each in suggest(steps, wish, of, replace(numbers, suggestions=200))}
        return sum(part.value for part in found["mv_swim"] if part.name == "seen")

    assert seen(listening, before[:3]) == seen(book, before[:3])
    assert seen(listening, before) > 0.9 * numbers.weights["seen"] > seen(book, before)
