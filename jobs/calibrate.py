"""Fits how BlazePose errs on synthetic dancers: `python -m jobs.calibrate FOLDER [CLIPS]`.

Renders short clips with all knobs on, lets BlazePose look at them, and fits `dancecore/synthetic/landmarks.yaml` and
`configs/observe.yaml`. To say how well that goes, it fits on one half first and sets the other half beside what the
error model makes of it. Samples that are in FOLDER already are used again; others take five seconds each.
"""

import json
import sys
from collections.abc import Sequence
from dataclasses import asdict, replace
from pathlib import Path

import numpy as np

from cluster.library import TAXONOMY
from cluster.settings import CONFIGS, settings
from cluster.weights import fetch
from dancecore.moves.taxonomy import load_taxonomy
from dancecore.pose import load
from dancecore.synthetic.agreement import figures, modelled
from dancecore.synthetic.dance import draw_knobs
from dancecore.synthetic.fitting import fit
from dancecore.synthetic.landmarks import PART, PARTS, TABLE, Landmarks, load_landmarks
from dancecore.synthetic.mapping import fit_landmarks
from dancecore.synthetic.observe_settings import ObserveSettings
from dancecore.synthetic.residuals import followed, residuals
from dancecore.synthetic.samples import Sample, read_sample, write_sample
from dancecore.synthetic.sampling import take_sample
from dancecore.synthetic.settings import SyntheticSettings
from dancecore.types import Float64

FIRST_SEED, CLIPS = 900_000, 60
"""Far from the seeds of data sets and tests; so many clips give every number a thousand frames and more."""

SECONDS, BACK_SHARE = (4.0, 6.0), 0.25
"""Short clips hold more bodies and views in a minute of rendering; backs are rarer in clips than the fit wants them."""

OBSERVE = CONFIGS / "observe.yaml"

REASONS = {
    "steady": "torso lengths, each axis: of a joint in sight, the same all through a clip",
    "jitter": "torso lengths, each axis: of a joint in sight, coming and going",
    "jitter_s": "seconds over which jitter fades",
    "flicker": "share of jitter's variance that is new in every frame",
    "view_loud": "logarithm of how much larger errors are: facing us, half turned, in profile, from behind",
    "size_loud": "power of the dancer's size in the picture by which errors, in torso lengths, fall",
    "cut_loud": "logarithm of how much larger they are when all is outside the picture, in proportion when less is",
    "clip_spread": "of the logarithm: some clips shake more than others, by light, noise and size",
    "joint_spread": "the same of each joint by itself",
    "slip_share": "share of frames in which a joint in sight slips, nobody knows why",
    "slip": "torso lengths, each axis: how far",
    "slip_spread": "of the logarithm of that share, from clip to clip",
    "slip_s": "seconds for which it does",
    "twin_x": "correlation of a joint's errors across the picture with its twin's: below 0 where bodies look wider",
    "twin_y": "the same, up and down",
    "inherit": "share of the error of the joint before that a joint in sight takes over",
    "pull_x": "across: towards the joint before, along the bone before that, towards the twin; shares of the way",
    "pull_y": "up and down, the same: tilts of hips and head are reported too small",
    "guess": "torso lengths, each axis: beyond that of the joint before, of a joint that is not believed at all",
    "guess_fade": "seconds over which a guess changes, and the share that is new in every frame",
    "shrink": "share of the bone by which a joint that is not believed is too near to the one before it",
    "sure": "logit of the visibility of a joint in sight",
    "hide": "by which it falls when body parts or other people cover the joint",
    "beyond": "by which it falls far outside the picture",
    "edge": "share of the way back to the picture's edge at which joints outside it are reported",
    "waver": "of that logit over time",
    "waver_steady": "of that logit from clip to clip",
    "waver_fade": "seconds over which it changes, and the share that is new in every frame",
    "torso_m": "everybody is reported with a torso of this length",
    "torso_spread": "of it from clip to clip, as a share",
    "flat_inherit": "share that a joint takes over of the error before it, in world x and y beyond the image's",
    "flat_twin_x": "correlation of what is not taken over with the twin's, across the picture",
    "flat_twin_y": "the same, up and down",
    "flat_steady": "torso lengths, beyond that: all through a clip",
    "flat_jitter": "the same, coming and going",
    "flat_fade": "seconds over which it fades, and the share that is new in every frame",
    "depth_slope": "reported over true depth, of the middle of twins: facing us, half turned, in profile, from behind",
    "depth_apart": "the same of how far apart in depth twins are: which way a body faces",
    "lean": "torso lengths farther away, for who faces us; from behind as much nearer: bodies are reported to lean",
    "sway": "torso lengths of depth in which head and trunk err as one",
    "sway_fade": "seconds over which that fades, and the share that is new in every frame",
    "sway_steady": "the part of it that lasts, over the part that comes and goes",
    "depth_inherit": "share of the depth error of the joint before that a joint takes over",
    "depth_twin": "correlation of what is not taken over with the twin's",
    "depth_steady": "torso lengths, beyond that: all through a clip",
    "depth_jitter": "the same, coming and going",
    "depth_guess": "the same, added for a joint that is not believed",
    "depth_fade": "seconds over which it fades, and the share that is new in every frame",
    "body_swapped": "share of frames, left and right exchanged below the head: facing us, half turned, profile, back",
    "arms_swapped": "the same of the arms alone",
    "legs_swapped": "the same of the legs alone",
    "swap_s": "seconds that an exchange lasts",
    "missed_share": "of frames in which the dancer is not found",
    "missed_s": "seconds that this lasts",
}  # fmt: skip


def calibrate(folder: Path, clips: int = CLIPS) -> dict[str, tuple[float, float]]:
    """Write both tables anew and `folder`/agreement.json and .png; each figure measured and modelled, by name."""
    every = [_sample(folder, FIRST_SEED + number) for number in range(clips)]
    samples = [sample for sample in every if followed(sample)]
    print(f"in {len(every) - len(samples)} of {clips} clips the tracker followed somebody else", file=sys.stderr)
    half = fit_landmarks(samples[::2], load_landmarks())
    held = [sample.mapped(half) for sample in samples[1::2]]
    model = modelled(held, fit([sample.mapped(half) for sample in samples[::2]]))
    real, made = figures(held), figures(model)
    both = {name: (value, made[name]) for name, value in real.items()}
    landmarks = fit_landmarks(samples, load_landmarks())
    _write_landmarks(landmarks)
    numbers = fit([sample.mapped(landmarks) for sample in samples])
    OBSERVE.write_text(as_yaml(numbers, len(samples)), encoding="utf-8")
    (folder / "agreement.json").write_text(json.dumps(both, indent=1) + "\n", encoding="utf-8")
    _plot(both, held, model, folder / "agreement.png")
    return both


def calibration_settings(numbers: SyntheticSettings) -> SyntheticSettings:
    """All knobs on, in short clips with more backs."""
    view = replace(numbers.scene.view, back_share=BACK_SHARE)
    return replace(
        numbers, dance=replace(numbers.dance, seconds=SECONDS), scene=replace(numbers.scene, view=view)
    )  # fmt: skip


def _sample(folder: Path, seed: int) -> Sample:
    path = folder / f"sample_{seed}.npz"
    if not path.exists():
        numbers, taxonomy = settings(), load_taxonomy(TAXONOMY)
        model = load(numbers.pose.variant, fetch([numbers.pose.variant]), numbers.pose, "cpu")
        knobs = draw_knobs(seed, calibration_settings(numbers.synthetic), taxonomy)
        write_sample(take_sample(knobs, taxonomy, model, numbers.pose, numbers.media.rate_hz), path)
        print(path.name, file=sys.stderr, flush=True)
    return read_sample(path)


def as_yaml(numbers: ObserveSettings, clips: int) -> str:
    """The numbers as a file of `configs/`."""
    lines = [
        f"# How BlazePose (full) errs: fitted by `python -m jobs.calibrate` on {clips} rendered clips, all knobs on.",
        "# Standard deviations unless said otherwise. Lists hold a number for each of:",
        f"#   {', '.join(PARTS)}",
    ]
    for name, value in asdict(numbers).items():
        reason = f"  # {REASONS[name]}"
        if isinstance(value, tuple) and isinstance(value[0], tuple):
            rows = [f"  - {list(row)}  # {part}" for part, row in zip(PARTS, value, strict=True)]
            lines += [f"{name}:{reason}", *rows]
        else:
            lines.append(f"{name}: {list(value) if isinstance(value, tuple) else value}{reason}")
    return "\n".join(lines) + "\n"


def _write_landmarks(landmarks: Landmarks) -> None:
    """Change the offsets in the table; its words stay."""
    lines = []
    for line in TABLE.read_text(encoding="utf-8").splitlines():
        name = line.partition(":")[0]
        if name in PARTS:
            offset = landmarks.offset[int(np.argmax(PARTS.index(name) == PART))]
            line = f"{line.partition('offset')[0]}offset: {(np.round(offset, 3) + 0.0).tolist()}}}"
        lines.append(line)
    TABLE.write_text("\n".join(lines) + "\n", encoding="utf-8")


def _plot(both: dict[str, tuple[float, float]], real: Sequence[Sample], model: Sequence[Sample], path: Path) -> None:
    """Every figure measured against modelled, and how errors and visibilities are spread."""
    import matplotlib

    matplotlib.use("Agg")
    from matplotlib import pyplot

    figure, (scatter, errors, visibility) = pyplot.subplots(1, 3, figsize=(15, 5))
    measured, made = np.array(list(both.values())).clip(min=1e-3).T
    scatter.loglog(measured, made, ".")
    scatter.plot([1e-3, 1], [1e-3, 1], "k:")
    for name, x, y in zip(both, measured, made, strict=True):
        if abs(np.log(x / y)) > np.log(1.5) and x > 0.01:
            scatter.annotate(name, (x, y), fontsize=6)
    scatter.set(xlabel="measured", ylabel="modelled", title="figures")
    for samples, label in ((real, "BlazePose"), (model, "model")):
        seen = residuals(samples)
        errors.semilogx(*_below(np.linalg.norm(seen.error, axis=-1).clip(min=1e-3)), label=label)
        visibility.plot(*_below(1 - seen.doubt), label=label)
    errors.set(xlabel="error, torso lengths", ylabel="share of joints below", title="errors in the picture")
    visibility.set(xlabel="visibility", ylabel="share of joints below", title="visibility")
    errors.legend()
    figure.tight_layout()
    figure.savefig(path, dpi=110)
    pyplot.close(figure)


def _below(values: Float64) -> tuple[Float64, Float64]:
    """The values that are known, in order, and the share of them that lies below each."""
    known = np.sort(values[np.isfinite(values)])
    return known, np.linspace(0, 1, len(known))


def main(arguments: Sequence[str]) -> int:
    """Calibrate and print the figures side by side."""
    clips = int(arguments[1]) if len(arguments) > 1 else CLIPS
    for name, (measured, model) in calibrate(Path(arguments[0]), clips).items():
        print(f"{name:32} measured {measured:7.3f}  modelled {model:7.3f}")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
