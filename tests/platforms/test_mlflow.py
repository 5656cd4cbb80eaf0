"""The files for MLflow: a model that is logged, loaded and served with them, and a project."""

from __future__ import annotations

import json
import os
import signal
import socket
import subprocess
import sys
import time
import urllib.request
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import pytest
import yaml

from consumer import Consumer
from exported import VERSION, exported
from loopback.catalogue import load
from loopback.index import LoopbackIndex
from pages import ROOT, blocks

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from harness import Poetry

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="MLflow starts bash")

PINS: Final = (
    "alpha==2.0",
    "boosting==1.0",
    "dotted-name-pkg==1.0",
    'loopish==0.1 ; sys_platform != "win32"',
    "native==1.0",
    "sourceonly==1.0",
    *(["typing-backfill==1.0"] if sys.version_info < (3, 12) else []),
    "webby==0.9",
)
# The arguments that a model is logged with on the page.
WAYS: Final = {
    "pip_requirements": "fti/inference/requirements.mlflow.txt",
    "conda_env": "fti/inference/conda.yaml",
}
_LOG: Final = f"""\
import sys
from importlib.metadata import version

import mlflow


class Versions(mlflow.pyfunc.PythonModel):
    def predict(self, context, model_input, params=None):
        return [version(name) for name in model_input["name"]]


for way, path in {WAYS}.items():
    info = mlflow.pyfunc.log_model(name="model", python_model=Versions(), **{{way: path}})
    assert mlflow.pyfunc.load_model(info.model_uri).predict({{"name": ["mlflow"]}}) == ["3.17.2"]
    mlflow.artifacts.download_artifacts(info.model_uri, dst_path=way)
"""
_PAGE: Final = "docs/how-to/mlflow.md"
_TRAIN: Final = """\
import sys
from pathlib import Path

import torchish

Path("prefix.txt").write_text(sys.prefix)
"""
_SECONDS: Final = 600  # a busy machine may be slow


@pytest.fixture(scope="module")
def variables(
    built_artifacts: Path, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Mapping[str, str]]:
    """Variables for MLflow and its uv, which prefers an index with the small packages only."""
    folder = tmp_path_factory.mktemp("mlflow")
    mlflow = Consumer.named("mlflow")
    catalogue = load(built_artifacts / "public.json", archives=built_artifacts)
    # The Python of the stage, which can be another than that of MLflow.
    folders = (mlflow.python.parent, Path(sys.executable).resolve().parent)
    with LoopbackIndex(catalogue) as index:
        yield {
            "MLFLOW_ALLOW_FILE_STORE": "true",
            "MLFLOW_DISABLE_TELEMETRY": "true",
            "MLFLOW_ENV_ROOT": str(folder / "environments"),
            "MLFLOW_TRACKING_URI": (folder / "runs").as_uri(),
            "PATH": os.pathsep.join([*map(str, folders), os.environ["PATH"]]),
            "UV_INDEX": f"{index.url}simple/",
        }


def post(url: str, document: object) -> Any:  # noqa: ANN401 -- any JSON
    """Return what a server answers."""
    data, headers = json.dumps(document).encode(), {"Content-Type": "application/json"}
    request = urllib.request.Request(url, data, headers)  # noqa: S310 -- a URL of ours
    with urllib.request.urlopen(request) as answer:  # noqa: S310 -- the same
        return json.load(answer)


def listens(port: int) -> bool:
    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", port)) == 0


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


def test_a_model_has_the_pins_of_the_stage_and_is_served_with_them(
    poetry: Poetry, locked_tiny: Path, variables: Mapping[str, str]
) -> None:
    exported(poetry, locked_tiny, "mlflow", "inference")
    mlflow = Consumer.named("mlflow")
    (locked_tiny / "log.py").write_text(_LOG, encoding="utf-8")
    mlflow.run("python", "log.py", cwd=locked_tiny, **variables)
    for way in WAYS:
        text = (locked_tiny / way / "requirements.txt").read_text(encoding="utf-8")
        pins = [line.replace(";", " ;").replace("  ;", " ;") for line in text.splitlines()]
        assert tuple(pins) == ("mlflow==3.17.2", *PINS)
    conda = yaml.safe_load((locked_tiny / "conda_env/conda.yaml").read_text(encoding="utf-8"))
    assert conda["name"] == "tiny-inference"
    assert conda["dependencies"][0] == f"python={VERSION}"
    port = free_port()
    words = ("serve", "--env-manager", "uv", "--model-uri", "pip_requirements", "--port", str(port))
    server = subprocess.Popen(
        [mlflow.program("mlflow"), "models", *words],
        cwd=locked_tiny,
        env={**os.environ, **variables},
        start_new_session=True,
    )
    try:
        end = time.monotonic() + _SECONDS
        while not listens(port):
            assert server.poll() is None
            assert time.monotonic() < end
            time.sleep(0.1)
        asked = {"dataframe_split": {"columns": ["name"], "data": [["boosting"], ["alpha"]]}}
        answer = post(f"http://127.0.0.1:{port}/invocations", asked)
    finally:
        os.killpg(server.pid, signal.SIGTERM)
        server.wait()
    assert answer == {"predictions": ["1.0", "2.0"]}


def test_a_project_runs_in_an_environment_of_the_hashed_pins(
    poetry: Poetry, locked_tiny: Path, variables: Mapping[str, str]
) -> None:
    folder = exported(poetry, locked_tiny, "mlflow", "training")
    assert "--hash=sha256:" in (folder / "python_env.yaml").read_text(encoding="utf-8")
    (project,) = (block for block in blocks(_PAGE) if block.path == "./MLproject")
    (locked_tiny / "MLproject").write_text(project.text, encoding="utf-8")
    (locked_tiny / "train.py").write_text(_TRAIN, encoding="utf-8")
    mlflow = Consumer.named("mlflow")
    mlflow.run("mlflow", "run", ".", "--env-manager", "uv", cwd=locked_tiny, **variables)
    prefix = (locked_tiny / "prefix.txt").read_text(encoding="utf-8")
    assert prefix.startswith(variables["MLFLOW_ENV_ROOT"])


def test_the_page_logs_models_in_these_ways() -> None:
    (python,) = (block.text for block in blocks(_PAGE) if block.language == "python")
    assert f'pip_requirements="{WAYS["pip_requirements"]}"' in python
    text = (ROOT / _PAGE).read_text(encoding="utf-8")
    assert f'`conda_env="{WAYS["conda_env"]}"`' in text
