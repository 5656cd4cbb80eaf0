"""A stage as a Jupyter kernel."""

from __future__ import annotations

import json
import subprocess
import sys
from importlib.util import find_spec
from pathlib import Path
from textwrap import dedent
from typing import TYPE_CHECKING, Final

import pytest

if TYPE_CHECKING:
    from harness import Poetry

pytestmark = pytest.mark.newest_only

# It executes a notebook in the kernel that it is given, and prints what the notebook printed.
NOTEBOOK: Final = """\
    import sys
    from jupyter_client.kernelspec import KernelSpecManager
    from nbclient import NotebookClient
    from nbformat.v4 import new_code_cell, new_notebook

    print(KernelSpecManager().get_kernel_spec(sys.argv[1]).display_name)
    notebook = new_notebook(cells=[new_code_cell(sys.argv[2])])
    NotebookClient(notebook, kernel_name=sys.argv[1]).execute()
    print(notebook.cells[0].outputs[0]["text"], end="")
    """
# Installs a kernel as ipykernel does, which takes more than a second to do it.
STAND_IN: Final = """\
    import json, os, pathlib, sys

    name = sys.argv[sys.argv.index("--name") + 1]
    folder = pathlib.Path(os.environ["JUPYTER_DATA_DIR"], "kernels", name)
    folder.mkdir(parents=True)
    spec = {"argv": [sys.executable, "-m", "ipykernel_launcher", "-f", "{connection_file}"]}
    (folder / "kernel.json").write_text(json.dumps(spec))
    """
CELL: Final = "import os, sys, alpha; print(alpha.__version__, os.environ['MODE'], sys.prefix)"


def test_a_notebook_runs_in_the_stage(poetry: Poetry, locked_tiny: Path, tmp_path: Path) -> None:
    with (locked_tiny / "pyproject.toml").open("a", encoding="utf-8") as pyproject:
        pyproject.write('[tool.fti.stages.feature.env]\nMODE = "a b"\n')
    poetry.ok(locked_tiny, "fti", "install", "feature")
    missing = poetry(locked_tiny, "fti", "kernel", "feature")
    assert missing.code == 1
    assert missing.errors == (
        "feature has no ipykernel, which a kernel requires."
        " Add it with `poetry fti add feature ipykernel`.\n"
    )
    env = Path(poetry.ok(locked_tiny, "fti", "path", "feature").strip())
    _lend_ipykernel(env)
    data = tmp_path / "jupyter"
    here = type(poetry)({**poetry.environment, "JUPYTER_DATA_DIR": str(data)})
    assert here.ok(locked_tiny, "fti", "kernel", "feature") == (
        f"Installed kernelspec tiny-feature in {data}/kernels/tiny-feature\n"
    )
    spec = json.loads((data / "kernels/tiny-feature/kernel.json").read_text(encoding="utf-8"))
    assert (spec["display_name"], spec["env"]) == ("tiny (feature)", {"MODE": "a b"})
    ran = subprocess.run(
        [sys.executable, "-c", dedent(NOTEBOOK), "tiny-feature", CELL],
        env=dict(here.environment),
        capture_output=True,
        text=True,
        check=True,
    )
    assert ran.stdout == f"tiny (feature)\n1.5 a b {env}\n"


def test_a_kernel_is_removed_with_the_name_of_its_stage(
    poetry: Poetry, locked_tiny: Path, tmp_path: Path
) -> None:
    data = tmp_path / "jupyter"
    here = type(poetry)({**poetry.environment, "JUPYTER_DATA_DIR": str(data)})
    others = {"python3": sys.executable, "tiny-training": f"{tmp_path}/gone/bin/python"}
    for name, program in others.items():
        (data / "kernels" / name).mkdir(parents=True)
        text = json.dumps({"argv": [program, "-m", "ipykernel"]})
        (data / "kernels" / name / "kernel.json").write_text(text, encoding="utf-8")

    def install(stage: str, *words: str) -> Path:
        here.ok(locked_tiny, "fti", "lock", stage)
        here.ok(locked_tiny, "fti", "install", stage)
        env = Path(here.ok(locked_tiny, "fti", "path", stage).strip())
        package = _library(env) / "ipykernel"
        package.mkdir()
        (package / "__init__.py").touch()
        (package / "__main__.py").write_text(dedent(STAND_IN), encoding="utf-8")
        here.ok(locked_tiny, "fti", "kernel", stage, *words)
        assert len(list(data.glob("kernels/*"))) > len(others)
        return env

    env = install("feature")
    assert here.ok(locked_tiny, "fti", "rename", "feature", "second") == (
        f"Renamed the stage feature to second.\nDeleted virtualenv: {env}\n"
        "Removed the Jupyter kernel tiny-feature.\nLock it with poetry fti lock second.\n"
    )
    assert not env.exists()
    assert {path.name for path in data.glob("kernels/*")} == others.keys()
    env = install("second", "--name", "ours")
    here.ok(locked_tiny, "fti", "kernel", "second")
    assert here.ok(locked_tiny, "fti", "remove-stage", "second", "--yes") == (
        f"Removed the stage second.\nDeleted virtualenv: {env}\n"
        "Removed the Jupyter kernels ours and tiny-second.\n"
    )
    assert not env.exists()
    assert {path.name for path in data.glob("kernels/*")} == others.keys()


def _lend_ipykernel(env: Path) -> None:
    # No index of the tests has it: the environment gets that of the tests.
    found = find_spec("ipykernel")
    assert found is not None
    assert found.origin is not None
    lent = f"{Path(found.origin).parents[1]}\n"
    (_library(env) / "lent.pth").write_text(lent, encoding="utf-8")


def _library(env: Path) -> Path:
    (library,) = env.glob("lib/python*/site-packages")
    return library
