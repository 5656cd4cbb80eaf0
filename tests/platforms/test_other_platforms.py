"""The files for Dagster and BentoML, read by them; Dagster runs the stages, too."""

from __future__ import annotations

import json
import os
import re
import shlex
import shutil
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import pytest
import yaml

from consumer import Consumer
from harness import Poetry
from loopback.catalogue import load
from loopback.clients import isolated_environment
from loopback.index import LoopbackIndex
from pages import Reader, blocks
from pipelines import STAGES, export, install, pipeline
from rest_server import RestServer, serving

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from rest_server import Request

pytestmark = pytest.mark.skipif(os.name == "nt", reason="the environments are those of POSIX")

GUIDE: Final = "docs/how-to/other-platforms.md"
# It writes which version of a package its environment has, on which the stages do not agree.
_CODE: Final = """\
import os, pathlib, tiny
from importlib.metadata import version
pathlib.Path(os.environ["REPORT"]).write_text(version("alpha") + " in " + os.environ["VIRTUAL_ENV"])
"""
# One process, since Dagster takes long to import: it runs the project of each runner, writes what
# was materialized and what Kubernetes would get, and ends as the command of the page.
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

projects, report, page, *command = sys.argv[1:]
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
    defs = import_module("dagster_definitions").defs
    dg.Definitions.validate_loadable(defs)
    return defs


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
os.chdir(page)
(program,) = entry_points(group="console_scripts", name=command[0])
sys.argv = command
sys.exit(program.load()())
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


@pytest.fixture(scope="module")
def project(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The project of the page, after everything that the page does."""
    root = tmp_path_factory.mktemp("project")
    with LoopbackIndex(load()) as index:
        poetry = Poetry(isolated_environment(tmp_path_factory.mktemp("home"), index.url))
        Reader(poetry, root, {}).follow(GUIDE)
    return root


def commands(program: str) -> list[list[str]]:
    """Return the commands of the page that run a program."""
    consoles = [block for block in blocks(GUIDE) if block.language == "console"]
    found = (shlex.split(command.text) for block in consoles for command in block.commands)
    return [words for words in found if words[0] == program]


@dataclass(frozen=True)
class Run:
    """What Dagster has done with the projects, which are in the folders of their runners' names."""

    projects: Path
    environments: Path
    output: str
    report: Mapping[str, Any]
    containers: Sequence[Any]


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory, poetry: Poetry, project: Path) -> Run:
    projects = tmp_path_factory.mktemp("projects")
    environments = tmp_path_factory.mktemp("environments")
    home = tmp_path_factory.mktemp("dagster")
    root = pipeline(poetry, tmp_path_factory.mktemp("project") / "credit", _CODE)
    for runner in ("kubernetes", "docker", "external-python"):
        export(poetry, Path(shutil.copytree(root, projects / runner)), "dagster", runner=runner)
    install(poetry, projects / "external-python", environments)
    (home / "script.py").write_text(_SCRIPT, encoding="utf-8")
    (command,) = commands("dagster")
    with serving(Engine()) as engine:
        output = Consumer.named("dagster").run(
            *("python", home / "script.py", projects, home / "report.json", project),
            *command,
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


def test_a_bento_is_built_from_the_lock(project: Path, tmp_path: Path) -> None:
    (command,) = commands("bentoml")
    Consumer.named("bentoml").run(
        *command,
        cwd=project,
        BENTOML_DO_NOT_TRACK="true",
        BENTOML_HOME=str(tmp_path),
        HOME=str(tmp_path),
    )
    (bento,) = (path.parent for path in tmp_path.glob("bentos/service/*/bento.yaml"))
    exported = yaml.safe_load((project / "fti/inference/bentofile.yaml").read_text("utf-8"))
    pins = exported["python"]["packages"]
    assert any(re.match("scikit-learn==.* --hash=sha256:", pin) for pin in pins)
    built = (bento / "env/python/requirements.txt").read_text("utf-8")
    lines = re.sub(r" *\\\n *", " ", built).splitlines()
    assert [line for line in lines if line] == [*pins, "bentoml==1.4.40"]
    dockerfile = (bento / "env/docker/Dockerfile").read_text("utf-8")
    assert "FROM python:3.11-slim" in dockerfile
    assert "libgomp1" in dockerfile
    described = yaml.safe_load((bento / "bento.yaml").read_text("utf-8"))
    assert described["service"] == "service:Service"
    assert described["labels"] == exported["labels"]
    assert {each["name"]: each["value"] for each in described["envs"]} == {"LEVEL": "3"}
    assert (bento / "src/service.py").exists()
