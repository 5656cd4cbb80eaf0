"""Microsoft's SDK and the plugin send the same requests, and accept what the other registered."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import TYPE_CHECKING, Any, Final

import pytest
import yaml

from azure_server import AzureServer
from consumer import Consumer
from exported import exported
from rest_server import serving

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from harness import Poetry

_REGISTER: Final = """\
import os
import sys

from azure.ai.ml import MLClient, load_environment
from azure.identity import DefaultAzureCredential

names = ("SUBSCRIPTION", "RESOURCEGROUP", "WORKSPACE_NAME")
workspace = [os.environ[f"AZUREML_ARM_{name}"] for name in names]
client = MLClient(DefaultAzureCredential(), *workspace, enable_telemetry=False)
environment = load_environment(sys.argv[1])
client.environments.create_or_update(environment)
registered = client.environments.get(environment.name, environment.version)
print(registered.tags["fti-stage"], registered.image, registered.conda_file["dependencies"][1])
list(client.environments.list())
list(client.environments.list(name=environment.name))
"""


@pytest.fixture
def azure() -> Iterator[AzureServer]:
    with serving(AzureServer()) as server:
        yield server


def calls(azure: AzureServer) -> set[tuple[str, str]]:
    """Return the calls to the workspace, with the conda file as data, and forget them."""
    found = {
        (each.line, json.dumps(parsed(each.body), sort_keys=True))
        for each in azure.requests
        if each.path.startswith("/subscriptions/")
    }
    azure.requests.clear()
    return found


def parsed(body: Any) -> Any:  # noqa: ANN401 - any JSON
    if body is None:
        return None
    properties = body["properties"]
    return {**properties, "condaFile": yaml.safe_load(properties["condaFile"])}


def test_the_calls_are_those_of_the_sdk(
    poetry: Poetry, locked_tiny: Path, azure: AzureServer
) -> None:
    folder = exported(poetry, locked_tiny, "azureml", "training")
    ours = replace(poetry, environment={**poetry.environment, **azure.variables})
    published = ours.ok(locked_tiny, "fti", "publish", "azureml", "training")
    assert published.startswith("registered         tiny-training:")
    assert " current\n" in ours.ok(locked_tiny, "fti", "published", "azureml", "training")
    plugins = calls(azure)
    (locked_tiny / "register.py").write_text(_REGISTER, encoding="utf-8")
    file = folder / "azureml-environment.yml"
    azure.versions.clear()
    consumer = Consumer.named("azureml")
    printed = consumer.run("python", "register.py", file, cwd=locked_tiny, **azure.variables)
    assert printed == "training mcr.microsoft.com/azureml/openmpi5.0-ubuntu24.04:latest pip\n"
    assert calls(azure) == plugins
    # What the SDK has registered is the plugin's environment.
    published = ours.ok(locked_tiny, "fti", "publish", "azureml", "training")
    assert published.startswith("already registered tiny-training:")
