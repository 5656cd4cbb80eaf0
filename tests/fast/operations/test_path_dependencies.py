"""Path dependencies: a change of what they require makes the locks that contain them stale."""

from __future__ import annotations

import re
import shutil
from typing import TYPE_CHECKING, Any, Final

import pytest

from fast.conftest import filled, project_in
from memory_commands import Ended, run
from poetry_fti.bridge.toml_parser import tomllib
from poetry_fti.errors import FAILED, FOUND
from small_index import pyproject

if TYPE_CHECKING:
    from collections.abc import Mapping

    from memory_index import MemoryProject

pytestmark = pytest.mark.slow

RELEASES: Final = {"lib 1.0": [], "lib 2.0": [], "app 1.0": ["lib"], "win 1.0": []}
STAGES: Final = pyproject(
    {
        "training": ["common @ ./libs/common"],
        "inference": ["serve @ ./services/serve"],
        "feature": ["lib"],
    }
)
COMMON: Final = """\
[project]
name = "common"
version = "1"
dependencies = ["lib<2"]
[project.optional-dependencies]
fast = ["app"]
slow = ["win"]
"""
SERVE: Final = """\
[tool.poetry]
name = "serve"
version = "1"
[tool.poetry.dependencies]
python = ">=3.11"
common = { path = "../../libs/common" }
"""


def put(demo: MemoryProject, path: str, text: str) -> None:
    file = demo.root / path
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(text, encoding="utf-8")


def states(demo: MemoryProject) -> dict[str, str]:
    project = demo.load()
    found: dict[str, str] = {}
    for stage in project.stages:
        found[stage.name] = project.status(stage).state
        assert project.quick_status(stage).state == found[stage.name]
    return found


def problem(demo: MemoryProject, stage: str) -> str:
    project = demo.load()
    (found,) = project.select([stage])
    return project.problem(found)


def recorded(demo: MemoryProject, stage: str) -> Mapping[str, str]:
    text = (demo.root / f"fti/{stage}/poetry.lock").read_text(encoding="utf-8")
    table: Mapping[str, str] = tomllib.loads(text)["metadata"].get("fti", {}).get("paths", {})
    return table


def with_libs(demo: MemoryProject) -> MemoryProject:
    demo.index.offer(RELEASES)
    put(demo, "libs/common/pyproject.toml", COMMON)
    put(demo, "services/serve/pyproject.toml", SERVE)
    demo.write(STAGES)
    return demo


@pytest.fixture
def libs(demo: MemoryProject) -> MemoryProject:
    """A project of which one stage has a path dependency, and another one that of that."""
    return with_libs(demo)


@pytest.fixture(scope="module")
def _locked_once(tmp_path_factory: pytest.TempPathFactory) -> MemoryProject:
    with project_in(tmp_path_factory.mktemp("locked")) as project:
        with_libs(project).lock()
        assert set(states(project).values()) == {"fresh"}
    return project


@pytest.fixture
def locked(_locked_once: MemoryProject, demo: MemoryProject) -> MemoryProject:
    return filled(demo, _locked_once)


def test_a_requirement_that_a_path_dependency_adds(locked: MemoryProject) -> None:
    put(locked, "services/serve/pyproject.toml", f'{SERVE}win = ">=1"\n')
    assert states(locked) == {"training": "fresh", "inference": "stale", "feature": "fresh"}
    assert problem(locked, "inference") == (
        "fti/inference/poetry.lock does not match the path dependency services/serve."
        " Run `poetry fti lock inference`."
    )
    locked.lock()
    assert locked.locked["inference"] == "common 1, lib 1.0, serve 1, win 1.0"


def test_a_path_dependency_of_another_one(locked: MemoryProject) -> None:
    put(locked, "libs/common/pyproject.toml", COMMON.replace("lib<2", "lib"))
    assert states(locked) == {"training": "stale", "inference": "stale", "feature": "fresh"}
    locked.lock()
    # Pins that still fit are kept.
    assert locked.locked["training"] == "common 1, lib 1.0"
    assert set(states(locked).values()) == {"fresh"}


def test_what_is_recorded(locked: MemoryProject) -> None:
    assert [list(recorded(locked, stage)) for stage in ("training", "inference", "feature")] == [
        ["libs/common"],
        ["libs/common", "services/serve"],
        [],
    ]


def test_a_change_that_changes_no_requirement(locked: MemoryProject) -> None:
    put(locked, "libs/common/pyproject.toml", f"{COMMON}[tool.ruff]\nfix = true # a comment\n")
    assert set(states(locked).values()) == {"fresh"}


def test_a_missing_path_dependency(locked: MemoryProject) -> None:
    shutil.rmtree(locked.root / "libs/common")
    assert states(locked) == {"training": "stale", "inference": "stale", "feature": "fresh"}
    assert problem(locked, "inference") == (
        "fti/inference/poetry.lock does not match the path dependency libs/common."
        " Run `poetry fti lock inference`."
    )
    assert str(locked.lock("training")["training"].error) == (
        f"Poetry cannot read common: Path {locked.root}/libs/common for common does not exist"
    )


def test_a_missing_path_dependency_is_warned_of_once(
    locked: MemoryProject, caplog: pytest.LogCaptureFixture
) -> None:
    shutil.rmtree(locked.root / "libs/common")
    assert run(locked, "lock").code == FAILED
    assert caplog.messages == [f"Path {locked.root}/libs/common for common does not exist"]


def test_a_lock_without_a_record(locked: MemoryProject) -> None:
    lock = locked.root / "fti/inference/poetry.lock"
    lock.write_text(lock.read_text(encoding="utf-8").partition("[metadata.fti]")[0], "utf-8")
    assert states(locked)["inference"] == "stale"
    assert problem(locked, "inference") == (
        "fti/inference/poetry.lock does not record the requirements of the path dependencies"
        " libs/common and services/serve. Run `poetry fti lock inference`."
    )
    before = locked.locked
    locked.lock()
    assert locked.locked == before


@pytest.mark.parametrize("table", ["paths = 1", "paths = {x = 1}", "paths = {'a\\nb' = []}"])
def test_a_damaged_record(locked: MemoryProject, table: str) -> None:
    lock = locked.root / "fti/inference/poetry.lock"
    text = re.sub("paths = .*", table.replace("\\", "\\\\"), lock.read_text(encoding="utf-8"))
    lock.write_text(text, encoding="utf-8")
    assert states(locked)["inference"] == "stale"
    assert problem(locked, "inference").startswith("fti/inference/poetry.lock does not match ")


def test_stages_with_a_rule_go_stale_together(libs: MemoryProject) -> None:
    rule = '[[tool.fti.align]]\nstages = ["feature", "training"]\npackages = ["lib"]\n'
    libs.write(STAGES + rule)
    libs.lock()
    put(libs, "libs/common/pyproject.toml", COMMON.replace("lib<2", "lib"))
    assert set(states(libs).values()) == {"stale"}


UNSEEN: Final = (
    "Warning: What libs/common requires is computed by its build, so changes are not detected."
    " After a change run `poetry fti update common`.\n"
)


def test_what_cannot_be_seen_is_said_once(locked: MemoryProject) -> None:
    assert run(locked, "lock", "--check") == Ended(0, "3 locks checked: all fresh.\n")
    locks = [locked.root / f"fti/{stage}/poetry.lock" for stage in ("training", "inference")]
    old = [recorded(locked, stage)["libs/common"] for stage in ("training", "inference")]
    put(locked, "libs/common/pyproject.toml", "")
    put(locked, "libs/common/setup.py", "setup(install_requires=read())")
    assert run(locked, "lock", "--check").code == FOUND
    new = locked.load().stages[1].derived.paths.digests["libs/common"]
    for lock, digest in zip(locks, old, strict=True):
        lock.write_text(lock.read_text(encoding="utf-8").replace(digest, new), encoding="utf-8")
    run(locked, "export", "--format", "requirements")
    for words in ("lock", "lock --check", "list", "export --check --format requirements"):
        ended = run(locked, *words.split())
        assert (ended.code, ended.errors) == (0, UNSEEN), words
    assert run(locked, "lock", "feature").errors == ""


def test_metadata_that_a_build_has_left(libs: MemoryProject) -> None:
    computed = COMMON.replace('version = "1"', 'dynamic = ["version"]')
    put(libs, "libs/common/pyproject.toml", computed)
    left = "libs/common/src/common.egg-info"
    info = "Metadata-Version: 2.1\nName: common\nVersion: 1\nRequires-Dist: lib<2\n"
    put(libs, f"{left}/PKG-INFO", info)
    libs.lock()
    assert set(states(libs).values()) == {"fresh"}
    put(libs, "libs/common/pyproject.toml", computed.replace('"lib<2"', '"lib<2", "win"'))
    assert str(libs.lock("training")["training"].error) == (
        f"{libs.root}/{left} is left from an earlier build of common, which required something"
        " else. Poetry reads it: remove it, and run the command again."
    )


PLUGIN: Final = """\
[project]
name = "plugin"
version = "1"
dependencies = ["demo>=1.5", "lib"]
"""


def project_of(demo: MemoryProject, stage: str) -> Mapping[str, Any]:
    (found,) = demo.load().select([stage])
    table: Mapping[str, Any] = found.derived.data["project"]
    return table


@pytest.mark.parametrize(
    "settings",
    [
        "",
        '[tool.fti.stages.training]\nplatforms = ["linux/amd64"]\n',
        "[tool.fti.stages.training.overrides]\nwin = '*'\n",
        '[[tool.fti.align]]\nstages = ["feature", "training"]\npackages = ["lib"]\n',
    ],
)
def test_a_path_dependency_that_requires_the_project(demo: MemoryProject, settings: str) -> None:
    demo.index.offer(RELEASES)
    put(demo, "plugin/pyproject.toml", PLUGIN.replace('"demo>=1.5", ', ""))
    groups = {"training": ["plugin @ ./plugin"], "feature": ["lib<2"], "inference": ["lib"]}
    text = pyproject(groups, settings)
    demo.write(text.replace('version = "1"', 'version = "1.7"'))
    demo.lock()
    before = demo.locked
    assert project_of(demo, "training")["version"] == "0"
    put(demo, "plugin/pyproject.toml", PLUGIN)
    demo.lock(regenerate=True)
    assert demo.locked == before
    assert project_of(demo, "training")["version"] == "1.7"
    demo.write(text.replace('version = "1"', 'version = "1.8"'))
    assert states(demo)["training"] == "fresh"
    demo.write(text)
    assert states(demo)["training"] == "stale"
    assert "which depends on demo (>=1.5)" in str(demo.lock("training")["training"].error)


def test_a_package_of_an_index_that_requires_the_project(demo: MemoryProject) -> None:
    demo.index.offer({"plugin 1.0": ["demo>=1"]})
    demo.write(pyproject({"training": ["plugin"]}))
    demo.lock()
    assert demo.locked == {"training": "plugin 1.0"}


def test_a_folder_that_is_no_project_any_more(demo: MemoryProject) -> None:
    demo.index.offer({"lib 1.0": []})
    demo.write(pyproject({"training": ["common @ ./libs/common"]}))
    put(demo, "libs/common/pyproject.toml", COMMON)
    assert demo.lock()["training"].error is None
    (demo.root / "libs/common/pyproject.toml").unlink()
    folder = demo.root / "libs/common"
    assert str(demo.lock()["training"].error) == (
        f"Poetry cannot read common: Source {folder} does not appear to be a Python project:"
        " no pyproject.toml or setup.py"
    )
