"""The solver's commentary as lines of plain text."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from cleo.io.outputs.output import Verbosity
from poetry.core.packages.dependency import Dependency
from poetry.core.packages.project_package import ProjectPackage
from poetry.puzzle.solver import Solver
from poetry.repositories import Repository, RepositoryPool

from poetry_fti.bridge.solving.solver_output import SolverOutput, solver_io

if TYPE_CHECKING:
    from poetry_fti.bridge.solving.solver_output import Level


def test_without_an_output_all_is_discarded() -> None:
    io = solver_io(None)
    assert not io.is_verbose()
    io.write_line("anything")


def test_a_line_is_passed_on_when_it_is_complete_without_markup() -> None:
    lines: list[str] = []
    io = solver_io(SolverOutput(lines.append))
    io.write("<info>one</info> ")
    assert lines == []
    io.write("line\n<c1>two</c1>\n")
    io.write_line("three")
    io.write_error_line("<warning>four</warning>")
    assert lines == ["one line", "two", "three", "four"]


@pytest.mark.parametrize(
    ("level", "verbosity"),
    [(1, Verbosity.VERBOSE), (2, Verbosity.VERY_VERBOSE), (3, Verbosity.DEBUG)],
)
def test_a_level_is_poetrys_verbosity(level: Level, verbosity: Verbosity) -> None:
    assert solver_io(SolverOutput(print, level)).output.verbosity is verbosity


@pytest.mark.parametrize(("level", "decisions"), [(1, 0), (2, 1), (3, 1)])
def test_poetrys_solver_writes_its_decisions_from_the_second_level_on(
    level: Level, decisions: int
) -> None:
    lines: list[str] = []
    root = ProjectPackage("app", "1.0")
    root.python_versions = ">=3.11"
    root.add_dependency(Dependency("lib", "*"))
    repository = Repository("index")
    library = ProjectPackage("lib", "2.0")
    repository.add_package(library)
    io = solver_io(SolverOutput(lines.append, level))
    Solver(root, RepositoryPool([repository]), [], [], io).solve()
    assert lines[0] == "Resolving dependencies..."
    assert sum("selecting lib (2.0)" in line for line in lines) == decisions
