"""Constraints on Python of a project and of a derived project, as PEP 440 specifiers."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from poetry.core.constraints.version import Version, VersionRange, VersionUnion, parse_constraint

if TYPE_CHECKING:
    from collections.abc import Mapping

    from poetry.core.constraints.version import VersionConstraint


def derived_python(data: Mapping[str, Any]) -> VersionConstraint:
    """Return the constraint on Python in the data of a derived pyproject.toml."""
    python = data.get("project", {}).get("requires-python")
    poetry = data["tool"]["poetry"].get("dependencies", {}).get("python")
    return parse_constraint(poetry or python or "*")


def project_python(pyproject: Mapping[str, Any]) -> str:
    """Return the constraint on Python in a pyproject.toml, as specifiers; empty for any Python."""
    poetry = pyproject.get("tool", {}).get("poetry", {})
    return python_specifiers(str(derived_python({**pyproject, "tool": {"poetry": poetry}})))


def python_specifiers(python: str) -> str:
    """Return a Poetry constraint on Python as PEP 440 specifiers; empty for any Python.

    Several ranges become one that spans them all, because specifiers have no "or".
    """
    constraint = parse_constraint(python)
    if isinstance(constraint, VersionUnion) and "||" in str(constraint):
        first, last = constraint.ranges[0], constraint.ranges[-1]
        constraint = VersionRange(first.min, last.max, first.include_min, last.include_max)
    if isinstance(constraint, Version):
        return f"=={constraint}"
    return "" if constraint.is_any() else str(constraint)
