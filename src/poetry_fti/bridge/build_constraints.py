"""`[tool.poetry.build-constraints]`: what Poetry constrains builds of packages with."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from packaging.requirements import InvalidRequirement, Requirement
from packaging.utils import canonicalize_name

from poetry_fti.config.messages import dotted
from poetry_fti.errors import ConfigError

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping

    from packaging.utils import NormalizedName
    from poetry.core.packages.dependency import Dependency
    from poetry.poetry import Poetry


def build_constraints(
    poetry: Poetry, names: Collection[NormalizedName]
) -> tuple[tuple[NormalizedName, tuple[str, ...]], ...]:
    """Return pairs of a package with one of the names and the requirements of its builds, sorted.

    Raises ConfigError for a constraint that a requirements file cannot contain.
    """
    found = {canonicalize_name(name): each for name, each in poetry.build_constraints.items()}
    return tuple(
        (name, tuple(sorted(_requirement(name, each) for each in found[name])))
        for name in sorted(found.keys() & set(names))
    )


def _requirement(name: str, constraint: Dependency) -> str:
    problem = "names a file, a folder, a URL or a repository"
    if not constraint.is_direct_origin():
        try:
            return str(Requirement(constraint.to_pep_508()))
        except InvalidRequirement:
            problem = "is several ranges of versions"
    key = dotted("tool", "poetry", "build-constraints", name, constraint.name)
    message = f"{problem}, which exports cannot pass to pip and uv"
    raise ConfigError(f"{key}: {message}. Use a range of versions.")


def with_build_constraints_of(
    data: Mapping[str, Any], names: Collection[NormalizedName]
) -> dict[str, Any]:
    """Return the data of a pyproject.toml without the build constraints of other packages."""
    poetry = dict(data["tool"]["poetry"])
    constraints = poetry.pop("build-constraints", {})
    kept = {name: each for name, each in constraints.items() if canonicalize_name(name) in names}
    if kept:
        poetry["build-constraints"] = kept
    return {**data, "tool": {**data["tool"], "poetry": poetry}}
