"""Locking has Poetry validate the pyproject.toml late, and nothing depends on that."""

from __future__ import annotations

from multiprocessing import active_children
from typing import TYPE_CHECKING

import pytest
from poetry.core import factory as poetry_factory
from poetry.factory import Factory

from memory_index import Recorder
from poetry_fti.bridge.solving.workers import assignment
from poetry_fti.errors import ConfigError, FtiError
from poetry_fti.operations.locking.lock import LockRequest, lock_stages
from poetry_fti.operations.project import load_project
from small_index import pyproject

if TYPE_CHECKING:
    from memory_index import MemoryProject
    from poetry_fti.operations.locking.lock import LockResult

GROUPS = {"training": ["lib"], "feature": ["lib<2"]}
UNKNOWN_KEY = "[tool.poetry]\npackagez = []"
NO_URL = '[[tool.poetry.source]]\nname = "corp"'
OLD_SECTION = '[tool.poetry.dev-dependencies]\nlib = "*"'


def lock(demo: MemoryProject, *stages: str) -> dict[str, LockResult]:
    """Lock a project that Poetry has not validated yet, as the command does."""
    project = load_project(demo.root, demo.index.create_poetry, check=False)
    request = LockRequest(stages=frozenset(stages or GROUPS))
    return lock_stages(project, project.select(stages), request, Recorder(verbosity=0))


@pytest.fixture(
    params=[
        pytest.param(1, id="this process"),
        pytest.param(2, id="others", marks=pytest.mark.slow),
    ]
)
def demo(
    request: pytest.FixtureRequest, demo: MemoryProject, monkeypatch: pytest.MonkeyPatch
) -> MemoryProject:
    """An empty project whose stages are solved in this process, or in others."""
    monkeypatch.setattr(assignment, "_usable_cores", lambda: request.param)
    demo.index.offer({"lib 1.0": [], "lib 2.0": []})
    return demo


@pytest.mark.parametrize(
    "stages",
    [
        pytest.param((), id="all stages"),
        pytest.param(("training",), id="one stage", marks=pytest.mark.slow),
    ],
)
@pytest.mark.parametrize(
    ("settings", "message"),
    [
        (
            UNKNOWN_KEY,
            (
                "pyproject.toml: The Poetry configuration is invalid:\n"
                "  - Additional properties are not allowed ('packagez' was unexpected)"
            ),
        ),
        (NO_URL, "pyproject.toml: Missing [url] in source 'corp'."),
        (
            '[tool.poetry.dependencies]\nlib = { sauce = "corp" }',
            (
                "pyproject.toml has 1 problem:\n"
                '  tool.poetry.dependencies.lib.sauce: unknown key; did you mean "source"?'
            ),
        ),
    ],
)
def test_what_poetry_refuses_is_not_locked(
    demo: MemoryProject, settings: str, message: str, stages: tuple[str, ...]
) -> None:
    demo.write(pyproject(GROUPS, settings))
    validate = vars(Factory)["validate"]
    with pytest.raises(ConfigError) as error:
        lock(demo, *stages)
    assert str(error.value) == message
    assert demo.locked == {}
    assert vars(Factory)["validate"] is validate
    for process in active_children():
        process.join(5)
        assert process.exitcode is not None


def test_what_poetry_refuses_stays_refused_when_the_file_changes(demo: MemoryProject) -> None:
    demo.write(pyproject(GROUPS, UNKNOWN_KEY))
    project = load_project(demo.root, demo.index.create_poetry, check=False)
    project.poetry.load_unvalidated()
    demo.write(pyproject(GROUPS))
    request = LockRequest(stages=frozenset(GROUPS))
    with pytest.raises(ConfigError, match="packagez"):
        lock_stages(project, project.stages, request, Recorder(verbosity=0))
    assert demo.locked == {}


def test_a_stage_that_cannot_be_solved_does_not_hide_what_poetry_refuses(
    demo: MemoryProject,
) -> None:
    demo.write(pyproject({**GROUPS, "training": ["lib>2"]}, UNKNOWN_KEY))
    with pytest.raises(ConfigError, match="packagez"):
        lock(demo)


@pytest.mark.slow
def test_a_stage_without_a_task_does_not_hide_what_poetry_refuses(demo: MemoryProject) -> None:
    group = '[tool.poetry.group.training.dependencies]\nlib = { source = "corp" }'
    demo.write(pyproject(GROUPS, group))
    assert {name: type(each.error) for name, each in lock(demo).items()} == {
        "training": ConfigError,
        "feature": type(None),
    }
    demo.write(pyproject(GROUPS, f"{group}\n{UNKNOWN_KEY}"))
    with pytest.raises(FtiError, match="packagez"):
        lock(demo)


@pytest.mark.slow
def test_warnings_of_poetry_are_logged_once(
    demo: MemoryProject, monkeypatch: pytest.MonkeyPatch
) -> None:
    logged: list[str] = []
    monkeypatch.setattr(poetry_factory.logger, "warning", logged.append)
    demo.write(pyproject(GROUPS, OLD_SECTION))
    lock(demo)
    assert [text.partition(".")[0] for text in logged] == ['The "poetry']
    assert demo.locked == {"feature": "lib 1.0", "training": "lib 1.0"}
