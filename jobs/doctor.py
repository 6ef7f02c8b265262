"""What DanceApp needs and whether it is there: one line each, with the remedy for what is missing."""

import json
import os
import platform
import shutil
import sys
from collections.abc import Callable
from dataclasses import asdict, dataclass
from typing import Any

from cluster.settings import Settings, home, settings
from dancecore.errors import DanceError

ROOM_GB = 2.0
"""Free space that is asked for: the database takes 0.1 GB when empty, poses and features 0.3 MB a clip."""


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing that was looked at: its name, whether it is fit, what was found, and what to do if it is not."""

    name: str
    ok: bool
    found: str
    remedy: str = ""


def examine() -> list[Finding]:
    """Look at everything, in the order in which a run needs it."""
    numbers = settings()
    looks: list[tuple[str, Callable[[Settings], Finding]]] = [
        ("python", _python), ("cores", _cores), ("pose", _provider), ("weights", _weights), ("codecs", _codecs),
        ("database", _database), ("objects", _objects), ("ray", _ray), ("disk", _disk),
    ]  # fmt: skip
    return [_looked(name, look, numbers) for name, look in looks]


def print_findings(findings: list[Finding], as_json: bool) -> None:
    """One line each, or JSON."""
    if as_json:
        print(json.dumps([asdict(finding) for finding in findings], indent=2))
        return
    for finding in findings:
        word = "ok" if finding.ok else "missing"
        print(f"{finding.name:<9}{word:<9}{finding.found}" + (f"; {finding.remedy}" if finding.remedy else ""))


def print_models(as_json: bool) -> None:
    """The pose models and the classifiers of the registry: one line or JSON object each, told apart by `kind`."""
    from jobs.registry import model_rows, print_registered, registered

    rows = _pose_models()
    if as_json:
        rows += [{"kind": "classifier"} | row for row in model_rows(registered())]
        print(json.dumps(rows, indent=2))
        return
    for row in rows:
        here = "here" if row["here"] else f"not here: danceapp models --fetch {row['variant']}"
        used = ", in use" if row["in_use"] else ""
        print(f"{row['variant']:<7}{row['version']:<9}sha256 {row['sha256']}  {here}{used}")
    print_registered(registered())


def _pose_models() -> list[dict[str, Any]]:
    from cluster.weights import weights_dir
    from dancecore.pose import VARIANTS, weights

    rows = []
    for variant in VARIANTS:
        name = weights.landmarks_name(variant)
        rows.append(
            {
                "kind": "pose", "variant": variant, "version": weights.version(variant),
                "sha256": weights.NETWORKS[name].sha256,
                "here": weights.onnx_path(weights_dir(), name).exists(), "in_use": variant == settings().pose.variant,
            }
        )  # fmt: skip
    return rows


def _looked(name: str, look: Callable[[Settings], Finding], numbers: Settings) -> Finding:
    try:
        return look(numbers)
    except DanceError as error:
        return Finding(name, False, error.message, REMEDIES.get(error.code, ""))
    except OSError as error:
        if error.filename is None:
            raise
        return Finding(name, False, f"{error.filename}: {error.strerror}", "is DANCEAPP_HOME a folder of yours?")


REMEDIES = {
    "DATABASE_UNAVAILABLE": "check DANCEAPP_DATABASE_URL, or unset it to use the embedded PostgreSQL",
    "EXTENSION_MISSING": "install pgvector at the server, or let its owner run CREATE EXTENSION vector",
    "OBJECTS_UNAVAILABLE": "check `url` of configs/objects.yaml and AWS_ACCESS_KEY_ID, AWS_SECRET_ACCESS_KEY",
    "STORAGE_FULL": "make room",
    "WEIGHTS_MISSING": "danceapp models --fetch full",
    "PROVIDER_MISSING": "install danceapp[gpu] in place of danceapp[cpu], or set `device: cpu` in configs/cluster.yaml",
    "CLUSTER_UNREACHABLE": "check RAY_ADDRESS and that the token is the cluster's (RAY_AUTH_TOKEN_PATH)",
}
"""What to do about the codes that looking can end with."""


def _python(_: Settings) -> Finding:
    fit = sys.version_info[:2] == (3, 11)
    return Finding("python", fit, platform.python_version(), "" if fit else "DanceApp needs Python 3.11")


def _cores(_: Settings) -> Finding:
    return Finding("cores", True, f"{len(os.sched_getaffinity(0))} cores")


def _provider(numbers: Settings) -> Finding:
    from dancecore.pose import describe

    wanted = {"auto": "auto", "cpu": "cpu", "gpu": "cuda"}[numbers.cluster.device]
    return Finding("pose", True, describe(wanted))


def _weights(numbers: Settings) -> Finding:
    from cluster.weights import weights_dir
    from dancecore.pose import weights

    name = weights.landmarks_name(numbers.pose.variant)
    for model in (weights.DETECTOR, name):
        weights.read_whole(weights_dir(), model)
    return Finding("weights", True, f"{numbers.pose.variant}, version {weights.version(numbers.pose.variant)}")


def _codecs(_: Settings) -> Finding:
    import av

    wanted = ("h264", "hevc", "vp9", "av1", "aac", "opus", "mp3")
    lacking = [name for name in wanted if name not in av.codecs_available]
    remedy = "reinstall the av package from its wheel" if lacking else ""
    return Finding("codecs", not lacking, ", ".join(n for n in wanted if n not in lacking), remedy)


def _database(_: Settings) -> Finding:
    from cluster.database import connect, enable, engine
    from cluster.migrate import current, newest

    pool = engine()
    schema = current(pool)
    with connect(pool) as tx:
        enable(tx, "vector")
        tx.rollback()
    said = f"{pool.url.render_as_string(hide_password=True)}, schema {schema or 'empty'}"
    late = schema not in (None, newest())
    return Finding("database", not late, said, "danceapp db upgrade" if late else "")


def _objects(numbers: Settings) -> Finding:
    from cluster.objects import objects

    store, key = objects(), "doctor/probe"
    store.put(key, b"danceapp")
    whole = store.get(key) == b"danceapp"
    store.delete(key)
    return Finding("objects", whole, numbers.objects.url or str(home() / "objects"))


def _ray(numbers: Settings) -> Finding:
    from cluster.ray_session import session

    with session(None, numbers.cluster) as nodes:
        import ray

        shapes = ", ".join(f"{node.cpus:g} cores {node.gpus:g} GPUs" for node in nodes)
        where = numbers.cluster.address or os.environ.get("RAY_ADDRESS") or "this machine"
    return Finding("ray", True, f"{ray.__version__} on {where}: {shapes}; tokens {os.environ['RAY_AUTH_MODE']}")


def _disk(_: Settings) -> Finding:
    home().mkdir(parents=True, exist_ok=True)
    free_gb = shutil.disk_usage(home()).free / 1e9
    fit = free_gb >= ROOM_GB
    return Finding("disk", fit, f"{free_gb:.1f} GB free at {home()}", "" if fit else f"make room: {ROOM_GB:g} GB")
