"""Includes of dependency groups, which take no longer for the ways that lead to a group."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from poetry.utils._compat import tomllib

from memory_commands import run
from poetry_fti.bridge.project.checks import POETRY_CHECKS
from poetry_fti.config.groups import read_groups
from poetry_fti.config.hidden_groups import hidden_groups
from poetry_fti.config.pyproject import read_pyproject
from poetry_fti.errors import ProblemsError
from small_index import pyproject

if TYPE_CHECKING:
    from memory_index import MemoryProject
    from poetry_fti.model.problem import Problem


def layered(number: int, last: str = '"app"') -> dict[str, str]:
    """Return the requirements of groups: layers of two, each of which includes the next two."""
    groups = {"training": '{ include-group = "a0" }, { include-group = "b0" }'}
    for layer in range(number):
        below = ", ".join(f'{{ include-group = "{name}{layer + 1}" }}' for name in "ab")
        groups |= dict.fromkeys([f"a{layer}", f"b{layer}"], below)
    return groups | dict.fromkeys([f"a{number}", f"b{number}"], last)


def text(groups: dict[str, str]) -> str:
    return pyproject({}, "\n".join(f"{name} = [{items}]" for name, items in groups.items()))


def data(groups: dict[str, str]) -> dict[str, Any]:
    found: dict[str, Any] = tomllib.loads(text(groups))
    return found


def test_many_layers_are_refused_as_poetry_would_not_end() -> None:
    with pytest.raises(ProblemsError) as error:
        read_pyproject(data(layered(24)), POETRY_CHECKS)
    assert str(error.value) == (
        "pyproject.toml has 1 problem:\n"
        "  dependency-groups.training: reaches other groups by 67108862 chains of includes, and"
        " Poetry follows each of them; at most 1000 are supported"
    )


@pytest.mark.slow
def test_layers_that_poetry_can_read_are_locked(demo: MemoryProject) -> None:
    demo.index.offer({"app 1.0": []})
    demo.write(text(layered(5)))
    assert run(demo, "lock").code == 0
    assert demo.locked == {"training": "app 1.0"}


def test_hidden_groups_of_many_layers() -> None:
    isolated = {**data(layered(24)), "tool": {"fti": {"isolated": True}}}
    assert len(hidden_groups(isolated, [])) == 53  # with two stages that do not exist


def test_cycles_through_many_layers_are_found() -> None:
    problems: list[Problem] = []
    read_groups(data(layered(24, '{ include-group = "training" }')), problems)
    assert len(problems) == 26
    assert str(problems[0]).startswith("dependency-groups.a0: includes itself: a0 -> a1 -> a2 -> ")


def test_each_cycle_is_reported_once() -> None:
    problems: list[Problem] = []
    included = {"a": "bc", "b": "a", "c": "d", "d": "a", "e": "abf", "f": "f"}
    groups = {name: [{"include-group": each} for each in names] for name, names in included.items()}
    read_groups({"dependency-groups": groups}, problems)
    assert [str(problem) for problem in problems] == [
        "dependency-groups.a: includes itself: a -> b -> a",
        "dependency-groups.c: includes itself: c -> d -> a -> c",
        "dependency-groups.f: includes itself: f -> f",
    ]
