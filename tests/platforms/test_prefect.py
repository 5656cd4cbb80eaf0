"""prefect_flow.py, served with a server of Prefect and run by it."""

from __future__ import annotations

import json
import os
import socket
import subprocess
import time
import urllib.request
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import pytest

from consumer import Consumer
from pipelines import STAGES, export, install, pipeline

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from harness import Poetry

pytestmark = pytest.mark.skipif(os.name == "nt", reason="the environments are those of POSIX")

_SECONDS: Final = 600  # a busy machine may be slow
# It writes which version of a package its environment has, on which the stages do not agree.
_CODE: Final = """\
import os, pathlib, tiny
from importlib.metadata import version
if os.path.exists("empty"):
    raise SystemExit("no data")
print("ran {stage}", os.environ["REPORT"])
pathlib.Path(os.environ["REPORT"]).write_text(version("alpha") + " in " + os.environ["VIRTUAL_ENV"])
"""
# Prefect's own command would migrate an empty database a hundred times, which takes most of the
# time, and start services and pages that are of no use here. Some tables declare an index twice.
_SERVER: Final = """\
import asyncio
import sys

import uvicorn
from prefect.server.api.server import create_app
from prefect.server.database import provide_database_interface


async def serve():
    database = provide_database_interface()
    metadata = database.Base.metadata
    for table in metadata.tables.values():
        table.indexes = set({each.name: each for each in table.indexes}.values())
    engine = await database.engine()
    async with engine.begin() as connection:
        await connection.run_sync(metadata.create_all)
    app = create_app(ephemeral=True)
    await uvicorn.Server(uvicorn.Config(app, port=int(sys.argv[1]))).serve()


asyncio.run(serve())
"""


def variables(home: Path, **others: str) -> dict[str, str]:
    """Return the environment variables of Prefect, whose files are in a folder."""
    return {
        "DO_NOT_TRACK": "1",
        "HOME": str(home),
        "PREFECT_HOME": str(home),
        "PREFECT_API_DATABASE_MIGRATE_ON_START": "false",
        "PREFECT_LOGGING_TO_API_BATCH_INTERVAL": "0.1",
        "PREFECT_RUNNER_POLL_FREQUENCY": "1",
        "PREFECT_SERVER_ANALYTICS_ENABLED": "false",
        **others,
    }


@contextmanager
def running(*words: str, cwd: Path, env: Mapping[str, str]) -> Iterator[None]:
    """Run a program of Prefect's environment until the block ends."""
    program = Consumer.named("prefect").program(words[0])
    with (cwd / "output.txt").open("ab") as output:
        process = subprocess.Popen(
            [program, *words[1:]],
            cwd=cwd,
            env={**os.environ, **env},
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=output,
        )
    try:
        yield
    finally:
        process.terminate()
        process.wait()


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Mapping[str, str]]:
    """Start a server of Prefect, and return the variables of its clients."""
    home = tmp_path_factory.mktemp("prefect")
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = str(free.getsockname()[1])
    (home / "server.py").write_text(_SERVER, encoding="utf-8")
    env = variables(home, PREFECT_API_URL=f"http://127.0.0.1:{port}/api")
    with running("python", "server.py", port, cwd=home, env=env):
        answer(env, "health")
        yield env


def answer(env: Mapping[str, str], path: str, document: object = None) -> Any:  # noqa: ANN401 - any JSON
    """Return the response of the server to a request, which is repeated until there is one."""
    url, data = f"{env['PREFECT_API_URL']}/{path}", json.dumps(document or {}).encode()
    headers = {"Content-Type": "application/json"}
    request = urllib.request.Request(url, data if document else None, headers)  # noqa: S310 - ours
    end = time.monotonic() + _SECONDS
    while time.monotonic() < end:
        with suppress(OSError), urllib.request.urlopen(request) as response:  # noqa: S310 - the same
            return json.load(response)
        time.sleep(0.2)
    return pytest.fail(f"{url} has not answered")


def ended(env: Mapping[str, str], deployment: str) -> dict[str, Any]:
    """Start a run of a deployment, and return it when it has ended."""
    path = f"deployments/{deployment}/create_flow_run"
    run = answer(env, path, {"state": {"type": "SCHEDULED"}})
    end = time.monotonic() + _SECONDS
    while run["state_type"] in ("SCHEDULED", "PENDING", "RUNNING") and time.monotonic() < end:
        time.sleep(0.5)
        run = answer(env, f"flow_runs/{run['id']}")
    found: dict[str, Any] = run
    return found


@pytest.fixture(scope="module")
def root(tmp_path_factory: pytest.TempPathFactory, poetry: Poetry) -> Path:
    """A project with the flow, and an environment for each stage beside its folder."""
    root = pipeline(poetry, tmp_path_factory.mktemp("projects") / "credit", _CODE)
    export(poetry, root, "prefect", runner="external-python", schedule="0 3 * * mon-fri")
    install(poetry, root, root.parent)
    return root


@pytest.fixture(scope="module")
def deployment(root: Path, server: Mapping[str, str]) -> Iterator[Mapping[str, Any]]:
    """The deployment of the flow, which is served."""
    # Relative to the project's folder.
    env = {**server, "FTI_ENVIRONMENTS": ".."}
    with running("python", "fti/prefect_flow.py", cwd=root, env=env):
        yield answer(server, "deployments/name/credit/fti")


def tasks(env: Mapping[str, str], run: Mapping[str, Any]) -> list[dict[str, Any]]:
    """Return the runs of the tasks of a run, in the order in which they have started."""
    found = answer(env, "task_runs/filter", {"flow_runs": {"id": {"any_": [run["id"]]}}})
    return sorted(found, key=lambda each: str(each["start_time"]))


def test_the_flow_is_scheduled(deployment: Mapping[str, Any]) -> None:
    (schedule,) = deployment["schedules"]
    assert (schedule["schedule"]["cron"], schedule["schedule"]["timezone"]) == (
        "0 3 * * mon-fri",
        "UTC",
    )


def test_conflicting_stages_run_in_their_environments(
    server: Mapping[str, str], deployment: Mapping[str, Any], root: Path
) -> None:
    run = ended(server, deployment["id"])
    output = (root / "output.txt").read_text("utf-8")
    assert run["state_type"] == "COMPLETED", output
    first, second = tasks(server, run)
    names = [each["name"].rpartition("-")[0] for each in (first, second)]
    assert names == [*STAGES]
    assert first["end_time"] <= second["start_time"]
    assert "ran {stage} training.txt" in output
    found = [(root / f"{stage}.txt").read_text("utf-8").split(" in ") for stage in STAGES]
    assert found[0][0] != found[1][0]
    assert [Path(place).resolve() for _, place in found] == [root.parent / each for each in STAGES]


def test_a_stage_that_fails_ends_the_run(
    server: Mapping[str, str], deployment: Mapping[str, Any], root: Path
) -> None:
    (root / "empty").touch()
    run = ended(server, deployment["id"])
    assert run["state_type"] == "FAILED"
    (only,) = tasks(server, run)
    assert (only["name"].rpartition("-")[0], only["state_type"]) == ("feature", "FAILED")
    assert "no data" in (root / "output.txt").read_text("utf-8")
