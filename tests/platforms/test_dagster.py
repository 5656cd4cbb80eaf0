"""dagster_definitions.py, loaded and run by Dagster."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Any, Final

import pytest
import yaml

from consumer import Consumer
from pipelines import STAGES, export, install, pipeline
from rest_server import RestServer, serving

if TYPE_CHECKING:
    from pathlib import Path

    from harness import Poetry
    from rest_server import Request

pytestmark = pytest.mark.skipif(os.name == "nt", reason="the environments are those of POSIX")

# It writes which version of a package its environment has, on which the stages do not agree.
_CODE: Final = """\
import os, pathlib, tiny
from importlib.metadata import version
pathlib.Path(os.environ["REPORT"]).write_text(version("alpha") + " in " + os.environ["VIRTUAL_ENV"])
"""
_MATERIALIZE: Final = """\
import json

from dagster_definitions import defs

result = defs.resolve_job_def(defs.jobs[0].name).execute_in_process()
assert result.success
keys = [each.asset_key.to_user_string() for each in result.get_asset_materialization_events()]
print("materialized:", json.dumps(keys))
"""
_PODS: Final = """\
import sys

import dagster as dg
import yaml
from dagster_definitions import defs
from dagster_k8s import PipesK8sClient
from dagster_k8s.pipes import build_pod_body
from kubernetes.client import ApiClient


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
        path = f"{sys.argv[1]}/{context.asset_key.to_user_string()}.yaml"
        with open(path, "w", encoding="utf-8") as file:
            found = ApiClient().sanitize_for_serialization(pod)
            yaml.safe_dump({"apiVersion": "v1", "kind": "Pod", **found}, file)
        return self

    def get_materialize_result(self):
        return dg.MaterializeResult()


resources = {"k8s_pipes_client": Written()}
assert dg.materialize(list(defs.assets), resources=resources).success
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
def project(tmp_path_factory: pytest.TempPathFactory, poetry: Poetry) -> Path:
    return pipeline(poetry, tmp_path_factory.mktemp("projects") / "credit", _CODE)


@pytest.fixture
def root(request: pytest.FixtureRequest, project: Path, poetry: Poetry) -> Path:
    """The project, exported for the runner that the parameter names."""
    export(poetry, project, "dagster", runner=request.param)
    return project


def run(root: Path, script: str, *words: str | Path, **variables: str) -> str:
    """Run a script beside the definitions, and return what it prints."""
    (root / "fti/script.py").write_text(script, encoding="utf-8")
    return Consumer.named("dagster").run(
        "python", "fti/script.py", *words, cwd=root, HOME=str(root), TAG="1.4", **variables
    )


@pytest.mark.parametrize("root", ["external-python"], indirect=True)
def test_the_definitions_are_valid(root: Path) -> None:
    words = ("definitions", "validate", "--python-file", "fti/dagster_definitions.py")
    Consumer.named("dagster").run("dagster", *words, cwd=root, HOME=str(root))


@pytest.mark.parametrize("root", ["external-python"], indirect=True)
def test_conflicting_stages_run_in_their_environments(
    root: Path, poetry: Poetry, tmp_path: Path
) -> None:
    install(poetry, root, tmp_path)
    printed = run(root, _MATERIALIZE, FTI_ENVIRONMENTS=str(tmp_path))
    assert 'materialized: ["feature", "training"]' in printed
    found = [(root / f"{stage}.txt").read_text("utf-8").split(" in ") for stage in STAGES]
    (first, *places), (second, *others) = found
    assert first != second
    assert [*places, *others] == [str(tmp_path / stage) for stage in STAGES]


@pytest.mark.parametrize("root", ["docker"], indirect=True)
def test_docker_gets_the_image_and_the_resources(root: Path) -> None:
    with serving(Engine()) as engine:
        run(root, _MATERIALIZE, DOCKER_HOST=engine.url.replace("http", "tcp"))
    created = [each.body for each in engine.requests if "/containers/create" in each.path]
    assert [each["Image"] for each in created] == ["credit-feature:1.4", "credit-training:1.4"]
    host = created[1]["HostConfig"]
    assert (host["NanoCpus"], host["Memory"]) == (2 * 10**9, 1 << 30)
    (device,) = host["DeviceRequests"]
    assert (device["Count"], device["Capabilities"]) == (1, [["gpu"]])


@pytest.mark.parametrize("root", ["kubernetes"], indirect=True)
def test_pods_are_hardened_and_valid(root: Path, tmp_path: Path) -> None:
    run(root, _PODS, tmp_path)
    files = [tmp_path / f"{stage}.yaml" for stage in STAGES]
    words = ("kubernetes-validate", "--strict", "--kubernetes-version", "1.37.0")
    printed = Consumer.named("kubernetes").run(*words, *files)
    assert printed.count("passed for resource") == len(files)
    assert "WARN" not in printed
    pod = yaml.safe_load(files[1].read_text("utf-8"))
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
