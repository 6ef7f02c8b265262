"""How fast the composer answers: suggestions, plans, frames and films, in processor time of one core."""

import threading
import time
from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import httpx2
import numpy as np
import uvicorn

from cluster import accounts, sign_in
from cluster.database import engine
from cluster.library import TAXONOMY
from cluster.objects import LocalObjects
from cluster.settings import settings
from dancecore.composer.book import Book
from dancecore.composer.composition import Composition
from dancecore.composer.counts import Counts, count
from dancecore.composer.dancing import danced, warm_up
from dancecore.composer.decoder.blending import Context, opinions
from dancecore.composer.decoder.running import Decoder
from dancecore.composer.decoder.tokens import A_STEP, AHEAD, vocabulary
from dancecore.composer.filming import film
from dancecore.composer.planning import plan
from dancecore.composer.preview import frames_json
from dancecore.composer.steps import Choreography, Heard, Step
from dancecore.composer.suggesting import Suggestion, suggest
from dancecore.composer.wish import Wish
from dancecore.composer.writing import Writer
from dancecore.moves.taxonomy import Taxonomy, load_taxonomy
from serve.ingress.api import create_app
from serve.ingress.services import Services
from serve.senders import to_file
from tests.bench.bench_job import own_home
from tests.bench.report import Row

MOVES, TRANSITIONS, LENGTH = 200, 1_000_000, 20
ROUNDS = 200
BPM = 112.0
ALL_WISHES = Wish(
    16, BPM, style="latin", max_difficulty=4, energy="arc", must=("mv_floss", "mv_dab"), never=("mv_clap",),
    first="mv_two_step", last="mv_star_hit", locked=((16.0, Step("mv_moonwalk", 8)),), novelty=0.2, diversity=0.7,
)  # fmt: skip


def measure() -> list[Row]:
    """suggest, markov: 200 moves and a million transitions; plan_16_bars: all wishes at once; previews of 16 bars."""
    taxonomy = many_moves(load_taxonomy(TAXONOMY))
    book = Book(taxonomy, learned(list(taxonomy.moves)))
    return [*foretelling(book), over_http(book), planning(book), *showing(taxonomy)]


def many_moves(taxonomy: Taxonomy) -> Taxonomy:
    """The taxonomy with moves of it again under other names, MOVES in all."""
    moves, names = dict(taxonomy.moves), list(taxonomy.moves)
    for i in range(MOVES - len(moves)):
        old = taxonomy.moves[names[i % len(names)]]
        name = f"mv_more_{i}"
        moves[name] = replace(old, move_id=name, name=f"More {i}", aliases=(), mirror=name)
    return replace(taxonomy, moves=dict(sorted(moves.items())))


def learned(names: list[str]) -> Counts:
    """A million transitions of people who like some moves after others."""
    rng = np.random.default_rng(0)
    likes = rng.dirichlet(np.full(MOVES, 0.1), size=MOVES).cumsum(axis=1)
    dances = TRANSITIONS // LENGTH
    at, walks = rng.integers(MOVES, size=dances), []
    for _ in range(LENGTH):
        walks.append(at)
        at = np.minimum((likes[at] < rng.uniform(size=(dances, 1))).sum(axis=1), MOVES - 1)
    heard = [Heard(name, 4.0) for name in names]
    return count(Choreography(str(i), tuple(heard[k] for k in walk)) for i, walk in enumerate(np.stack(walks, axis=1)))


def foretelling(book: Book) -> list[Row]:
    rng, names = np.random.default_rng(1), book.model.names
    contexts = [[Step(names[k], 4) for k in rng.integers(len(names), size=3)] for _ in range(ROUNDS)]
    numbers, wish = settings().composer, Wish(8, BPM, energy="build")
    plain = p95(lambda i: book.model.after(contexts[i][-2].move_id, contexts[i][-1].move_id))
    whole = p95(lambda i: suggest(contexts[i], wish, book, numbers))
    decoder = untrained(names)
    heard = [tuple(Heard(names[k], 4.0) for k in rng.integers(len(names), size=decoder.longest)) for _ in range(ROUNDS)]

    def both(i: int) -> None:
        suggest(contexts[i], wish, book, numbers)
        said = opinions(book.model, decoder, Context(heard[i], False))
        assert said  # there is enough context
        said.blended(decoder.share)

    blend = p95(both)
    return [
        Row("suggest_blend", blend, "ms, p95", "with the decoder's word", blend / whole, "< 60 ms", blend < 60),
        Row("markov", plain, "ms, p95", "the distribution alone", whole / plain, "< 2 ms", plain < 2),
        Row("suggest", whole, "ms, p95", "ten moves with reasons", whole / plain, "< 2 ms", whole < 2),
    ]


def untrained(names: Sequence[str]) -> Decoder:
    """A decoder of the size of configs/decoder.yaml for these moves: what it costs does not depend on what it knows."""
    numbers, rng = settings().decoder, np.random.default_rng(3)
    words = vocabulary([], settings().composer.styles, names)
    width, shapes = numbers.width, {"token.weight": (words.size, numbers.width)}
    shapes["place.weight"] = (AHEAD + A_STEP * numbers.steps, width)
    for i in range(numbers.layers):
        linear = {
            "ask": (3 * width, width),
            "join": (width, width),
            "up": (4 * width, width),
            "down": (width, 4 * width),
        }
        shapes |= {f"blocks.{i}.{name}.weight": shape for name, shape in linear.items()}
        shapes |= {f"blocks.{i}.{name}.bias": shape[:1] for name, shape in linear.items()}
        shapes |= {f"blocks.{i}.{norm}.{part}": (width,) for norm in ("norm1", "norm2") for part in ("weight", "bias")}
    shapes |= {"norm.weight": (width,), "norm.bias": (width,)}
    weights = {name: rng.normal(0, 0.1, shape).astype(np.float32) for name, shape in shapes.items()}
    return Decoder(words, weights, numbers.heads, numbers.from_steps, 0.5)


class Here:
    """serve.composing.Composing in this process."""

    def __init__(self, book: Book) -> None:
        self.writer = Writer(book, settings().composer)

    async def suggest(self, before: Sequence[Step], wish: Wish, variant: str) -> list[Suggestion]:
        return self.writer.suggest(before, wish)


def over_http(book: Book) -> Row:
    """A suggestion asked for over a socket, signed in and counted as in the service; processor time of client and
    server together, without that of PostgreSQL and of the way between two replicas."""
    with own_home() as folder:
        whole = settings().serve
        numbers = settings().model_copy(update={"serve": replace(whole, calls_per_minute=1_000_000)})
        pool = engine()
        key = sign_in.make_api_key(pool, accounts.register(pool, "a@example.org", "ann", None), "bench")[1]
        composing: Any = Here(book)
        app = create_app(Services(pool, LocalObjects(folder), numbers, composing, composing, to_file))
        server = uvicorn.Server(uvicorn.Config(app, port=0, log_level="error"))
        threading.Thread(target=server.run, daemon=True).start()
        while not server.started:
            time.sleep(0.05)
        port = server.servers[0].sockets[0].getsockname()[1]
        rng, names = np.random.default_rng(2), book.model.names
        with httpx2.Client(
            base_url=f"http://127.0.0.1:{port}", headers={"Authorization": f"Bearer {key}"}, timeout=60
        ) as client:

            def ask(_: int) -> None:
                prev2, prev = (names[k] for k in rng.integers(len(names), size=2))
                asked = client.get("/v1/composer/suggest", params={"prev2": prev2, "prev": prev, "bpm": BPM})
                asked.raise_for_status()

            took = p95(ask)
        server.should_exit = True
    return Row("suggest_http", took, "ms, p95", "ten moves with reasons", took / 80, "< 80 ms", took < 80)


def planning(book: Book) -> Row:
    numbers = settings().composer
    took = p95(lambda i: plan(replace(ALL_WISHES, seed=i), book, numbers), rounds=20)
    free = p95(lambda i: plan(Wish(16, BPM, seed=i), book, numbers), rounds=20)
    return Row("plan_16_bars", took, "ms, p95", f"without wishes: {free:.0f} ms", took / free, "< 200 ms", took < 200)


def showing(taxonomy: Taxonomy) -> list[Row]:
    numbers = settings()
    steps = plan(Wish(16, BPM, diversity=1.0), Book(taxonomy, Counts()), numbers.composer).steps
    made = Composition("16 bars", BPM, steps, taxonomy.semver, datetime.now(UTC))
    names = {move.move_id: move.name for move in taxonomy.moves.values()}

    def preview(_: int) -> None:
        dance = danced(steps, taxonomy, BPM, numbers.media.rate_hz, numbers.composer)
        frames_json(made, dance.motion, names, numbers.media.rate_hz)

    warm_up(taxonomy, numbers.composer)  # as the service does when it starts
    start = time.process_time()
    preview(0)
    cold = 1000 * (time.process_time() - start)
    took = p95(preview, rounds=50)
    motion = danced(steps, taxonomy, BPM, numbers.media.rate_hz, numbers.composer).motion
    with TemporaryDirectory() as folder:
        start = time.process_time()
        film(Path(folder) / "dance.mp4", made, motion, names)
        speed = made.seconds(made.beats) / (time.process_time() - start)
    return [
        Row("preview_json", took, "ms, p95", "16 bars that were shown before", took / 50, "< 50 ms", took < 50),
        Row("preview_first", cold, "ms", "16 bars that nobody saw", cold / 50, "< 50 ms", cold < 50),
        Row("preview_mp4", speed, "x real time", "640 x 640, 30 Hz", speed / 4, ">= 4", speed >= 4),
    ]


def p95(work: Callable[[int], object], rounds: int = ROUNDS) -> float:
    """Milliseconds of processor time within which 95 of 100 calls are done; the first call is left out."""
    work(0)
    took = []
    for i in range(rounds):
        start = time.process_time()
        work(i)
        took.append(1000 * (time.process_time() - start))
    return float(np.quantile(took, 0.95))
