"""The examples for Dagster and BentoML, run by them."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path
from typing import Final

import pytest

from consumer import Consumer
from harness import Poetry
from loopback.catalogue import load
from loopback.clients import isolated_environment
from loopback.index import LoopbackIndex
from pages import Reader

pytestmark = pytest.mark.skipif(
    sys.platform == "win32", reason="the environments on the page are those of POSIX"
)

GUIDE: Final = "docs/how-to/other-platforms.md"
_PIN: Final = re.compile(r"^([a-z-]+==[0-9.]+)", re.MULTILINE)
_MATERIALIZE: Final = """\
import dagster
from definitions import defs, features

assert dagster.materialize([features], resources=defs.resources).success
"""


@pytest.fixture(scope="module")
def project(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The project of the page, after everything that the page does."""
    root = tmp_path_factory.mktemp("project")
    uv = Path(sys.executable).with_name("uv")
    with LoopbackIndex(load()) as index:
        poetry = Poetry(isolated_environment(tmp_path_factory.mktemp("home"), index.url))
        Reader(poetry, root, {}).follow(GUIDE)
    # As the page's command, but without the packages, of which the index has the metadata only.
    subprocess.run(
        [uv, "--quiet", "venv", "--python", sys.executable, ".venv-feature"], cwd=root, check=True
    )
    return root


def test_dagster_runs_a_stage_in_its_environment(project: Path, tmp_path: Path) -> None:
    (project / "credit").mkdir()
    code = "import sys\nwith open('prefix.txt', 'w') as file:\n    file.write(sys.prefix)\n"
    (project / "credit/features.py").write_text(code, encoding="utf-8")
    (project / "materialize.py").write_text(_MATERIALIZE, encoding="utf-8")
    dagster = Consumer.named("dagster")
    dagster.run("python", "materialize.py", cwd=project, HOME=str(tmp_path))
    prefix = (project / "prefix.txt").read_text(encoding="utf-8")
    assert Path(prefix).resolve() == (project / ".venv-feature").resolve()


def test_a_bento_has_the_requirements_of_the_stage(project: Path, tmp_path: Path) -> None:
    Consumer.named("bentoml").run(
        *("bentoml", "build", "service:Service"),
        cwd=project,
        BENTOML_DO_NOT_TRACK="true",
        BENTOML_HOME=str(tmp_path),
        HOME=str(tmp_path),
    )
    (built,) = tmp_path.glob("bentos/credit/*/env/python/requirements.txt")
    exported = (project / "fti/inference/requirements.txt").read_text(encoding="utf-8")
    pins = _PIN.findall(exported)
    assert any(pin.startswith("scikit-learn==") for pin in pins)
    found = built.read_text(encoding="utf-8")
    assert _PIN.findall(found) == [*pins, "bentoml==1.4.40"]
    assert re.findall("sha256:[0-9a-f]+", found) == re.findall("sha256:[0-9a-f]+", exported)
