"""What `serve build` makes of our wiring and numbers is what is kept for `serve deploy`."""

import os
import subprocess
import sys
from pathlib import Path

import yaml

from cluster.settings import settings
from tests.conftest import ROOT


def test_the_file_for_deploying_is_what_the_code_says(tmp_path: Path) -> None:
    program = Path(sys.executable).with_name("serve")
    env = {name: value for name, value in os.environ.items() if not name.startswith("DANCEAPP_")}
    made = tmp_path / "serve.yaml"
    command = [str(program), "build", "serve.built:application", "--app-dir", str(ROOT), "-o", str(made)]
    subprocess.run(command, env=env, check=True, capture_output=True)
    (application,) = yaml.safe_load(made.read_text())["applications"]
    kept = yaml.safe_load((ROOT / "configs/ray/serve.yaml").read_text())
    assert kept["applications"] == [application | {"name": "danceapp"}], "make generate"
    deployments = {each["name"]: each for each in kept["applications"][0]["deployments"]}
    scaled, numbers = deployments.pop("PoseEstimator")["autoscaling_config"], settings().serve
    assert (scaled["min_replicas"], scaled["max_replicas"]) == (numbers.pose_replicas, numbers.pose_replicas_most)
    assert {name: each["num_replicas"] for name, each in deployments.items()} == {
        "MoveFinder": numbers.move_replicas,
        "QueueWorker": numbers.worker_replicas, "Ingress": numbers.ingress_replicas,
        "Composer": numbers.composer_replicas, "Exporter": numbers.exporter_replicas,
    }  # fmt: skip
