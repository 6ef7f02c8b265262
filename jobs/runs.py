"""The folder of one training: what was asked for, how it went, and the bundle that came out."""

import json
import shlex
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict
from importlib.metadata import version
from pathlib import Path
from typing import TYPE_CHECKING, Any

from dancecore.errors import DanceError
from dancecore.features import FEATURE_VERSION
from dancecore.learning.datasets.folder import write_whole
from dancecore.models.bundle import Bundle, write_bundle
from dancecore.models.frames import told_of
from dancecore.settings import TrainSettings
from jobs.training_data import Data

if TYPE_CHECKING:
    from jobs.train import Plan

CONFIG, CURVES, PICTURE, BUNDLE = "config.json", "curves.json", "curves.png", "bundle"

PACKAGES = ("ray", "torch", "numpy", "scipy", "numba", "onnx", "onnxruntime", "pyarrow")

Curves = list[dict[str, float]]


def claim(run: Path, settings: TrainSettings, data: Data) -> dict[str, Any]:
    """Say in `run` what is trained there. Raises DanceError("INVALID_INPUT") when something else is."""
    asked = {"settings": asdict(settings), "data_version": data.version, "data": data.made_of}
    asked = json.loads(json.dumps(asked))
    path = run / CONFIG
    if path.exists():
        config: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
        other = [name for name in asked["settings"] if config["settings"].get(name) != asked["settings"][name]]
        other += ["data_version"] if config["data_version"] != asked["data_version"] else []
        if other:
            message = f"{run} holds another training; other: {', '.join(other)}. Name another model or folder"
            raise DanceError("INVALID_INPUT", message, {"differs": other})
        return config
    config = asked | {
        "packages": {name: version(name) for name in PACKAGES}, "python": sys.version.split()[0],
        "git_sha": git_sha(), "command": shlex.join(["danceapp", *sys.argv[1:]]), "machine": machine(),
    }  # fmt: skip
    write_whole(path, (json.dumps(config, indent=1) + "\n").encode())
    return config


def git_sha() -> str:
    """The commit of this program, with a plus when files differ from it; "" outside a repository."""
    said = [
        subprocess.run(["git", *words], cwd=Path(__file__).parent, capture_output=True, text=True, check=False)  # noqa: S603, S607
        for words in (["rev-parse", "HEAD"], ["status", "--porcelain", "--untracked-files=no"])
    ]
    return said[0].stdout.strip() + ("+" if said[1].stdout.strip() else "")


def machine() -> dict[str, Any]:
    """What the training runs on."""
    import platform

    import torch

    cards = [torch.cuda.get_device_name(k) for k in range(torch.cuda.device_count())]
    return {"platform": platform.platform(), "cards": cards, "cuda": torch.version.cuda}


def save_curves(run: Path, curves: Curves) -> None:
    """Write the losses and metrics of the epochs so far, as numbers and as a picture."""
    from io import BytesIO

    from matplotlib.figure import Figure

    write_whole(run / CURVES, (json.dumps(curves, indent=1) + "\n").encode())
    figure = Figure(figsize=(10, 4), layout="constrained")
    losses, scores = figure.subplots(1, 2)
    for name in curves[0]:
        if name not in ("epoch", "steps"):
            axes = losses if name.endswith("_loss") else scores
            axes.plot([curve["epoch"] for curve in curves], [curve[name] for curve in curves], ".-", label=name)
    for axes, title in ((losses, "loss in training"), (scores, "people training never saw")):
        axes.set(xlabel="epoch", title=title)
        axes.legend()
    drawn = BytesIO()
    figure.savefig(drawn, format="png", dpi=100)
    write_whole(run / PICTURE, drawn.getvalue())


@contextmanager
def watched(run: Path, epochs: int, every_s: float = 2.0) -> Iterator[None]:
    """Meanwhile say on stderr how each new epoch went: Ray's workers have no terminal."""
    done = threading.Event()

    def watch(seen: int) -> None:
        while True:
            last = done.wait(every_s)
            curves = read_curves(run)
            for curve in curves[seen:]:
                said = "  ".join(
                    f"{name} {value:.3f}" for name, value in curve.items() if name not in ("epoch", "steps")
                )
                print(f"epoch {curve['epoch']:.0f}/{epochs}  {said}", file=sys.stderr, flush=True)
            seen = max(seen, len(curves))
            if last:
                return

    watcher = threading.Thread(target=watch, args=[len(read_curves(run))])
    watcher.start()
    try:
        yield
    finally:
        done.set()
        watcher.join()


def read_curves(run: Path) -> Curves:
    """The epochs so far."""
    path = run / CURVES
    curves: Curves = json.loads(path.read_text(encoding="utf-8")) if path.exists() else []
    return curves


def finish(run: Path, model_id: str, taxonomy: str, plan: "Plan", state: Path, config: dict[str, Any]) -> Bundle:
    """Make the bundle of a network that is trained: calibrate, judge and export it."""
    import torch

    from dancecore.models import fitting
    from dancecore.models.calibrate import calibrated
    from dancecore.models.export import to_onnx
    from dancecore.models.network import build

    settings, data = plan.settings, plan.data
    network = build(settings.arch, torch.tensor(plan.mean), torch.tensor(plan.std), len(data.labels), 0.0, 0)
    network.load_state_dict(torch.load(state, weights_only=True)["network"])
    known = told_of(data.examples("validation"))
    fitted = calibrated(known, data.labels, settings.window, settings.hop, fitting.runner(network))
    trained = {
        "clips": plan.clips, "segments": plan.segments, "taxonomy": taxonomy, "data_version": data.version,
        "without": list(data.without),
    }  # fmt: skip
    bundle = Bundle(
        model_id=model_id, arch=settings.arch, feature_version=FEATURE_VERSION, taxonomy=taxonomy, labels=data.labels,
        mean=plan.mean, std=plan.std, temperature=fitted.temperature, fusion={}, mirrored=fitted.mirrored,
        window=settings.window, hop=settings.hop, metrics=fitted.metrics, train_data=trained,
        seeds={"train": settings.seed, "first_clip": settings.first_seed}, git_sha=config["git_sha"],
        command=config["command"], confusion=fitted.confusion, network=to_onnx(network),
    )  # fmt: skip
    write_bundle(bundle, run / BUNDLE)
    return bundle
