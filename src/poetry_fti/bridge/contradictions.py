"""Requirements of a stage's own group that the rest of the project excludes."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from packaging.utils import canonicalize_name
from poetry.core.constraints.version import parse_constraint
from poetry.core.packages.dependency import Dependency

if TYPE_CHECKING:
    from collections.abc import Iterator

    from poetry_fti.bridge.project.derived_stage import DerivedStage


@dataclass(frozen=True, slots=True)
class Contradiction:
    """A requirement of a stage's own group, and what excludes all of its versions.

    `path` is that of a setting in pyproject.toml, and `excluding` the requirement there.
    """

    own: str
    path: str
    excluding: str


def contradictions(derived: DerivedStage) -> Iterator[Contradiction]:
    """Yield the requirements of a stage's own group that cannot be met beside the project's."""
    package = derived.package()
    own = package.dependency_group(canonicalize_name(derived.stage.name)).dependencies
    for dependency in own:
        for other in package.requires:
            if _exclude_each_other(dependency, other):
                path = _path(derived, other)
                yield Contradiction(_text(dependency), path, _text(other))
        for bound in derived.stage.constraints:
            if bound.name == dependency.name and not bound.marker:
                allowed = parse_constraint(bound.versions)
                if dependency.constraint.intersect(allowed).is_empty():
                    text = f"{bound.name} ({bound.versions})"
                    yield Contradiction(_text(dependency), bound.path, text)


def _exclude_each_other(one: Dependency, other: Dependency) -> bool:
    return (
        one.name == other.name
        and one.constraint.intersect(other.constraint).is_empty()
        and not one.marker.intersect(other.marker).is_empty()
    )


def _path(derived: DerivedStage, dependency: Dependency) -> str:
    standard = derived.data.get("project", {}).get("dependencies", ())
    names = {Dependency.create_from_pep_508(text).name for text in standard}
    return "project.dependencies" if dependency.name in names else "tool.poetry.dependencies"


def _text(dependency: Dependency) -> str:
    return dependency.base_pep_508_name
