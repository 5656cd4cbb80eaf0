"""The version constraints of a stage as they apply on some of its targets."""

from __future__ import annotations

from typing import TYPE_CHECKING

from poetry.core.constraints.version import parse_constraint

from poetry_fti.bridge.markers import parsed_marker

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Sequence

    from poetry.core.constraints.version import Version, VersionConstraint
    from poetry.core.packages.dependency import Dependency
    from poetry.core.packages.package import Package
    from poetry.core.version.markers import BaseMarker

    from poetry_fti.model.constraint import Constraint


class Bounds:
    """Version constraints, each of which applies on all targets or on some of them.

    Indexes have no versions that a constraint for all targets excludes. One for some targets is
    added to each requirement of its package, so that the solver distinguishes the targets.
    """

    def __init__(
        self,
        constraints: Sequence[Constraint] = (),
        narrow: Callable[[BaseMarker], BaseMarker] | None = None,
    ) -> None:
        """Simplify markers with `narrow`; leave out constraints that apply on no target."""
        self._always: dict[str, list[Constraint]] = {}
        self._allowed: dict[str, VersionConstraint] = {}
        self._partly: dict[str, list[tuple[Constraint, BaseMarker]]] = {}
        for each in constraints:
            marker = parsed_marker(each.marker)
            marker = marker if narrow is None else narrow(marker)
            if marker.is_any():
                versions = parse_constraint(each.versions)
                known = self._allowed.get(each.name, versions)
                self._allowed[each.name] = known.intersect(versions)
                self._always.setdefault(each.name, []).append(each)
            elif not marker.is_empty():
                self._partly.setdefault(each.name, []).append((each, marker))

    @property
    def add_requirements(self) -> bool:
        """Whether `added` may return requirements."""
        return bool(self._partly)

    def allowed(self, name: str) -> VersionConstraint | None:
        """Return the versions of a package that are allowed on all targets; None for all."""
        return self._allowed.get(name)

    def excluding(self, name: str, version: Version) -> Constraint | None:
        """Return the constraint for all targets that excludes a version; None if none does."""
        for each in self._always.get(name, ()):
            if not parse_constraint(each.versions).allows(version):
                return each
        return None

    def fault(self, name: str, package: Package) -> str:
        """Return that a constraint excludes a package, as a predicate; empty if none does.

        `name` is the name that constraints use. Packages of indexes are not looked at.
        """
        excluding = self.excluding(name, package.version) if package.is_direct_origin() else None
        return f"is excluded: {excluding}" if excluding else ""

    def for_all_targets(self, name: str) -> Sequence[Constraint]:
        """Return the constraints on a package that apply on all targets."""
        return self._always.get(name, ())

    def for_some_targets(self) -> Iterator[Constraint]:
        """Yield the constraints that apply on some of the targets only."""
        return (each for constraints in self._partly.values() for each, _ in constraints)

    def added(self, requires: Iterable[Dependency]) -> Iterator[Dependency]:
        """Yield what constraints for some targets add to requirements."""
        for dependency in requires:
            for each, marker in self._partly.get(dependency.name, ()):
                both = dependency.marker.intersect(marker)
                if not dependency.is_direct_origin() and not both.is_empty():
                    bound = dependency.with_constraint(parse_constraint(each.versions))
                    bound.marker = both
                    yield bound
