"""runtime_env.yaml: a job of a real cluster runs with the stage's packages."""

from __future__ import annotations

import sys
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Final

import pytest
import yaml

from consumer import Consumer
from exported import exported
from loopback.catalogue import load
from loopback.index import LoopbackIndex

if TYPE_CHECKING:
    from pathlib import Path

    from harness import Poetry

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="Ray runs on POSIX clusters")

_JOB: Final = """\
import sys

import ray
import yaml

with open(sys.argv[1]) as file:
    environment = yaml.safe_load(file)
ray.init(
    num_cpus=1, include_dashboard=False, runtime_env=environment, _node_ip_address="127.0.0.1"
)


@ray.remote
def versions():
    import os
    from importlib.metadata import version

    return {"alpha": version("alpha"), "LEVEL": os.environ["LEVEL"]}


print("found:", sorted(ray.get(versions.remote()).items()))
"""


def test_a_task_has_the_packages_and_the_variables_of_the_stage(
    poetry: Poetry, locked_tiny: Path, built_artifacts: Path, tmp_path: Path
) -> None:
    folder = exported(poetry, locked_tiny, "ray", "training", 'env = { LEVEL = "3" }')
    text = (folder / "runtime_env.yaml").read_text(encoding="utf-8")
    pins = yaml.safe_load(text)["pip"]["packages"]
    (alpha,) = (line for line in pins if line.startswith("alpha=="))
    assert "--hash=sha256:" in alpha
    (tmp_path / "job.py").write_text(_JOB, encoding="utf-8")
    ray = Consumer.named("ray")
    catalogue = load(built_artifacts / "public.json", archives=built_artifacts)
    # The paths of sockets have at most 107 characters, so not in `tmp_path`.
    with LoopbackIndex(catalogue) as index, TemporaryDirectory(prefix="ray-") as short:
        printed = ray.run(
            *("python", "job.py", folder / "runtime_env.yaml"),
            cwd=tmp_path,
            HOME=str(tmp_path),
            PIP_INDEX_URL=f"{index.url}simple/",
            RAY_TMPDIR=short,
            RAY_USAGE_STATS_ENABLED="0",
        )
    version = alpha.partition(" ")[0].removeprefix("alpha==")
    assert f"found: [('LEVEL', '3'), ('alpha', '{version}')]" in printed
