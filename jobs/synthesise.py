"""Makes synthetic dance clips with their ground truth: `danceapp synthesise`."""

from collections.abc import Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor, as_completed
from multiprocessing import get_context
from pathlib import Path

from cluster.library import TAXONOMY
from cluster.telemetry import progress
from dancecore.errors import DanceError
from dancecore.moves.taxonomy import load_taxonomy
from dancecore.synthetic.settings import SyntheticSettings

SAMPLES = Path(__file__).parent.parent / "tests" / "data" / "clips"

REPORT_S = 10.0
"""Between two lines of progress in a log."""


def synthesise(
    out: Path, seeds: Sequence[int], numbers: SyntheticSettings, taxonomy: Path = TAXONOMY,
    workers: int = 1, with_joints: bool = False,
) -> list[Path]:  # fmt: skip
    """Write the dance of each seed to `out` as syn_<seed>.mp4 with its truth in syn_<seed>.json; the videos' paths.

    `workers` processes share the seeds. `with_joints` adds the true joints as NPZ. What is there already is made
    again. Raises DanceError: MISSING_EXTRA without anny, BAD_TAXONOMY, INVALID_INPUT for a seed below 0.
    """
    if any(seed < 0 for seed in seeds):
        raise DanceError("INVALID_INPUT", f"seeds must be 0 or more, not {min(seeds)}")
    load_taxonomy(taxonomy)  # a bad one is refused before any work
    out.mkdir(parents=True, exist_ok=True)
    done: dict[int, Path] = {}
    with progress("synthesise", len(seeds), REPORT_S) as advance:
        for seed, path in _made(out, seeds, numbers, taxonomy, workers, with_joints):
            done[seed] = path
            advance(path.name)
    return [done[seed] for seed in seeds]


def _made(
    out: Path, seeds: Sequence[int], numbers: SyntheticSettings, taxonomy: Path, workers: int, with_joints: bool
) -> Iterator[tuple[int, Path]]:
    """Each seed with its video, as they become ready."""
    if workers == 1:
        for seed in seeds:
            yield seed, _make(out, seed, numbers, taxonomy, with_joints)
        return
    with ProcessPoolExecutor(workers, mp_context=get_context("spawn"), initializer=_one_thread) as pool:
        jobs = {pool.submit(_make, out, seed, numbers, taxonomy, with_joints): seed for seed in seeds}
        for job in as_completed(jobs):
            yield jobs[job], job.result()


def _one_thread() -> None:
    """A process a core: more threads would only fight."""
    import torch

    torch.set_num_threads(1)


def _make(out: Path, seed: int, numbers: SyntheticSettings, taxonomy: Path, with_joints: bool) -> Path:
    from dancecore.synthetic.clip import make_clip
    from dancecore.synthetic.dance import draw_knobs

    moves = load_taxonomy(taxonomy)
    path = out / f"syn_{seed:06d}.mp4"
    make_clip(draw_knobs(seed, numbers, moves), moves, path, with_joints=with_joints)
    return path
