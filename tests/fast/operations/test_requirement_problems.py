"""Requirements that Poetry refuses are named with their group and what is wrong with them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import pytest

from poetry_fti.errors import ProblemsError
from poetry_fti.operations.project import load_project

if TYPE_CHECKING:
    from memory_index import MemoryProject

HEAD: Final = """\
[project]
name = "x"
version = "1"
requires-python = ">=3.11"
"""
GROUP: Final = "tool.poetry.group.training.dependencies"
PEP_508: Final = ' (PEP 508) such as "numpy>=2,<3"'
VERSION: Final = 'is not a version constraint such as ">=2,<3" or "*"'


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        (
            '[dependency-groups]\ntraining = ["ok", "numpy=>2"]',
            f'dependency-groups.training[1]: "numpy=>2" is not a requirement{PEP_508}',
        ),
        (
            '[project.optional-dependencies]\nfast = ["numpy<<2"]',
            f'project.optional-dependencies.fast[0]: "numpy<<2" is not a requirement{PEP_508}',
        ),
        (
            "[dependency-groups]\ntraining = [3]",
            f"dependency-groups.training[0]: must be a requirement{PEP_508}, not an integer",
        ),
        (
            '[dependency-groups]\ntraining = [{ include-grp = "x" }]',
            'dependency-groups.training[0]: must be a requirement or { include-group = "…" }',
        ),
        (f'[{GROUP}]\nnumpy = "=>2"', f'{GROUP}.numpy: "=>2" {VERSION}'),
        (
            f'[{GROUP}]\nnumpy = ["1", {{ version = "soon" }}]',
            f'{GROUP}.numpy[1].version: "soon" {VERSION}',
        ),
        (
            f'[{GROUP}]\nnumpy = {{ versoin = "2" }}',
            f'{GROUP}.numpy.versoin: unknown key; did you mean "version"?',
        ),
        (
            f"[{GROUP}]\nnumpy = 3",
            f"{GROUP}.numpy: must be a version constraint or a table, not an integer",
        ),
        (
            '[tool.poetry.dependencies]\nnumpy = { path = "x", git = "y" }',
            "tool.poetry.dependencies.numpy: has several origins (git and path); keep one of them",
        ),
        (
            f'[{GROUP}]\nnumpy = {{ git = "x", version = "2" }}',
            f'{GROUP}.numpy.version: cannot be combined with "git"',
        ),
        (
            f'[{GROUP}]\nnumpy = {{ version = "2", optional = "no" }}',
            f"{GROUP}.numpy.optional: must be true or false, not a string",
        ),
    ],
)
def test_a_requirement_that_poetry_refuses(demo: MemoryProject, text: str, problem: str) -> None:
    groups = "" if "training" in text else "\n[dependency-groups]\ntraining = []"
    demo.write(f"{HEAD}{text}{groups}\n")
    with pytest.raises(ProblemsError) as caught:
        demo.load()
    assert str(caught.value) == f"pyproject.toml has 1 problem:\n  {problem}"


def test_a_pyproject_of_a_parent_is_named(demo: MemoryProject) -> None:
    demo.write(HEAD)
    folder = demo.root / "src"
    folder.mkdir()
    with pytest.raises(ProblemsError) as caught:
        load_project(folder, demo.index.create_poetry)
    assert str(caught.value).startswith(
        f"{demo.root / 'pyproject.toml'} has 1 problem:\n  tool.fti"
    )
