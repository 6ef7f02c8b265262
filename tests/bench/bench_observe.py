"""Keypoint-only clips: how fast one core makes them; and how well BlazePose finds the joints of rendered ones."""

import time
from dataclasses import asdict, replace
from pathlib import Path
from statistics import mean
from tempfile import TemporaryDirectory

import numpy as np

from cluster.settings import Settings, settings
from cluster.weights import fetch
from dancecore.learning.datasets.folder import joints_path, write_entry, write_whole
from dancecore.learning.datasets.joints import pack_joints
from dancecore.moves.taxonomy import Taxonomy, load_taxonomy
from dancecore.pose import load
from dancecore.synthetic.dance import draw_knobs
from dancecore.synthetic.keypoints import make_keypoints
from dancecore.synthetic.samples import Sample
from dancecore.synthetic.sampling import take_sample
from dancecore.synthetic.sight import look
from tests.bench.report import Row

TAXONOMY = Path(__file__).parent.parent.parent / "taxonomy" / "tx-0.1"
CLIPS, TEN_SECONDS, KEYPOINTS_TARGET = 40, (9.5, 10.5), 60

SEEDS, SHORT = range(800_000, 800_024), (4.0, 6.0)
"""Of rendered dances that nothing was fitted on."""

TURNS = {"pck_front": (0.0, 15.0, 0.95), "pck_60": (60.0, 15.0, 0.92)}
"""How far dancers are turned from the camera, degrees, more or less by so many, and the PCK asked for."""


def measure() -> list[Row]:
    """keypoints: clips/s on one core, drawn, made and written. pck_front, pck_60: share of the joints in the picture
    that BlazePose finds within 0.2 torso lengths (PCK, Yang & Ramanan 2013), of dancers turned so, alone in the
    picture, all other knobs on."""
    taxonomy = load_taxonomy(TAXONOMY)
    return [_keypoints(taxonomy), *(_pck(name, taxonomy) for name in TURNS)]


def _keypoints(taxonomy: Taxonomy) -> Row:
    numbers = settings()
    drawn = replace(numbers.synthetic, dance=replace(numbers.synthetic.dance, seconds=TEN_SECONDS))
    short = numbers.model_copy(update={"synthetic": drawn})
    with TemporaryDirectory() as folder:
        took = [[_clip(seed, short, taxonomy, Path(folder)) for seed in range(CLIPS)] for _ in range(2)]
    first, again = (mean(each) for each in took)
    rate = 1 / again
    peer = f"{1000 * (first - again):.0f} ms more for the first clip of a creator"
    return Row("keypoints", rate, "clips/s", peer, rate / KEYPOINTS_TARGET, ">= 1", rate >= KEYPOINTS_TARGET)


def _clip(seed: int, numbers: Settings, taxonomy: Taxonomy, out: Path) -> float:
    """Processor seconds of a clip, from its seed to its files."""
    start, name = time.process_time(), f"syn_{seed:06d}"
    made = make_keypoints(
        draw_knobs(seed, numbers.synthetic, taxonomy), taxonomy, numbers.observe, numbers.media.rate_hz, name
    )
    write_entry(out, asdict(made.truth), made.tracks, "obs-1", compress=False)
    write_whole(joints_path(out, name), pack_joints(made.joints))
    return time.process_time() - start


def _pck(name: str, taxonomy: Taxonomy) -> Row:
    turn, spread, target = TURNS[name]
    right, all_of_them = 0, 0
    for seed in SEEDS:
        sample = _sample(seed, turn, taxonomy)
        sight = look(sample.joints, sample.camera)
        here = np.abs(np.degrees(np.abs(sight.turn)) - turn) <= spread
        inside = sight.outside[here] == 0
        miss = np.linalg.norm(sample.track.xy_px - sight.xy, axis=-1)[here] / sight.torso_px[here, None]
        right, all_of_them = right + int((miss < 0.2)[inside].sum()), all_of_them + int(inside.sum())
    share, peer = right / all_of_them, f"{all_of_them} joints of {len(SEEDS)} dances"
    return Row(name, share, "share", peer, share, f">= {target}", share >= target)


def _sample(seed: int, turn: float, taxonomy: Taxonomy) -> Sample:
    numbers = settings()
    scene, side = numbers.synthetic.scene, turn if seed % 2 else -turn
    view = replace(scene.view, front=(side, side), back_share=0.0)
    dance, people = numbers.synthetic.dance, numbers.synthetic.people
    drawn = replace(
        numbers.synthetic, dance=replace(dance, seconds=SHORT), people=replace(people, company_shares=(1.0, 0.0, 0.0)),
        scene=replace(scene, view=view),
    )  # fmt: skip
    model = load(numbers.pose.variant, fetch([numbers.pose.variant]), numbers.pose, "cpu")
    return take_sample(draw_knobs(seed, drawn, taxonomy), taxonomy, model, numbers.pose, numbers.media.rate_hz)
