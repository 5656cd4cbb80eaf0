"""kfp_pipeline.py, compiled by Kubeflow Pipelines."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Any, Final

import pytest
import yaml

from consumer import Consumer
from harness import Poetry
from loopback.catalogue import load
from loopback.clients import isolated_environment
from loopback.index import LoopbackIndex
from pages import Reader, blocks

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

GUIDE: Final = "docs/how-to/kubeflow.md"
_RUN: Final = """\
from kfp import dsl, local

{component}
local.init(local.SubprocessRunner(use_venv=False), pipeline_root="outputs")
assert evaluate().output == 0.5
"""


@pytest.fixture(scope="module")
def compiled(tmp_path_factory: pytest.TempPathFactory) -> Mapping[str, Any]:
    """The compiled pipeline of the guide, by the command of the guide."""
    root = tmp_path_factory.mktemp("project")
    with LoopbackIndex(load()) as index:
        poetry = Poetry(isolated_environment(tmp_path_factory.mktemp("home"), index.url))
        Reader(poetry, root, {}).follow(GUIDE)
    words = ("dsl", "compile", "--py", "fti/kfp_pipeline.py", "--output", "pipeline.yaml")
    Consumer.named("kfp").run("kfp", *words, cwd=root, TAG="1.4")
    text = (root / "pipeline.yaml").read_text(encoding="utf-8")
    specification: dict[str, Any] = next(iter(yaml.safe_load_all(text)))
    return specification


def test_the_tasks_are_in_order_and_never_skipped(compiled: Mapping[str, Any]) -> None:
    assert compiled["pipelineInfo"] == {"name": "credit-scoring"}
    tasks = compiled["root"]["dag"]["tasks"]
    assert {name: task.get("dependentTasks") for name, task in tasks.items()} == {
        "feature": None,
        "training": ["feature"],
        "batch-inference": ["training"],
    }
    assert [task["cachingOptions"] for task in tasks.values()] == [{}] * 3


def test_containers_have_the_image_the_command_and_the_resources(
    compiled: Mapping[str, Any],
) -> None:
    executors = compiled["deploymentSpec"]["executors"]
    containers = {name: each["container"] for name, each in executors.items()}
    assert {name: each["image"] for name, each in containers.items()} == {
        "exec-feature": "ghcr.io/acme/credit-scoring-feature:1.4",
        "exec-training": "ghcr.io/acme/credit-scoring-training:1.4",
        "exec-batch-inference": "ghcr.io/acme/credit-scoring-batch-inference:1.4",
    }
    training = containers["exec-training"]
    assert training["command"] == ["python", "-m", "credit.train"]
    resources = training["resources"]
    assert resources["accelerator"] == {
        "type": "nvidia.com/gpu",
        "count": "1",
        "resourceType": "nvidia.com/gpu",
        "resourceCount": "1",
    }
    assert (resources["resourceCpuLimit"], resources["resourceMemoryLimit"]) == ("4", "16Gi")


def test_a_function_runs_on_the_image_without_an_installation(tmp_path: Path) -> None:
    (component,) = (block.text for block in blocks(GUIDE) if block.language == "python")
    (tmp_path / "run.py").write_text(_RUN.format(component=component), encoding="utf-8")
    (tmp_path / "credit").mkdir()
    module = "def score() -> float:\n    return 0.5\n"
    (tmp_path / "credit/evaluation.py").write_text(module, encoding="utf-8")
    kfp = Consumer.named("kfp")
    path = os.pathsep.join([str(kfp.python.parent), os.environ["PATH"]])
    kfp.run("python", "run.py", cwd=tmp_path, PATH=path, PYTHONPATH=str(tmp_path))
