"""The decoder: tokens there and back, only steps that there are, NumPy as PyTorch, learning, blending."""

from copy import copy
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from cluster.library import TAXONOMY
from cluster.settings import settings
from dancecore.composer.book import Book
from dancecore.composer.counts import count
from dancecore.composer.decoder.blending import Context, Opinions, best_share, contexts, opinions
from dancecore.composer.decoder.running import SHIPPED, Decoder, chosen, pack, unpack
from dancecore.composer.decoder.tokens import A_STEP, AHEAD, style_of, vocabulary
from dancecore.composer.markov import Markov
from dancecore.composer.settings import ComposerSettings
from dancecore.composer.steps import START, Choreography, Heard, Step
from dancecore.composer.suggesting import suggest
from dancecore.composer.wish import Wish
from dancecore.errors import DanceError
from dancecore.moves.taxonomy import load_taxonomy
from tests.dancecore.composer.dances import dances

SMALL = replace(settings().decoder, layers=2, width=16, heads=2, steps=8)
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
    numbers = replace(SMALL, width=32, learning_rate=0.004, weight_decay=0.01, dropout=0.0)
    torch.manual_seed(0)
    words = vocabulary(found, [])
    network, runs = Gpt(words.size, numbers), training.stretches(found[:500], words, {}, numbers.steps)
    optimiser, draw = training.optimiser(network, numbers), np.random.default_rng(1)
    for epoch in range(40):
        for batch in training.batches(runs, numbers, draw):
            training.take_step(network, optimiser, batch, epoch / 40, numbers)
    assert training.loss_of(network, runs, numbers) < 0.8, "two thirds of a step are certain, and one move of five"
    decoder = Decoder(words, training.weights_of(network), numbers.heads, 4, 1.0)
    last = [(dance.steps[:4], dance.steps[4]) for dance in found[500:]]
    right = [words.moves[int(decoder.after(run, None, True).argmax())] == move.move_id for run, move in last]  # type: ignore[arg-type, union-attr]
    assert np.mean(right) > 0.6, "guessing hits a sixth"
    markov = Markov(count(found[:500]))
    guessed = [
        markov.names[int(markov.after(run[-2].move_id, run[-1].move_id).argmax())] == move.move_id  # type: ignore[union-attr]
        for run, move in last
    ]
    assert np.mean(guessed) < 0.4


def test_a_blend_sums_to_one_and_leaves_what_it_does_not_know() -> None:
    """Of a user's index: "z" is theirs alone, and nobody dances "f"."""
    seen = [Choreography(d.id, tuple(s for s in d.steps if s and s.move_id != "f")) for d in DANCES]
    decoder, markov = random_decoder(2), Markov(count([*seen, Choreography("x", (Heard("z", 4.0),) * 3)]))
    told = Choreography("t", (*DANCES[0].steps, Heard("z", 4.0), *DANCES[1].steps))
    for context, _ in contexts([(dance, "calm") for dance in (*DANCES[:3], told)]):
        alone, known = markov.after(*context.last_two), [step.move_id for step in context.steps]
        known = known[known.index("z") + 1 :] if "z" in known else known
        found = opinions(markov, decoder, context)
        assert (found is None) is (min(len(known), decoder.longest - 1) < decoder.from_steps)
        if found is not None:
            both = found.blended(0.5)
            assert both.sum() == pytest.approx(1)
            assert (both > 0).all()
            assert both[markov.number["z"]] == pytest.approx(alone[markov.number["z"]])
            assert found.decoder.sum() == pytest.approx(1)
            assert found.decoder[markov.number["z"]] == pytest.approx(alone[markov.number["z"]])
            assert not np.allclose(found.decoder, alone)


def test_the_better_a_model_foretold_the_dance_the_more_it_counts() -> None:
    """By hand: of three steps the decoder gave each twice what Markov did."""
    said = Opinions(np.array([0.8, 0.2]), np.array([0.1, 0.9]), float(3 * np.log(2)))
    assert said.blended(0.5) == pytest.approx((8 * said.decoder + said.markov) / 9)
    decoder, markov = random_decoder(4), Markov(count(DANCES))
    steps = tuple(step for step in DANCES[0].steps if step)[:5]
    found = opinions(markov, decoder, Context(steps, True, "wild"))
    assert found is not None
    by_hand = 0.0
    for i, step in enumerate(steps):
        before = Context(steps[:i], True, "wild")
        given = decoder.after(before.steps, "wild", True)[decoder.vocabulary.move_number[step.move_id]]
        by_hand += np.log(given / markov.after(*before.last_two)[markov.number[step.move_id]])
    assert found.evidence == pytest.approx(by_hand, rel=1e-4)
    assert opinions(markov, decoder, Context(steps[:3], True)) is None


def test_contexts_are_those_a_markov_model_sees() -> None:
    gap = Choreography("g", (Heard("a", 4.0), Heard("b", 4.0), None, Heard("c", 4.0), Heard("d", 4.0)))
    assert [(context.last_two, move) for context, move in contexts([(gap, None)])] == [
        ((None, START), "a"), ((START, "a"), "b"), ((None, None), "c"), ((None, "c"), "d"),
    ]  # fmt: skip
    unknown = Context((Heard("zz", 4.0), Heard("a", 4.0)), True)
    assert random_decoder(3).after(unknown.steps, None, True).sum() == pytest.approx(1)


def test_the_share_is_that_under_which_steps_are_likeliest() -> None:
    one, other = np.array([0.2, 0.8]), np.array([0.1, 0.9])
    assert best_share([(Opinions(one, other, 0.0), 0)] * 5) == 0.05
    assert best_share([(Opinions(one, other, 0.0), 1)] * 5) == 0.95
    mixed = [(Opinions(one[::-1], one, 0.0), 0), (Opinions(one[::-1], one, 0.0), 1)]
    assert best_share(mixed) == 0.5


def test_a_style_is_what_half_of_the_steps_are_of() -> None:
    styles = {"calm": frozenset("ab"), "wild": frozenset("cd")}
    assert style_of([Heard(name, 4.0) for name in "abc"], styles) == "calm"
    assert style_of([Heard(name, 4.0) for name in "aceef"], styles) is None


@pytest.fixture(scope="module")
def shipped() -> Decoder:
    found = chosen(SHIPPED, TAXONOMY)
    assert found is not None
    return found


def test_the_shipped_one_knows_the_moves_of_the_taxonomy(shipped: Decoder) -> None:
    told = settings().decoder
    assert told.file == SHIPPED
    assert (shipped.layers, shipped.heads, shipped.longest) == (told.layers, told.heads, told.steps)
    assert 0 < shipped.share < 1
    known = {move.move_id for move in load_taxonomy(TAXONOMY).moves.values() if not move.deprecated}
    assert set(shipped.vocabulary.moves) < known
    assert len(shipped.vocabulary.moves) > 0.9 * len(known)  # generators do not dance all of them
    assert (TAXONOMY / "decoder.npz").stat().st_size < 5e6


def test_the_shipped_one_draws_only_steps_that_there_are(shipped: Decoder) -> None:
    words = shipped.vocabulary
    for style in (None, *words.styles):
        drawn = shipped.draw(shipped.longest + 8, style, np.random.default_rng(5))
        assert len(drawn) == shipped.longest + 8
        for step in drawn:
            assert step.beats is not None
            assert (words.move_number[step.move_id], words.beats.index(step.beats), step.mirror) in words.steps


def test_the_shipped_one_repeats_a_phrase_and_leaves_moves_of_ones_own(shipped: Decoder) -> None:
    """Four moves that nobody danced in this order before, and a half of them again."""
    own = Choreography("own", (Heard("own_move", 4.0), Heard("mv_floss", 4.0), Heard("own_move", 4.0)))
    markov = Markov(count([own]), shipped.vocabulary.moves)
    phrase = tuple(Heard(name, 4.0) for name in ("mv_dab", "mv_grapevine", "mv_clap", "mv_moonwalk"))
    for heard in (phrase, phrase + phrase[:2]):
        context = Context(heard, True)
        said = opinions(markov, shipped, context)
        assert said
        alone, both = markov.after(*context.last_two), said.blended(shipped.share)
        assert both.sum() == pytest.approx(1)
        assert both[markov.number["own_move"]] == pytest.approx(alone[markov.number["own_move"]])
    assert both[markov.number["mv_clap"]] > alone[markov.number["mv_clap"]]


def test_suggestions_listen_to_it_from_four_steps_on(book: Book, numbers: ComposerSettings) -> None:
    """A decoder that always foretells one move, and was right so far: that move gains as soon as there is context."""
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
    wish, before = Wish(8, 105.0), [Step("mv_swim", 4.0)] * 4

    def seen(of: Book, steps: list[Step]) -> tuple[float, str]:
        found = {each.step.move_id: each.parts for each in suggest(steps, wish, of, replace(numbers, suggestions=200))}
        parts = [part for part in found["mv_swim"] if part.name == "seen"]
        return sum(part.value for part in parts), " ".join(part.reason for part in parts)

    assert seen(listening, before[:3]) == seen(book, before[:3])
    (value, reason), (without, _) = seen(listening, before), seen(book, before)
    assert value > 0.9 * numbers.weights["seen"] > without
    assert reason.endswith(", judged by the whole dance")
