"""Stages hidden from Poetry's own commands, and stages that Poetry cannot lock together."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Final

import pytest
from cleo.io.null_io import NullIO
from poetry.puzzle.exceptions import SolverProblemError
from poetry.puzzle.provider import IncompatibleConstraintsError
from poetry.puzzle.solver import Solver

from memory_index import DEFAULT
from poetry_fti.bridge.project.isolation import IsolatedLocker, isolate
from poetry_fti.bridge.solving.conflicting_stages import conflicting_stages
from small_index import pyproject

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from memory_index import MemoryProject
    from small_index import Releases

RELEASES: Final[Releases] = {
    "lib 1.0": [],
    "lib 2.0": [],
    "old 1.0": ["lib<2"],
    "new 1.0": ["lib>=2"],
}
SOURCES: Final = """
[[tool.poetry.source]]
name = "cpu"
url = "https://cpu.example/simple/"
priority = "explicit"
[[tool.poetry.source]]
name = "gpu"
url = "https://gpu.example/simple/"
priority = "explicit"
"""
slow_case: Final = partial(pytest.param, marks=pytest.mark.slow)
HOSTS: Final = (DEFAULT, "cpu.example", "gpu.example")


def test_groups_of_isolated_stages_are_empty_for_poetry(demo: MemoryProject) -> None:
    demo.index.offer(RELEASES)
    groups = {"training": ["lib"], "dev": ["old"]}
    demo.write(pyproject(groups, "[tool.fti]\nisolated = true\n"))
    poetry = demo.index.create_poetry(demo.root)
    isolate(poetry)
    assert poetry.package.dependency_group("training").dependencies == []
    assert [each.name for each in poetry.package.all_requires] == ["old"]
    assert isinstance(poetry.locker, IsolatedLocker)
    # The names of stages that a group would make are taken, too.
    assert poetry.locker.hidden == {"feature": (), "training": ("training",), "inference": ()}


def test_a_project_without_isolated_stages_is_left_as_it_is(demo: MemoryProject) -> None:
    demo.write(pyproject({"training": ["lib"]}, "[tool.fti]\nisolated = false\n"))
    poetry = demo.index.create_poetry(demo.root)
    isolate(poetry)
    assert not isinstance(poetry.locker, IsolatedLocker)


def test_a_lock_with_packages_of_hidden_groups_is_stale(demo: MemoryProject) -> None:
    demo.write(pyproject({"training": ["lib"]}, "[tool.fti]\nisolated = true\n"))
    poetry = demo.index.create_poetry(demo.root)
    isolate(poetry)
    content = poetry.locker._get_content_hash()  # noqa: SLF001 - no public way
    package = '[[package]]\nname = "lib"\nversion = "1"\ngroups = ["{}"]\n'
    metadata = f'[metadata]\nlock-version = "2.1"\ncontent-hash = "{content}"\n'
    for group, fresh in (("training", False), ("dev", True)):
        poetry.locker.lock.write_text(package.format(group) + metadata, encoding="utf-8")
        isolate(poetry)  # with a locker that has not read the lock
        assert poetry.locker.is_fresh() is fresh


def test_a_wrong_configuration_is_an_error_that_poetry_expects(demo: MemoryProject) -> None:
    demo.write(pyproject({"training": []}, "[tool.fti]\nisolated = 1\n"))
    poetry = demo.index.create_poetry(demo.root)
    with pytest.raises(RuntimeError, match=r"tool\.fti\.isolated"):
        isolate(poetry)


def conflicting(
    demo: MemoryProject,
    groups: Mapping[str, Sequence[str]],
    dependencies: Sequence[str] = (),
    settings: str = "",
) -> list[str]:
    """Let Poetry's solver fail on a whole project, and return the stages that conflict."""
    for host in HOSTS:
        demo.index.offer(RELEASES, host)
    demo.write(pyproject(groups, settings, dependencies=dependencies))
    poetry = demo.index.create_poetry(demo.root)
    with pytest.raises((SolverProblemError, IncompatibleConstraintsError)) as error:
        Solver(poetry.package, poetry.pool, [], [], NullIO()).solve()
    return conflicting_stages(poetry, error.value)


@pytest.mark.parametrize(
    ("groups", "dependencies", "expected"),
    [
        ({"feature": ["old"], "training": ["new"]}, [], ["feature", "training"]),
        ({"feature": ["lib<2"], "training": [], "dev": ["lib>1"]}, [], ["feature", "dev"]),
        ({"feature": ["old", "new"], "training": ["lib"]}, [], []),
        slow_case({"feature": ["lib<2"], "training": ["lib>1"]}, [], ["feature", "training"]),
        slow_case({"feature": ["lib<2", "lib>1"], "training": ["lib"]}, [], []),
        slow_case({"feature": ["old"], "training": []}, ["new"], []),
        slow_case({"dev": ["old"], "test": ["new"]}, [], []),
    ],
)
def test_stages_that_poetry_cannot_lock_together(
    demo: MemoryProject,
    groups: Mapping[str, Sequence[str]],
    dependencies: Sequence[str],
    expected: list[str],
) -> None:
    assert conflicting(demo, groups, dependencies) == expected


@pytest.mark.parametrize(
    ("sources", "expected"),
    [
        ({"feature": ["cpu"], "training": ["gpu"]}, ["feature", "training"]),
        (
            {"feature": ["cpu"], "training": ["cpu"], "dev": ["gpu"]},
            ["feature", "training", "dev"],
        ),
        ({"feature": ["cpu", "gpu"], "training": ["cpu"]}, []),
    ],
)
@pytest.mark.parametrize("marker", ["", slow_case(', python = "<3.13"')])
def test_stages_that_take_a_package_from_different_sources(
    demo: MemoryProject, sources: Mapping[str, Sequence[str]], expected: list[str], marker: str
) -> None:
    tables = ""
    for group, names in sources.items():
        listed = ", ".join(f'{{version = "2.*", source = "{name}"{marker}}}' for name in names)
        tables += f"[tool.poetry.group.{group}.dependencies]\nlib = [{listed}]\n"
    assert conflicting(demo, {}, settings=tables + SOURCES) == expected
