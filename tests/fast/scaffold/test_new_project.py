"""Whether Poetry is to install the project itself, as another tool did or did not."""

from __future__ import annotations

import pytest

from poetry_fti.scaffold.new_project import with_package_mode
from poetry_fti.scaffold.toml_text import parse

BUILT = '[build-system]\nrequires = ["hatchling"]\n'


@pytest.mark.parametrize(
    ("text", "has_lock"),
    [
        ("[tool.uv]\npackage = false\n" + BUILT, False),
        ("[tool.pdm]\ndistribution = false\n", False),
        ("[tool.uv]\n", False),
        ("", True),
        ("[[tool.poetry.source]]\nname = 'a'\n", True),
    ],
)
def test_a_project_that_another_tool_does_not_install(text: str, *, has_lock: bool) -> None:
    text = "[project]\nname = 'demo'\n" + text
    after = with_package_mode(text, has_lock=has_lock)
    assert parse(after)["tool"]["poetry"]["package-mode"] is False
    assert with_package_mode(after, has_lock=has_lock) == after


@pytest.mark.parametrize(
    ("text", "has_lock"),
    [
        ("[tool.uv]\npackage = true\n", True),
        ("[tool.pdm]\ndistribution = true\n", True),
        ("[tool.uv]\n" + BUILT, True),
        ("[tool.ruff]\n", False),
        ("[tool.poetry]\npackages = []\n", True),
        ("[tool.uv]\npackage = false\n[tool.poetry]\npackage-mode = true\n", True),
    ],
)
def test_a_project_that_may_be_a_package(text: str, *, has_lock: bool) -> None:
    assert with_package_mode(text, has_lock=has_lock) == text
