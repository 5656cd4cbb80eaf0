"""dagster_definitions.py, loaded and run by Dagster."""

from __future__ import annotations

import json
import os
import shutil
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import pytest
import yaml

from consumer import Consumer
from pipelines import STAGES, export, install, pipeline
from rest_server import RestServer, serving

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from harness import Poetry
    from rest_server import Request

pytestmark = pytest.mark.skipif(os.name == "nt", reason="the environments are those of POSIX")

# It writes which version of a package its environment has, on which the stages do not agree.
_CODE: Final = """\
import os, pathlib, tiny
from importlib.metadata import version
pathlib.Path(os.environ["REPORT"]).write_text(version("alpha") + " in " + os.environ["VIRTUAL_ENV"])
"""
# One process, since Dagster takes long to import: it runs the project of each runner, writes what
# was materialized and what Kubernetes would get, and ends as Dagster's own command that validates.
_SCRIPT: Final = """\
import json
import os
import sys
from importlib import import_module
from importlib.metadata import entry_points

import dagster as dg
from dagster_k8s import PipesK8sClient
from dagster_k8s.pipes import build_pod_body
from kubernetes.client import ApiClient

projects, report = sys.argv[1:]
found = {"materialized": {}, "pods": {}}


class Written(PipesK8sClient):
    def run(self, *, context, image, base_pod_meta, base_pod_spec):
        pod = build_pod_body(
            pod_name=context.op.name.replace("_", "-"),
            image=image,
            command=None,
            env_vars={},
            base_pod_meta=base_pod_meta,
            base_pod_spec=base_pod_spec,
        )
        written = ApiClient().sanitize_for_serialization(pod)
        found["pods"][context.asset_key.to_user_string()] = written
        return self

    def get_materialize_result(self):
        return dg.MaterializeResult()


def definitions(runner):
    os.chdir(os.path.join(projects, runner))
    sys.modules.pop("dagster_definitions", None)
    sys.path[0] = os.path.abspath("fti")
    return import_module("dagster_definitions").defs


defs = definitions("kubernetes")
resources = {"k8s_pipes_client": Written()}
assert dg.materialize(list(defs.assets), resources=resources).success
for runner in ("docker", "external-python"):
    defs = definitions(runner)
    result = defs.resolve_job_def(defs.jobs[0].name).execute_in_process()
    assert result.success
    events = result.get_asset_materialization_events()
    found["materialized"][runner] = [each.asset_key.to_user_string() for each in events]
with open(report, "w", encoding="utf-8") as file:
    json.dump(found, file)
(dagster,) = entry_points(group="console_scripts", name="dagster")
words = ["definitions", "validate", "--python-file", "fti/dagster_definitions.py"]
sys.argv = [dagster.name, *words]
sys.exit(dagster.load()())
"""


class Engine(RestServer):
    """A container engine in which each container ends at once."""

    def answer(self, request: Request) -> tuple[int, Any]:
        if request.path.endswith("/version"):
            return 200, {"ApiVersion": "1.44"}
        if "/containers/create" in request.path:
            return 201, {"Id": "c0ffee"}
        if request.path.endswith("/wait"):
            return 200, {"StatusCode": 0}
        if request.path.endswith("/json"):
            return 200, {"Id": "c0ffee", "Config": {"Tty": False}}
        return (200, "") if "/logs" in request.path else (204, "")


@dataclass(frozen=True)
class Run:
    """What Dagster has done with the projects, which are in the folders of their runners' names."""

    projects: Path
    environments: Path
    output: str
    report: Mapping[str, Any]
    containers: Sequence[Any]


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory, poetry: Poetry) -> Run:
    projects = tmp_path_factory.mktemp("projects")
    environments = tmp_path_factory.mktemp("environments")
    home = tmp_path_factory.mktemp("dagster")
    root = pipeline(poetry, tmp_path_factory.mktemp("project") / "credit", _CODE)
    for runner in ("kubernetes", "docker", "external-python"):
        export(poetry, Path(shutil.copytree(root, projects / runner)), "dagster", runner=runner)
    install(poetry, projects / "external-python", environments)
    (home / "script.py").write_text(_SCRIPT, encoding="utf-8")
    with serving(Engine()) as engine:
        output = Consumer.named("dagster").run(
            *("python", home / "script.py", projects, home / "report.json"),
            DOCKER_HOST=engine.url.replace("http", "tcp"),
            FTI_ENVIRONMENTS=str(environments),
            HOME=str(home),
            TAG="1.4",
        )
    report = json.loads((home / "report.json").read_text(encoding="utf-8"))
    created = [each.body for each in engine.requests if "/containers/create" in each.path]
    return Run(projects, environments, output, report, created)


def test_the_definitions_are_valid(run: Run) -> None:
    assert "Validation successful for code location dagster_definitions.py" in run.output


def test_conflicting_stages_run_in_their_environments(run: Run) -> None:
    assert run.report["materialized"]["external-python"] == [*STAGES]
    root = run.projects / "external-python"
    found = [(root / f"{stage}.txt").read_text("utf-8").split(" in ") for stage in STAGES]
    (first, *places), (second, *others) = found
    assert first != second
    assert [*places, *others] == [str(run.environments / stage) for stage in STAGES]


def test_docker_gets_the_image_and_the_resources(run: Run) -> None:
    assert run.report["materialized"]["docker"] == [*STAGES]
    images = [each["Image"] for each in run.containers]
    assert images == ["credit-feature:1.4", "credit-training:1.4"]
    host = run.containers[1]["HostConfig"]
    assert (host["NanoCpus"], host["Memory"]) == (2 * 10**9, 1 << 30)
    (device,) = host["DeviceRequests"]
    assert (device["Count"], device["Capabilities"]) == (1, [["gpu"]])


def test_pods_are_hardened_and_valid(run: Run, tmp_path: Path) -> None:
    assert list(run.report["pods"]) == [*STAGES]
    files = []
    for stage, pod in run.report["pods"].items():
        files.append(tmp_path / f"{stage}.yaml")
        text = yaml.safe_dump({"apiVersion": "v1", "kind": "Pod", **pod})
        files[-1].write_text(text, encoding="utf-8")
    words = ("kubernetes-validate", "--strict", "--kubernetes-version", "1.37.0")
    printed = Consumer.named("kubernetes").run(*words, *files)
    assert printed.count("passed for resource") == len(files)
    assert "WARN" not in printed
    pod = run.report["pods"]["training"]
    (container,) = pod["spec"]["containers"]
    assert pod["metadata"]["labels"]["app.kubernetes.io/name"] == "credit-training"
    assert (container["image"], pod["spec"]["securityContext"]["runAsUser"]) == (
        "credit-training:1.4",
        10001,
    )
    assert container["securityContext"]["readOnlyRootFilesystem"] is True
    assert container["resources"]["limits"] == {
        "cpu": "2",
        "memory": "1Gi",
        "nvidia.com/gpu": "1",
    }
