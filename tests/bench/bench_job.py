"""The indexing job: how quick, how it scales, how flat its memory, and what Ray costs over its bare parts."""

import multiprocessing
import os
import shutil
import tempfile
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from itertools import count, cycle, islice
from pathlib import Path
from statistics import median

import cv2
import numpy as np
import psutil

from cluster import embedded
from cluster.database import engine
from cluster.library import Library, load_library, store_moves
from cluster.migrate import migrate
from cluster.placement import plan
from cluster.ray_session import nodes, session
from cluster.serving import Served
from cluster.settings import Settings, home, settings
from cluster.weights import fetch
from dancecore import pose
from dancecore.media import frames
from dancecore.media.writing import write_video
from dancecore.models.classify import Classifier
from dancecore.pipeline import analyse
from dancecore.types import Image
from jobs.guard import Row as ClipRow
from jobs.index import run
from jobs.probe import probe_row
from jobs.summary import Summary, summarise
from tests.bench.report import Row

ROOT = Path(__file__).parent.parent.parent
SAMPLES = sorted((ROOT / "tests/data/clips").glob("*.mp4"))
DATA = Path(os.environ.get("DANCEAPP_TEST_DATA", ROOT / "../shared/data")).resolve()
REAL = DATA / "video/solo/left_right_step.webm"
ROUNDS = 3
"""Each side of a comparison is measured this often, in turns."""

COPIES = 3
"""Of each sample clip: 18 clips of about 4 300 frames, half a minute on two cores."""

_marks = count()


def measure() -> list[Row]:
    """clip_realtime, two_actors, memory_flat and job_vs_parts."""
    os.environ["RAY_worker_niceness"] = "0"  # noqa: SIM112  (as the parts: Ray's 15 yields to all else)
    library = load_library(settings())
    with own_home() as folder:
        rows = [clip_realtime(folder, library)]
        with session(None, settings().cluster):
            clips = many_of(SAMPLES, folder / "many")
            rows += [two_actors(clips, library), memory_flat(folder, library), job_vs_parts(clips, library)]
    return rows


def clip_realtime(folder: Path, library: Library) -> Row:
    """The whole analysis of 30 s of 720p with music, warm, on one core, as a share of its length."""
    seconds, fps = 30, 30
    clip = folder / "half-a-minute.mp4"
    beat = np.sin(np.arange(22050 // 2) / 10) * np.exp(-np.arange(22050 // 2) / 800)
    music = np.tile(beat, 2 * seconds).astype(np.float32)
    source = REAL if REAL.exists() else SAMPLES[0]
    write_video(clip, islice(_looped(source, fps, (1280, 720)), seconds * fps), fps, music, 22050)
    with _one_core():
        numbers = settings().analysis
        model = pose.load(settings().pose.variant, fetch([settings().pose.variant]), settings().pose, "cpu")
        classifier = Classifier(library.bundle) if library.bundle else None
        analyse(SAMPLES[0], model, library.bank, numbers, classifier)
        spent = median(_seconds(lambda: analyse(clip, model, library.bank, numbers, classifier)) for _ in range(ROUNDS))
    share = spent / seconds
    return Row("clip_realtime", share, "of its length", f"30 s of 720p, {source.name}", share, "<= 0.6", share <= 0.6)


def two_actors(clips: Sequence[Path], library: Library) -> Row:
    """Frames/s of two pose actors over one, in the whole job."""
    one, two = [], []
    for _ in range(ROUNDS):
        one.append(_job(clips, library, actors=1).frames_per_s)
        two.append(_job(clips, library, actors=2).frames_per_s)
    ratio = median(b / a for a, b in zip(one, two, strict=True))
    peer = f"one actor: {median(one):.1f} frames/s"
    return Row("two_actors", median(two), "frames/s", peer, ratio, ">= 1.6", ratio >= 1.6)


def memory_flat(folder: Path, library: Library) -> Row:
    """Peak memory of the driver and all workers together, indexing 60 clips over 12."""
    clips = [folder / "short" / f"{number}.mp4" for number in range(60)]
    clips[0].parent.mkdir()
    pictures = list(islice(_looped(SAMPLES[0], 20, (360, 640)), 64))
    for number, clip in enumerate(clips):
        write_video(clip, [np.roll(picture, number, axis=1) for picture in pictures], 20)
    with _peak() as few:
        _job(clips[:12], library)
    with _peak() as many:
        _job(clips, library)
    ratio = many[0] / few[0]
    peer = f"12 clips: {few[0] / 1e6:.0f} MB"
    return Row("memory_flat", many[0] / 1e6, "MB", peer, ratio, "<= 1.10", ratio <= 1.10)


def job_vs_parts(clips: Sequence[Path], library: Library) -> Row:
    """Frames/s of the indexing job over decoding and pose alone, in one process for each of its actors."""
    placed = plan(nodes(), settings().cluster)
    processes = placed.pose_actors  # type: ignore[union-attr]  # a Shortfall would have stopped the job before
    job, parts = [], []
    for _ in range(ROUNDS):
        job.append(_job(clips, library).frames_per_s)
        with multiprocessing.get_context("spawn").Pool(processes) as pool:
            parts.append(sum(pool.map(_part, [clips[i::processes] for i in range(processes)], chunksize=1)))
    ratio = median(a / b for a, b in zip(job, parts, strict=True))
    peer = f"decode + pose in {processes} processes: {median(parts):.1f} frames/s"
    return Row("job_vs_parts", median(job), "frames/s", peer, ratio, ">= 0.85", ratio >= 0.85)


def many_of(clips: Sequence[Path], folder: Path) -> list[Path]:
    """COPIES of each clip, each file another by a last box that players pass over (ISO 14496-12, section 8.1.2).

    So a run is long beside the seconds in which its workers start.
    """
    folder.mkdir()
    made = [folder / f"{number}-{clip.name}" for number in range(COPIES) for clip in clips]
    for path, (number, clip) in zip(made, ((n, clip) for n in range(COPIES) for clip in clips), strict=True):
        path.write_bytes(clip.read_bytes() + b"\0\0\0\x09free" + bytes([number]))
    return made


@contextmanager
def own_home() -> Iterator[Path]:
    """A home folder, a database and weights for the benchmark alone."""
    weights, folder = fetch([settings().pose.variant]), Path(tempfile.mkdtemp(prefix="danceapp-bench-"))
    before = {name: os.environ.get(name) for name in ("DANCEAPP_HOME", "DANCEAPP_DATABASE_URL")}
    os.environ["DANCEAPP_HOME"] = str(folder)
    os.environ.pop("DANCEAPP_DATABASE_URL", None)
    (folder / "weights").symlink_to(weights)
    try:
        migrate()
        yield folder
    finally:
        engine().dispose()
        embedded.stop(folder / "postgres")
        os.environ.update({name: value for name, value in before.items() if value is not None})
        if before["DANCEAPP_HOME"] is None:
            del os.environ["DANCEAPP_HOME"]
        shutil.rmtree(folder)


def _job(clips: Sequence[Path], library: Library, actors: int | None = None) -> Summary:
    """Index clips anew, as versions that nobody has used, with at most `actors` pose workers."""
    mark = f"bench-{next(_marks)}"
    fresh = replace(library, versions=replace(library.versions, pose=mark, features=mark, model=mark))
    numbers: Settings = settings()
    if actors is not None:
        numbers = numbers.model_copy(update={"cluster": replace(numbers.cluster, max_pose_actors=actors)})
    store_moves(engine(), library.taxonomy)
    manifest: list[ClipRow] = [probe_row(clip, numbers) for clip in clips]
    return summarise([], list(run(manifest, Served(fresh), numbers)), 0)


def _part(clips: Sequence[Path]) -> float:
    """Frames/s of decoding and pose, nothing else, in this process; loading the model is not counted."""
    numbers = settings()
    model = pose.load(numbers.pose.variant, home() / "weights", numbers.pose, "cpu")
    next(frames(clips[0], numbers.media.rate_hz))
    began, done = time.perf_counter(), 0
    for clip in clips:
        done += len(pose.estimate(frames(clip, numbers.media.rate_hz), model, numbers.pose)[0])
    return done / (time.perf_counter() - began)


def _looped(clip: Path, fps: int, size: tuple[int, int]) -> Iterator[Image]:
    """The pictures of a clip at `fps`, again and again, stretched to `size` (width, height)."""
    pictures = [cv2.resize(image, size) for batch in frames(clip, fps) for image in batch.images]
    yield from cycle(pictures)


@contextmanager
def _one_core() -> Iterator[None]:
    before = os.sched_getaffinity(0)
    os.sched_setaffinity(0, {max(before)})
    try:
        yield
    finally:
        os.sched_setaffinity(0, before)


@contextmanager
def _peak() -> Iterator[list[int]]:
    """Watches this process and Ray's workers; what is yielded holds the peak of their memory together, in bytes."""
    peak, stop = [0], threading.Event()

    def watch() -> None:
        while not stop.wait(0.2):
            peak[0] = max(peak[0], sum(_own_memory(process) for process in _family()))

    watcher = threading.Thread(target=watch)
    watcher.start()
    try:
        yield peak
    finally:
        stop.set()
        watcher.join()


def _family() -> list[psutil.Process]:
    me = psutil.Process()
    return [me, *me.children(recursive=True)]


def _own_memory(process: psutil.Process) -> int:
    """Memory that only this process holds: shared pages, such as libraries, would be counted once for each worker."""
    try:
        return process.memory_full_info().uss
    except psutil.Error:  # it ended since it was listed
        return 0


def _seconds(work: Callable[[], object]) -> float:
    began = time.perf_counter()
    work()
    return time.perf_counter() - began
