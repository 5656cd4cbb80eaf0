"""`poetry fti import` of projects of uv, pixi and Hatch: stages that lock as these tools do."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import pytest

from memory_commands import run
from small_index import pyproject

if TYPE_CHECKING:
    from memory_index import MemoryProject
    from small_index import Releases

pytestmark = pytest.mark.slow

RELEASES: Final[Releases] = {
    "fastapi 1.0": [],
    "lib 1.0": [],
    "lib 2.0": [],
    # Another package of the name of a member.
    "shared 9.0": [],
    "torch 2.0": [],
    "web 1.0": [],
    "web 2.0": [],
}
WORKSPACE: Final = """\
# the workspace
[project]
name = "platform"
version = "1"
requires-python = ">=3.11"

[tool.uv.workspace]
members = ["packages/*"]

[tool.uv.sources]
shared = { workspace = true }
"""
LOCK: Final = """\
[[package]]
name = "worker"
source = { editable = "packages/worker" }
dependencies = [{ name = "shared" }]
[[package]]
name = "api"
source = { editable = "packages/api" }
dependencies = [{ name = "shared" }]
[[package]]
name = "shared"
version = "1"
source = { editable = "packages/shared" }
dependencies = [{ name = "lib" }]
[[package]]
name = "lib"
version = "1.0"
"""


@pytest.fixture
def project(demo: MemoryProject) -> MemoryProject:
    demo.index.offer(RELEASES)
    return demo


def put(project: MemoryProject, name: str, text: str) -> None:
    path = project.root / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text, encoding="utf-8")


def member(project: MemoryProject, name: str, *requirements: str) -> None:
    listed = ", ".join(f'"{each}"' for each in requirements)
    text = (
        f'[project]\nname = "{name}"\nversion = "1"\nrequires-python = ">=3.11"\n'
        f'dependencies = [{listed}]\n[build-system]\nrequires = ["hatchling"]\n'
        'build-backend = "hatchling.build"\n'
    )
    put(project, f"packages/{name}/pyproject.toml", text)


@pytest.fixture
def workspace(project: MemoryProject) -> MemoryProject:
    project.write(WORKSPACE)
    member(project, "shared", "lib")
    member(project, "worker", "shared", "torch")
    member(project, "api", "shared", "fastapi")
    put(project, "uv.lock", LOCK)
    return project


def test_members_of_a_workspace_become_stages(workspace: MemoryProject) -> None:
    done = run(workspace, "import", "--discover")
    assert done.code == 0, done.errors
    assert done.output.startswith(
        "stage      kind       file            because\n"
        'inference  inference  uv.lock:api     its name has "api"\n'
        "training   training   uv.lock:worker  it contains torch\n"
    )
    assert workspace.locked == {
        "inference": "api 1, fastapi 1.0, lib 1.0, shared 1",
        "training": "lib 1.0, shared 1, torch 2.0, worker 1",
    }
    text = (workspace.root / "pyproject.toml").read_text(encoding="utf-8")
    assert text.startswith(WORKSPACE)
    assert 'worker = { path = "packages/worker", develop = true }' in text


def test_a_package_that_has_an_index_for_each_system(project: MemoryProject) -> None:
    project.index.offer({"torch 2.1": []}, "cuda.example.org")
    project.index.offer({"torch 2.2": []}, "cpu.example.org")
    text = pyproject({"training": ["torch>=2"]}) + (
        "[tool.uv.sources]\ntorch = [\n"
        "  { index = 'cuda', marker = \"sys_platform == 'linux'\" },\n"
        "  { index = 'cpu', marker = \"sys_platform != 'linux'\" },\n]\n"
        "[[tool.uv.index]]\nname = 'cuda'\nurl = 'https://cuda.example.org/simple'\n"
        "explicit = true\n"
        "[[tool.uv.index]]\nname = 'cpu'\nurl = 'https://cpu.example.org/simple'\nexplicit = true\n"
    )
    put(project, "old/pyproject.toml", text)
    project.write(pyproject({}))
    done = run(project, "import", "training", str(project.root / "old/pyproject.toml"))
    assert done.code == 0, done.errors
    assert project.locked == {"training": "torch 2.1, torch 2.2"}
    project.write(text)
    done = run(project, "import", "training", str(project.root / "pyproject.toml"))
    assert done.code == 0, done.errors
    assert project.locked == {"training": "torch 2.1, torch 2.2"}


def test_targets_of_pixi(project: MemoryProject) -> None:
    project.write(pyproject({}))
    manifest = (
        '[workspace]\nplatforms = ["linux-64", "win-64"]\n[dependencies]\nweb = ">=2"\n'
        '[target.win-64.dependencies]\nweb = "1.*"\n[environments]\ntraining = []\n'
    )
    put(project, "pixi.toml", manifest)
    done = run(project, "import", "training", str(project.root / "pixi.toml"))
    assert done.code == 0, done.errors
    assert project.locked == {"training": "web 1.0, web 2.0"}


def test_an_environment_of_hatch_toml(project: MemoryProject) -> None:
    project.write(pyproject({}))
    put(
        project,
        "hatch.toml",
        '[envs.training]\ndependencies = ["lib<2"]\n'
        'overrides.platform.linux.dependencies = ["torch"]\n',
    )
    done = run(project, "import", "training", str(project.root / "hatch.toml"))
    assert done.code == 0, done.errors
    assert project.locked == {"training": "lib 1.0, torch 2.0"}
