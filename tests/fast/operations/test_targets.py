"""What a stage's lock contains: platforms, Pythons, extras, overrides, direct references."""

from __future__ import annotations

import re
from pathlib import PurePosixPath
from typing import TYPE_CHECKING, Final

import pytest
from poetry.utils._compat import tomllib

from memory_commands import run
from poetry_fti.bridge.solving import stage_solver
from poetry_fti.model.origins import DirectoryOrigin
from small_index import pyproject

if TYPE_CHECKING:
    from memory_index import MemoryProject

LINUX: Final = "sys_platform == 'linux'"
WINDOWS: Final = "sys_platform == 'win32'"
MACOS: Final = "sys_platform == 'darwin'"


def on(*platforms: str, stage: str = "training") -> str:
    return f"[tool.fti.stages.{stage}]\nplatforms = {list(platforms)}\n"


@pytest.fixture
def systems(demo: MemoryProject) -> MemoryProject:
    demo.index.offer(
        {
            "app 1.0": [
                f"lib<2 ; {LINUX}",
                f"lib>=2 ; {MACOS}",
                f"registry ; {WINDOWS}",
                f"shim ; python_version < '3.13' or {WINDOWS}",
            ],
            "lib 1.0": [],
            "lib 2.0": [],
            "registry 1.0": [],
            "shim 1.0": [f"registry ; {WINDOWS} and python_version < '3.12'"],
            "tool 1.0": [],
            "tool 2.0": [f"lib<2 ; {MACOS}"],
        }
    )
    return demo


def test_several_operating_systems_share_a_lock_with_exact_markers(systems: MemoryProject) -> None:
    systems.write(
        pyproject({"training": ["app"]}, on("linux/amd64", "macos/arm64", "windows/amd64"))
    )
    systems.lock()
    assert systems.markers("training") == {
        "app 1.0": "",
        "lib 1.0": 'sys_platform == "linux"',
        "lib 2.0": 'sys_platform == "darwin"',
        "registry 1.0": 'sys_platform == "win32"',
        "shim 1.0": (
            'python_version < "3.13" and (sys_platform == "linux" or sys_platform == "darwin")'
            ' or sys_platform == "win32"'
        ),
    }


def test_one_operating_system_needs_no_marker_of_it(systems: MemoryProject) -> None:
    systems.write(pyproject({"training": ["app"]}, on("linux/amd64", "linux/arm64")))
    systems.lock()
    assert systems.markers("training") == {
        "app 1.0": "",
        "lib 1.0": "",
        "shim 1.0": 'python_version < "3.13"',
    }


@pytest.mark.slow
def test_a_lock_without_platforms_serves_every_platform(systems: MemoryProject) -> None:
    systems.write(pyproject({"training": ["app", "lib; sys_platform == 'win32'"]}))
    systems.lock()
    assert [name.split()[0] for name in systems.markers("training")] == [
        *("app", "lib", "lib", "registry", "shim")
    ]


@pytest.mark.slow
def test_operating_systems_have_the_same_version_where_they_can(systems: MemoryProject) -> None:
    systems.write(pyproject({"training": ["tool", "lib"]}, on("linux/amd64", "macos/arm64")))
    systems.lock()
    assert systems.locked == {"training": "lib 1.0, tool 2.0"}


@pytest.mark.slow
def test_a_stage_without_platforms_agrees_with_one_that_has_some(systems: MemoryProject) -> None:
    groups = {"training": ["lib"], "feature": ["lib<2"]}
    systems.write(pyproject(groups, on("linux/amd64") + "[tool.fti.stages.feature]\n"))
    systems.lock()
    assert systems.locked == {"training": "lib 1.0", "feature": "lib 1.0"}


@pytest.mark.slow
def test_a_changed_platform_makes_a_lock_stale(systems: MemoryProject) -> None:
    systems.write(pyproject({"training": ["app"]}, on("linux/amd64")))
    systems.lock()
    systems.write(pyproject({"training": ["app"]}, on("linux/amd64", "macos/arm64")))
    project = systems.load()
    assert project.problem(project.stages[0]) == (
        "fti/training/poetry.lock does not match pyproject.toml. Run `poetry fti lock training`."
    )


@pytest.mark.slow
def test_a_stage_has_the_newest_versions_for_its_own_python(demo: MemoryProject) -> None:
    demo.index.offer({"lib 1.0": [], "lib 2.0": ["python>=3.12"]})
    groups = {"training": ["lib"], "feature": ["lib"]}
    demo.write(
        pyproject(groups, '[tool.fti.stages.feature]\n[tool.fti.stages.training]\npython=">=3.12"')
    )
    demo.lock(aligned=False)
    assert demo.locked == {"training": "lib 2.0", "feature": "lib 1.0"}


@pytest.mark.slow
def test_extras_of_packages_and_of_the_project(demo: MemoryProject) -> None:
    demo.index.offer(
        {
            "app 1.0": ["lib; extra == 'fast'", "app[fast]; extra == 'all'", "zoo; extra == 'no'"],
            "lib 1.0": [],
            "mid 1.0": [],
            "zoo 1.0": [],
        }
    )
    settings = """\
[project.optional-dependencies]
quick = ["mid"]
slow = ["zoo"]
[tool.fti.stages.training]
extras = ["quick"]
platforms = ["linux/amd64", "windows/amd64"]
[tool.fti.stages.feature]
"""
    demo.write(pyproject({"training": ["app[all]"], "feature": ["app"]}, settings))
    demo.lock()
    assert demo.locked == {"training": "app 1.0, lib 1.0, mid 1.0", "feature": "app 1.0"}


@pytest.mark.slow
def test_an_override_replaces_what_packages_require(demo: MemoryProject) -> None:
    demo.index.offer({"app 1.0": ["lib<2"], "lib 1.0": [], "lib 2.0": []})
    groups = {"training": ["app", "lib>=2"]}
    demo.write(pyproject(groups))
    (result,) = demo.lock().values()
    assert str(result.error) == "pyproject.toml requires lib >=2, but app 1.0 requires lib <2."
    demo.write(pyproject(groups, '[tool.fti.stages.training.overrides]\nlib = ">=2"\n'))
    demo.lock()
    assert demo.locked == {"training": "app 1.0, lib 2.0"}
    lock = tomllib.loads((demo.root / "fti/training/poetry.lock").read_text(encoding="utf-8"))
    assert lock["metadata"]["fti"] == {"overrides": {"lib": ">=2"}}
    assert demo.load().locked(demo.load().stages[0]).packages[0].name == "app"


@pytest.mark.parametrize(
    ("python", "where"),
    [
        (">=3.9", ">=3.9,<3.11"),
        pytest.param(">=3.10", "3.10", marks=pytest.mark.slow),
        pytest.param(">=3.9,<3.11", None, marks=pytest.mark.slow),
    ],
)
def test_a_python_that_no_version_supports_is_named(
    demo: MemoryProject, python: str, where: str | None
) -> None:
    demo.index.offer(
        {"lib 1.0": ["python>=3.8"], "lib 1.1": ["python>=3.11"], "lib 1.2": ["python>=3.12"]}
    )
    demo.write(pyproject({"training": ["lib>=1.1"]}, python=python))
    (result,) = demo.lock().values()
    expected = f"No version of lib >=1.1 supports Python {where or python}."
    assert str(result.error) == expected


@pytest.mark.slow
def test_many_versions_that_clash_are_counted(demo: MemoryProject) -> None:
    versions = {f"app 1.{minor}": [f"lib>=2.{minor}"] for minor in range(5)}
    demo.index.offer({**versions, "lib 1.0": [], "lib 2.9": []})
    demo.write(pyproject({"training": ["app", "lib<2"]}))
    (result,) = demo.lock().values()
    assert str(result.error) == (
        "pyproject.toml requires lib <2, but app (each of 5 versions) requires lib >=2.0."
    )


@pytest.mark.slow
def test_requirements_of_the_project_are_in_every_stage(demo: MemoryProject) -> None:
    demo.index.offer({"lib 1.0": [], "mid 1.0": []})
    demo.write(pyproject({"training": ["mid"], "feature": []}, dependencies=["lib"]))
    demo.lock()
    assert demo.locked == {"training": "lib 1.0, mid 1.0", "feature": "lib 1.0"}


@pytest.mark.slow
def test_a_path_dependency_is_read_anew(demo: MemoryProject) -> None:
    demo.index.offer({"lib 1.0": [], "win 1.0": []})
    library = demo.root / "libs/own"
    library.mkdir(parents=True)
    text = (
        '[project]\nname = "own"\nversion = "{}"\ndependencies = ["lib", "win; os_name==\'nt\'"]\n'
    )
    (library / "pyproject.toml").write_text(text.format("1"), encoding="utf-8")
    settings = (
        "[tool.poetry.group.training.dependencies]\nown = {path = 'libs/own', develop = true}\n"
    )
    demo.write(pyproject({"training": []}, settings + on("linux/amd64")))
    demo.lock()
    assert demo.locked == {"training": "lib 1.0, own 1"}
    (library / "pyproject.toml").write_text(text.format("2"), encoding="utf-8")
    demo.lock(regenerate=True)
    assert demo.locked == {"training": "lib 1.0, own 2"}
    project = demo.load()
    own = project.locked(project.stages[0]).packages[-1]
    assert own.origin == DirectoryOrigin(PurePosixPath("libs/own"), editable=True)


@pytest.mark.slow
def test_a_rule_binds_what_a_path_dependency_requires(demo: MemoryProject) -> None:
    demo.index.offer({"lib 1.0": [], "lib 2.0": []})
    library = demo.root / "libs/own"
    library.mkdir(parents=True)
    text = '[project]\nname="own"\nversion="1"\ndependencies=["lib<2"]\n'
    (library / "pyproject.toml").write_text(text, encoding="utf-8")
    settings = """\
[tool.poetry.group.training.dependencies]
own = {path = "libs/own"}
[[tool.fti.align]]
packages = ["lib"]
"""
    demo.write(pyproject({"training": [], "feature": ["lib"]}, settings))
    (demo.root / "fti").mkdir()
    demo.lock(aligned=False)
    assert demo.locked == {"training": "lib 1.0, own 1", "feature": "lib 1.0"}


def test_a_yanked_version_is_locked_with_a_warning(demo: MemoryProject) -> None:
    demo.index.offer({"lib 1.0": [], "lib 2.0": ["yanked broken wheel"]})
    demo.write(pyproject({"training": ["lib==2.0"], "feature": ["lib"]}))
    results = demo.lock(aligned=False)
    assert demo.locked == {"training": "lib 2.0", "feature": "lib 1.0"}
    assert results["training"].warnings == (
        "The locked version 2.0 for lib is a yanked version. Reason for being yanked: broken wheel",
    )


@pytest.mark.slow
def test_what_platforms_would_save_is_measured_where_solving_is_slow(
    systems: MemoryProject, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(stage_solver, "SLOW", 0)
    systems.write(pyproject({"training": ["app"], "feature": ["app"]}, on("linux/amd64")))
    assert systems.lock()["training"].saving is None
    systems.write(pyproject({"training": ["app"]}))
    saving = systems.lock()["training"].saving
    assert saving is not None
    assert saving.packages == (5, 3)


@pytest.mark.slow
def test_the_time_of_requests_is_none_that_platforms_would_save(
    systems: MemoryProject, monkeypatch: pytest.MonkeyPatch
) -> None:
    # The pages that the measurement reads have been requested before.
    monkeypatch.setattr(stage_solver, "SLOW", 1)
    systems.index.latency = 0.25
    systems.write(pyproject({"training": ["app"]}))
    assert systems.lock()["training"].saving is None


@pytest.mark.slow
@pytest.mark.parametrize(
    ("requirement", "fewer"), [("app", ", and 3 packages instead of 5"), ("shim==1.0", "")]
)
def test_the_command_reports_what_platforms_would_save(
    requirement: str, fewer: str, systems: MemoryProject, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(stage_solver, "SLOW", 0)
    if not fewer:
        systems.index.offer({"shim 1.0": []})
    systems.write(pyproject({"training": [requirement]}))
    line = run(systems, "lock").output.splitlines()[-1]
    assert re.sub(r"\d\.\d s", "1.0 s", line) == (
        'training was solved for every platform. With platforms = ["linux/amd64", "linux/arm64"] in'
        f" tool.fti.stages.training it takes 1.0 s instead of 1.0 s{fewer}."
    )
