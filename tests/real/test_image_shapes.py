"""The images of the example projects, all stages, with small packages of the real names."""

from __future__ import annotations

import json
import re
import shutil
from typing import TYPE_CHECKING

import pytest

from containers import docker, inspected
from harness import Poetry
from loopback import in_tree_backend
from loopback.archives import Artifact
from loopback.artifacts import record
from loopback.catalogue import load
from loopback.clients import copy_project, isolated_environment
from loopback.index import LoopbackIndex

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

pytestmark = [pytest.mark.docker, pytest.mark.usefixtures("engine")]

NAMES = (
    "altair",
    "colorama",
    "confluent-kafka",
    "great-expectations",
    "lightgbm",
    "lightning",
    "mlflow",
    "mlflow-skinny",
    "mypy",
    "narwhals",
    "onnxruntime",
    "optuna",
    "polars",
    "prometheus-client",
    "pyarrow",
    "pydantic",
    "pyspark",
    "pytest",
    "ruff",
    "scikit-learn",
    "tomli",
    "torch",
    "typing-extensions",
    "uvloop",
    "xgboost",
)
ARTIFACTS = (
    *(Artifact(name=name, version="3.5.1") for name in NAMES),
    *(
        Artifact(name=name, version=version)
        for name, version in (("numpy", "1.26"), ("pandas", "2.2"))
    ),
    Artifact(name="numpy", version="2.4"),
    *(
        Artifact(name=name, version="1.0", extras={"standard": ("colorama",)})
        for name in ("fastapi", "uvicorn")
    ),
)
TELL = """\
import importlib.metadata as metadata, os, sys
found = metadata.distributions(path=["/opt/venv/lib/python" + sys.version[:4] + "/site-packages"])
print(os.getuid(), *sorted(each.name for each in found))
"""


@pytest.fixture
def index(tmp_path: Path) -> Iterator[LoopbackIndex]:
    folder = tmp_path / "index"
    folder.mkdir()
    path = folder / "record.json"
    path.write_text(json.dumps({"packages": record(ARTIFACTS, folder)}))
    with LoopbackIndex(load(path, archives=folder)) as served:
        yield served


def adapted(project: Path, url: str) -> None:
    """Let a project take its packages from the index, and start from images that are here."""
    path = project / "pyproject.toml"
    text = path.read_text(encoding="utf-8").replace(">=3.10", ">=3.11")
    text = re.sub(r"(openjdk-17|default)-jre-headless", "tini", text)
    source = f'[[tool.poetry.source]]\nname = "loopback"\nurl = "{url}simple/"\n'
    path.write_text(f"{text}\n{source}", encoding="utf-8")
    tree = project / "libs" / "shared-features"
    if tree.exists():  # poetry-core, which would build it, is not in the index
        headers = Artifact(name=tree.name, version="0.3.0").metadata
        (tree / "PKG-INFO").write_text("".join(f"{key}: {value}\n" for key, value in headers))
        shutil.copy(in_tree_backend.__file__, tree)
        shutil.copytree(tree / "src" / "shared_features", tree / "shared_features")
        written = (tree / "pyproject.toml").read_text().partition("[build-system]")[0]
        (tree / "pyproject.toml").write_text(f"{written}{BACKEND}")


BACKEND = """\
[build-system]
requires = []
build-backend = "in_tree_backend"
backend-path = ["."]
"""
EXPECTED = {
    "tabular": {
        "feature": "great-expectations pandas pyarrow pydantic",
        "training": "mlflow pydantic scikit-learn xgboost",
        "inference": "colorama fastapi pydantic scikit-learn xgboost",
    },
    "deep": {
        "feature": "numpy pandas pydantic pyspark",
        "training": "lightning numpy pydantic torch",
        "inference": "colorama fastapi numpy onnxruntime pydantic uvicorn",
    },
    "fleet": {
        "stream-feature": (
            "confluent-kafka narwhals numpy pandas polars pyarrow pydantic shared-features"
            " typing-extensions"
        ),
        "batch-feature": "numpy pandas pydantic pyspark typing-extensions",
        "torch-training": "mlflow-skinny numpy pydantic torch",
        "tabular-training": (
            "lightgbm mlflow-skinny optuna pydantic scikit-learn typing-extensions xgboost"
        ),
        "batch-inference": (
            "lightgbm narwhals numpy pandas pydantic scikit-learn shared-features typing-extensions"
            " xgboost"
        ),
        "online-inference": (
            "fastapi narwhals onnxruntime prometheus-client pydantic shared-features uvicorn uvloop"
        ),
    },
}


@pytest.mark.parametrize("name", EXPECTED)
def test_every_stage_of_an_example_is_built_and_runs(
    tmp_path: Path, index: LoopbackIndex, name: str
) -> None:
    project = copy_project(name, tmp_path)
    adapted(project, index.url)
    poetry = Poetry(isolated_environment(tmp_path / "home", index.url))
    poetry.ok(project, "fti", "lock")
    poetry.ok(project, "fti", "export")
    found = {}
    for stage in json.loads(poetry.ok(project, "fti", "list", "--format", "json"))["stages"]:
        (dockerfile,) = project.glob(f"*/{stage['stage']}/Dockerfile")
        tag = f"poetry-fti-test-shapes:{name}-{stage['stage']}"
        try:
            docker("build", "--network=host", "-f", dockerfile, "-t", tag, project)
            uid, *packages = docker("run", "--rm", tag, "python", "-c", TELL).split()
            config = inspected(tag)["Config"]
        finally:
            docker("image", "rm", "-f", tag, check=False)
        assert uid == "10001"
        assert config["Labels"]["poetry-fti.stage"] == stage["stage"]
        command = re.search(r"^CMD (.*)$", dockerfile.read_text(), re.MULTILINE)
        assert not command or config["Cmd"] == json.loads(command[1])
        found[stage["stage"]] = " ".join(packages)
    assert found == EXPECTED[name]
