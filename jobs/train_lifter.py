"""Trains the lifter: `python -m jobs.train_lifter FOLDER [OUT]`.

Makes pairs of synthetic performances (`configs/lifting.yaml`), which stay in FOLDER and are used again, trains on one
thread, and writes the network (default: `dancecore/lifting/lifter.onnx`). Every fifth move of the taxonomy is left out,
so that the lifter is tested on moves it has never seen. The same numbers and the same machine give the same file.
"""

import hashlib
import sys
from collections.abc import Sequence
from pathlib import Path

import numpy as np

from cluster.library import TAXONOMY
from cluster.settings import Settings, settings
from dancecore.errors import DanceError
from dancecore.learning.datasets.folder import write_whole
from dancecore.lifting.lifter import MODEL
from dancecore.lifting.performances import Sample, World, perform
from dancecore.moves.taxonomy import Taxonomy, load_taxonomy
from dancecore.synthetic.creators import draw_creator
from dancecore.synthetic.fast_body import fast_body

SEED = 0

PER_FILE = 250
"""Pairs in a file: a minute's work, that is lost when the program is stopped."""


def world(numbers: Settings, taxonomy: Taxonomy, moves: Sequence[str]) -> World:
    """What performances of these moves are drawn from."""
    people, wardrobe = numbers.synthetic.people, numbers.synthetic.wardrobe
    bodies = tuple(fast_body(draw_creator(n, people, wardrobe).shape) for n in range(numbers.lifting.bodies))
    return World(
        taxonomy, tuple(moves), bodies, numbers.observe, numbers.features, numbers.pose, numbers.media.rate_hz,
        numbers.lifting.seconds,
    )  # fmt: skip


def held_out(taxonomy: Taxonomy, every: int) -> list[str]:
    """The moves that the lifter is not shown: one of so many, in order of id."""
    return list(taxonomy.moves)[every // 2 :: every]


def pairs(folder: Path, numbers: Settings) -> dict[str, np.ndarray]:
    """The training data, made where FOLDER lacks it."""
    taxonomy = load_taxonomy(TAXONOMY)
    hidden = held_out(taxonomy, numbers.lifting.hold_out_every)
    drawn_from = world(numbers, taxonomy, [move for move in taxonomy.moves if move not in hidden])
    parts = []
    for first in range(0, numbers.lifting.pairs, PER_FILE):
        path = folder / f"pairs_{first:06d}.npz"
        if not path.exists():
            seeds = range(first, min(first + PER_FILE, numbers.lifting.pairs))
            folder.mkdir(parents=True, exist_ok=True)
            with path.with_suffix(".part").open("wb") as opened:
                made = [pair for seed in seeds if (pair := _performed(drawn_from, seed))]
                np.savez(opened, allow_pickle=False, **_stacked(made))
            path.with_suffix(".part").replace(path)
            print(f"{seeds.stop} of {numbers.lifting.pairs} pairs", file=sys.stderr, flush=True)
        with np.load(path) as stored:
            parts.append(dict(stored))
    return {name: np.concatenate([part[name] for part in parts]) for name in parts[0]}


def _performed(drawn_from: World, seed: int) -> tuple[Sample, Sample] | None:
    """A pair; None for the few made-up dances whose steps no legs reach."""
    try:
        return perform(drawn_from, seed)
    except DanceError:
        return None


def _stacked(made: Sequence[tuple[Sample, Sample]]) -> dict[str, np.ndarray]:
    """Half precision is finer than the poses; seconds of a dance need more."""
    names = {
        "inputs": np.float16,
        "pose": np.float16,
        "facing": np.float16,
        "travel": np.float16,
        "content": np.float32,
    }
    return {
        name: np.stack([[getattr(sample, name) for sample in pair] for pair in made]).astype(dtype)
        for name, dtype in names.items()
    }


def main(arguments: Sequence[str]) -> int:
    """Train, and say what the network is."""
    from dancecore.lifting.export import to_onnx
    from dancecore.lifting.training import Progress, train

    def report(progress: Progress) -> None:
        print(
            f"step {progress.step} of {numbers.lifting.steps}: poses off by {progress.error:.3f} torso lengths, "
            f"instants told apart with loss {progress.embedding:.3f}", file=sys.stderr, flush=True,
        )  # fmt: skip

    numbers = settings()
    out = Path(arguments[1]) if len(arguments) > 1 else MODEL
    data = pairs(Path(arguments[0]), numbers)
    digest = hashlib.sha256(b"".join(np.ascontiguousarray(values).data for values in data.values())).hexdigest()
    model = to_onnx(train(data, numbers.lifting, SEED, report), numbers.lifting.dilations)
    write_whole(out, model)
    print(f"{out}: {len(model) / 1e6:.2f} MB, seed {SEED}, {len(data['pose'])} pairs, data {digest[:16]}")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
