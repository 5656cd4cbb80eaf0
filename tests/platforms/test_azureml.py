"""The files for Azure Machine Learning, read by Microsoft's library and converted to requests."""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING, Any, Final

import pytest
import yaml

from consumer import Consumer
from exported import VERSION, exported

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from harness import Poetry

# It takes seconds to start, so it reads all files at once. An environment without a name is sent
# after its content has been uploaded; the version is derived from the content.
_READ: Final = """\
import json
import sys

from azure.ai.ml import load_environment, load_job, load_online_deployment, load_online_endpoint
from azure.ai.ml._restclient.arm_ml_service._utils.model_base import SdkJSONEncoder
from azure.ai.ml.entities import Environment


class Encoder(SdkJSONEncoder):
    def default(self, value):
        if isinstance(value, Environment):
            return {"version": value.version, **value._to_rest_object()}
        return super().default(value)


def job(path):
    loaded = load_job(path)
    loaded._validate(raise_error=True)
    return loaded._to_job()._to_rest_object()


def environment(path):
    loaded = load_environment(path)
    return {"id": f"{loaded.name}:{loaded.version}", **loaded._to_rest_object()}


def endpoint(path):
    return load_online_endpoint(path)._to_rest_online_endpoint("westeurope")


def deployment(path):
    loaded = load_online_deployment(path)
    request = loaded._to_rest_object(location="westeurope")
    return {"environment": loaded.environment, "request": request}


CONVERTED = {
    "environment": environment, "job": job, "endpoint": endpoint, "deployment": deployment
}
print(json.dumps({
    path: CONVERTED[path.rpartition("-")[2].partition(".")[0]](path) for path in sys.argv[1:]
}, cls=Encoder))
"""
_SERVED: Final = """\
[tool.fti.stages.inference.image]
expose = ["8000"]
healthcheck.http = "/health"
"""


@pytest.fixture
def requests(poetry: Poetry, locked_tiny: Path) -> Mapping[str, Any]:
    """The requests that create what is exported of three stages of different shapes, by path."""
    path = locked_tiny / "pyproject.toml"
    text = path.read_text(encoding="utf-8")
    path.write_text(text.replace(_SERVED.partition("expose")[0], _SERVED), encoding="utf-8")
    command = 'image.command = ["python", "-m", "tiny", "--name", "a b"]'
    exported(poetry, locked_tiny, "azureml", "training", command)
    exported(poetry, locked_tiny, "azureml", "inference", 'env = { WORKERS = "2" }')
    prepared = 'image = { run-before = ["true"], command = ["true"] }'
    exported(poetry, locked_tiny, "azureml", "feature", prepared)
    (locked_tiny / "read.py").write_text(_READ, encoding="utf-8")
    paths = [path.relative_to(locked_tiny) for path in locked_tiny.glob("fti/*/azureml-*")]
    printed = Consumer.named("azureml").run("python", "read.py", *paths, cwd=locked_tiny)
    read: Mapping[str, Any] = json.loads(printed)
    return read


def test_the_library_accepts_what_is_exported(requests: Mapping[str, Any]) -> None:
    assert sorted(requests) == [
        "fti/feature/azureml-environment.yml",
        "fti/feature/azureml-job.yml",
        "fti/inference/azureml-deployment.yml",
        "fti/inference/azureml-endpoint.yml",
        "fti/inference/azureml-environment.yml",
        "fti/training/azureml-environment.yml",
        "fti/training/azureml-job.yml",
    ]
    registered = requests["fti/training/azureml-environment.yml"]
    tags = registered["properties"]["tags"]
    version = tags["fti-lock"].removeprefix("sha256:")[:12]
    assert registered["id"] == f"tiny-training:{version}"
    conda = yaml.safe_load(registered["properties"]["condaFile"])
    assert conda["dependencies"][:2] == [f"python={VERSION}", "pip"]
    assert all("--hash=sha256:" in line for line in conda["dependencies"][2]["pip"])
    trained = requests["fti/training/azureml-job.yml"]["properties"]
    assert trained["jobType"] == "Command"
    assert trained["environmentId"] == f"tiny-training:{version}"
    assert trained["command"] == "python -m tiny --name 'a b'"
    assert trained["codeId"] == "../.."
    assert trained["environmentVariables"] == {"PYTHONPATH": "src"}
    built = requests["fti/feature/azureml-job.yml"]["properties"]["environmentId"]
    build = {"contextUri": "../..", "dockerfilePath": "fti/feature/Dockerfile"}
    assert built["properties"]["build"] == build
    assert re.fullmatch("[0-9a-f]{64}", built["version"])
    endpoint = requests["fti/inference/azureml-endpoint.yml"]["properties"]
    assert endpoint["authMode"] == "Key"
    deployed = requests["fti/inference/azureml-deployment.yml"]
    assert deployed["request"]["sku"] == {"name": "Default", "capacity": 1}
    assert deployed["request"]["properties"]["environmentVariables"] == {"WORKERS": "2"}
    assert deployed["environment"]["properties"]["inferenceConfig"] == {
        "livenessRoute": {"port": 8000, "path": "/health"},
        "readinessRoute": {"port": 8000, "path": "/health"},
        "scoringRoute": {"port": 8000, "path": "/"},
    }
