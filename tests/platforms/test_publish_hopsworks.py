"""The client of Hopsworks and the plugin send the same requests."""

from __future__ import annotations

import json
import re
from dataclasses import replace
from typing import TYPE_CHECKING, Final

import pytest

from consumer import Consumer
from hopsworks_server import KEY, HopsworksServer, certified
from rest_server import serving

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from harness import Poetry
    from rest_server import Request

# The folder of the command has the files that the plugin has uploaded.
_PUBLISH: Final = """\
import json
import sys

import hopsworks
from hopsworks_common.engine.environment_engine import EnvironmentEngine

EnvironmentEngine.POLL_INTERVAL = 0.01
environment, base, requirements, script, name, kind = sys.argv[1:]
project = hopsworks.login()
environments, files = project.get_environment_api(), project.get_dataset_api()
made = environments.get_environment(environment)
made = environments.create_environment(environment, base_environment_name=base)
made.install_requirements(files.upload(requirements, "Resources"))
path = files.upload(script, "Resources")
if kind == "inference":
    serving = project.get_model_serving()
    path = f"/Projects/credit/{path}"
    endpoint = serving.create_endpoint(name, script_file=path, environment=environment)
    serving.create_deployment(endpoint, name=name).save()
else:
    jobs = project.get_job_api()
    configuration = jobs.get_configuration("PYTHON")
    configuration |= {"appPath": path, "environmentName": environment}
    jobs.create_job(name, configuration)
"""
# What the client only requests to connect, or to look at what it has done or will do.
_CLIENTS_OWN: Final = re.compile(
    r"GET /hopsworks-api/api/(variables/|project$|users/|project/119/(inference/|serving|dataset/))"
)


@pytest.fixture
def server(tmp_path: Path) -> Iterator[HopsworksServer]:
    context, _ = certified(tmp_path)
    with serving(HopsworksServer(context)) as running:
        yield running


def calls(server: HopsworksServer) -> set[tuple[str, str]]:
    """Return the calls with what their bodies contain, and forget them."""
    found = {
        (each.line, json.dumps(parsed(each), sort_keys=True))
        for each in server.requests
        if not _CLIENTS_OWN.match(each.line)
    }
    server.requests.clear()
    return found


def parsed(request: Request) -> object:
    """Return the JSON of a body without values that are null, or the fields of a form."""
    if isinstance(request.body, str):
        boundary = request.body.partition("\r\n")[0]
        return sorted(request.body.split(boundary)[1:])
    body = request.body or {}
    return {name: value for name, value in body.items() if value is not None}


@pytest.mark.parametrize(
    ("stage", "base"),
    [("training", "pandas-training-pipeline"), ("inference", "pandas-inference-pipeline")],
)
def test_the_calls_are_those_of_the_client(
    poetry: Poetry, locked_tiny: Path, server: HopsworksServer, stage: str, base: str
) -> None:
    path = locked_tiny / "pyproject.toml"
    text, table = path.read_text(encoding="utf-8"), f"[tool.fti.stages.{stage}]\n"
    assert table in text
    changed = text.replace(table, f'{table}hopsworks.script = "run.py"\n')
    path.write_text(changed, encoding="utf-8")
    (locked_tiny / "run.py").write_text("print('runs')\n", encoding="utf-8")
    variables = {
        "HOPSWORKS_HOST": "127.0.0.1",
        "HOPSWORKS_PORT": str(server.server_address[1]),
        "HOPSWORKS_PROJECT": "credit",
        "HOPSWORKS_API_KEY": KEY,
    }
    bundle = str(locked_tiny.parent / "certificate.pem")
    environment = {**poetry.environment, **variables, "REQUESTS_CA_BUNDLE": bundle}
    server.statuses = ["SUCCESS"]  # the plugin waits for seconds
    ours = replace(poetry, environment=environment)
    printed = ours.ok(locked_tiny, "fti", "publish", "hopsworks", stage)
    assert f"from {base}\n" in printed
    plugins = calls(server)
    requirements, script = (name.rpartition("/")[2] for name in server.files)
    for name, content in server.files.items():
        (locked_tiny / name.rpartition("/")[2]).write_bytes(content.encode())
    (name,) = server.environments
    for state in (server.environments, server.files, server.jobs, server.servings):
        state.clear()
    (locked_tiny / "publish.py").write_text(_PUBLISH, encoding="utf-8")
    words = (name, base, requirements, script, f"tiny-{stage}", stage)
    variables |= {"HOPSWORKS_ENGINE": "training"}  # does not download certificates
    consumer = Consumer.named("hopsworks")
    consumer.run("python", "publish.py", *words, cwd=locked_tiny, **variables)
    assert calls(server) == plugins
