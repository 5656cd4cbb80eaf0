"""airflow_dag.py, loaded and run by Airflow."""

from __future__ import annotations

import json
import os
import sys
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

import pytest
import yaml

from consumer import Consumer
from harness import Poetry
from loopback.catalogue import load
from loopback.clients import isolated_environment
from loopback.index import LoopbackIndex
from pages import Reader
from pipelines import export, install, pipeline, uv

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

GUIDE: Final = "docs/how-to/airflow.md"

pytestmark = pytest.mark.skipif(os.name == "nt", reason="Airflow does not run on Windows")

# One process, since Airflow takes long to import: it prints what the DAGs in a folder are, what it
# passes to Docker and Kubernetes, and how a run ended.
_SCRIPT: Final = """\
import json
import sys

from airflow.dag_processing.dagbag import DagBag
from airflow.sdk.execution_time.context import VariableAccessor
from airflow.utils.db import initdb
from kubernetes.client import ApiClient

folder, report = sys.argv[1:]
initdb()
bag = DagBag(folder)
context = {"var": {"value": VariableAccessor(deserialize_json=False)}}
found = {"errors": bag.import_errors, "dags": {}}
for name, dag in bag.dags.items():
    tasks = {each.task_id: sorted(each.downstream_task_ids) for each in dag.tasks}
    kinds = sorted({each.operator_name for each in dag.tasks})
    found["dags"][name] = {"tasks": tasks, "kinds": kinds, "timetable": repr(dag.timetable)}
for name in ("credit-scoring", "on-kubernetes"):
    for each in bag.dags[name].tasks:
        each.render_template_fields(context)
found["containers"] = {
    each.task_id: [each.image, each.cpus, each.mem_limit, each.device_requests]
    for each in bag.dags["credit-scoring"].tasks
}
found["pods"] = {
    each.task_id: ApiClient().sanitize_for_serialization(each.build_pod_request_obj())
    for each in bag.dags["on-kubernetes"].tasks
}
found["state"] = bag.dags["in-environments"].test().state
with open(report, "w", encoding="utf-8") as file:
    json.dump(found, file)
"""
_CLUSTER: Final = {
    "apiVersion": "v1",
    "kind": "Config",
    "current-context": "none",
    "clusters": [{"name": "none", "cluster": {"server": "https://127.0.0.1:1"}}],
    "contexts": [{"name": "none", "context": {"cluster": "none", "user": "none"}}],
    "users": [{"name": "none", "user": {}}],
}
# It writes which version of a package its environment has, on which the stages do not agree.
_CODE: Final = """\
import os, pathlib, tiny
from importlib.metadata import version
pathlib.Path(os.environ["REPORT"]).write_text(version("alpha") + " {{ ds }}")
"""


@dataclass(frozen=True)
class Worker:
    """The folder of the DAGs, which has a project for each runner, and that of environments."""

    dags: Path
    environments: Path


@pytest.fixture(scope="module")
def worker(tmp_path_factory: pytest.TempPathFactory, poetry: Poetry) -> Worker:
    made = Worker(tmp_path_factory.mktemp("dags"), tmp_path_factory.mktemp("environments"))
    guide = made.dags / "guide"
    guide.mkdir()
    with LoopbackIndex(load()) as index:
        recorded = Poetry(isolated_environment(tmp_path_factory.mktemp("home"), index.url))
        Reader(recorded, guide, {}).follow(GUIDE)
    uv(poetry, guide, "venv", "--python", sys.executable, ".venv-feature")  # which is ignored
    pods = pipeline(poetry, made.dags / "on-kubernetes", _CODE)
    export(poetry, pods, "airflow", runner="kubernetes")
    root = pipeline(poetry, made.dags / "in-environments", _CODE)
    export(poetry, root, "airflow", runner="external-python")
    install(poetry, root, made.environments)
    return made


@pytest.fixture(scope="module")
def report(worker: Worker, tmp_path_factory: pytest.TempPathFactory) -> Mapping[str, Any]:
    """What Airflow says about the projects."""
    home = tmp_path_factory.mktemp("airflow")
    (home / "kubeconfig").write_text(yaml.safe_dump(_CLUSTER), encoding="utf-8")
    (home / "script.py").write_text(_SCRIPT, encoding="utf-8")
    extra = {"namespace": "credit", "kube_config_path": str(home / "kubeconfig")}
    connection = {"conn_type": "kubernetes", "extra": {"in_cluster": False, **extra}}
    Consumer.named("airflow").run(
        *("python", home / "script.py", worker.dags, home / "report.json"),
        AIRFLOW_HOME=str(home),
        AIRFLOW__CORE__DAGBAG_IMPORT_TIMEOUT="0",  # none: the machine may be busy
        AIRFLOW__CORE__DAGS_FOLDER=str(worker.dags),
        AIRFLOW__CORE__LOAD_EXAMPLES="False",
        AIRFLOW_CONN_KUBERNETES_DEFAULT=json.dumps(connection),
        AIRFLOW_VAR_FTI_TAG_CREDIT_SCORING="1.4",
        AIRFLOW_VAR_FTI_TAG_ON_KUBERNETES="2.0",
        FTI_ENVIRONMENTS=str(worker.environments),
    )
    found: dict[str, Any] = json.loads((home / "report.json").read_text(encoding="utf-8"))
    return found


def test_airflow_loads_the_dags(report: Mapping[str, Any]) -> None:
    assert report["errors"] == {}
    dags = report["dags"]
    assert {name: each["kinds"] for name, each in dags.items()} == {
        "credit-scoring": ["DockerOperator"],
        "on-kubernetes": ["KubernetesPodOperator"],
        "in-environments": ["@task.external_python"],
    }
    assert dags["credit-scoring"]["tasks"] == {
        "feature": ["training"],
        "training": ["inference"],
        "inference": [],
    }
    assert dags["on-kubernetes"]["tasks"] == {"feature": ["training"], "training": []}
    assert "expression='0 3 * * *', timezone=Timezone('UTC')" in dags["credit-scoring"]["timetable"]
    assert "NullTimetable" in dags["in-environments"]["timetable"]


def test_containers_have_the_image_and_the_resources(report: Mapping[str, Any]) -> None:
    image = "ghcr.io/acme/credit-scoring-{}:1.4".format
    gpu = {"Driver": "", "Count": 1, "DeviceIDs": [], "Capabilities": [["gpu"]], "Options": {}}
    assert report["containers"] == {
        "feature": [image("feature"), 1.0, None, None],
        "training": [image("training"), 4.0, 16 << 30, [gpu]],
        "inference": [image("inference"), 1.0, None, None],
    }


def test_pods_are_hardened_and_valid(report: Mapping[str, Any], tmp_path: Path) -> None:
    assert report["pods"].keys() == {"feature", "training"}
    for name, pod in report["pods"].items():
        spec, (container,) = pod["spec"], pod["spec"]["containers"]
        assert pod["metadata"]["namespace"] == "credit"
        assert (container["name"], container["image"]) == (
            f"on-kubernetes-{name}",
            f"on-kubernetes-{name}:2.0",
        )
        assert spec["automountServiceAccountToken"] is False
        assert spec["securityContext"]["runAsNonRoot"] is True
        assert container["securityContext"]["readOnlyRootFilesystem"] is True
        (tmp_path / f"{name}.yaml").write_text(yaml.safe_dump(pod), encoding="utf-8")
    resources = {"cpu": "2", "memory": "1Gi", "nvidia.com/gpu": "1"}
    (container,) = report["pods"]["training"]["spec"]["containers"]
    assert container["resources"] == {"requests": resources, "limits": resources}
    assert report["pods"]["feature"]["spec"]["nodeSelector"] == {"kubernetes.io/arch": "amd64"}
    files = sorted(tmp_path.glob("*.yaml"))
    printed = Consumer.named("kubernetes").run("kubernetes-validate", "--strict", *files)
    assert printed.count(" passed for resource pod/") == len(files)
    assert "WARN" not in printed


def test_stages_that_conflict_run_in_their_environments(
    report: Mapping[str, Any], worker: Worker
) -> None:
    assert report["state"] == "success"
    written = {
        path.stem: path.read_text() for path in (worker.dags / "in-environments/tiny").glob("*.txt")
    }
    assert written == {"feature": "1.5 {{ ds }}", "training": "2.0 {{ ds }}"}
