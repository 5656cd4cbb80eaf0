"""Constraints on Python as PEP 440 specifiers."""

from __future__ import annotations

import pytest

from poetry_fti.bridge.project.python_versions import project_python, python_specifiers


@pytest.mark.parametrize(
    ("constraint", "specifiers"),
    [
        ("*", ""),
        ("^3.11", ">=3.11,<4.0"),
        (">=3.11,<3.14", ">=3.11,<3.14"),
        (">=3.9,<3.10 || >=3.12,<3.14", ">=3.9,<3.14"),
        (">=3.9,!=3.11.*", ">=3.9"),
        ("==3.12.1", "==3.12.1"),
    ],
)
def test_a_constraint_as_specifiers(constraint: str, specifiers: str) -> None:
    assert python_specifiers(constraint) == specifiers


@pytest.mark.parametrize(
    ("pyproject", "specifiers"),
    [
        ({}, ""),
        ({"project": {"requires-python": ">=3.11"}}, ">=3.11"),
        ({"tool": {"poetry": {"dependencies": {"python": "^3.12"}}}}, ">=3.12,<4.0"),
        (
            {
                "project": {"requires-python": ">=3.11"},
                "tool": {"poetry": {"dependencies": {"python": ">=3.12"}}},
            },
            ">=3.12",
        ),
    ],
)
def test_the_python_of_a_project(pyproject: dict[str, object], specifiers: str) -> None:
    assert project_python(pyproject) == specifiers
