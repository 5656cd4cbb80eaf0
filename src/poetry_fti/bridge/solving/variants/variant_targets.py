"""The targets of a stage divided among variants, which are solved one by one and then merged."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from poetry.core.constraints.version import VersionUnion, parse_constraint

from poetry_fti.targets import MINORS, marker_environment, version_text
from poetry_fti.wording import joined

if TYPE_CHECKING:
    from collections.abc import Hashable, Iterable, Iterator, Mapping, Sequence

    from poetry.core.constraints.version import VersionConstraint

    from poetry_fti.model.platforms import Platform, Targets
    from poetry_fti.targets import Minor, Target


@dataclass(frozen=True, slots=True)
class VariantTargets:
    """Platforms of one operating system, and minor versions of Python or, if None, all of them.

    `is_whole` is true if these are all platforms that the stage has of the operating system.
    """

    targets: Targets
    pythons: tuple[Minor, ...] | None = None
    is_whole: bool = True

    def __str__(self) -> str:
        platforms = joined(map(str, self.targets.platforms))
        if self.pythons is None:
            return platforms
        runs = [_run_text(run) for run in _runs(self.pythons)]
        return f"{platforms} with Python {joined(runs)}"

    @property
    def system(self) -> str:
        """The marker of the operating system."""
        return _comparison("sys_platform", self.targets.platforms[0])

    @property
    def marker(self) -> str:
        """The marker that is true on these targets only, of all that the stage has."""
        parts = [self.system]
        if not self.is_whole:
            parts.append(_any(_comparison("platform_machine", p) for p in self.targets.platforms))
        if self.pythons is not None:
            parts.append(_any(_range_marker(run) for run in _runs(self.pythons)))
        return " and ".join(parts)

    def python(self, allowed: VersionConstraint) -> VersionConstraint:
        """Return those of the allowed versions of Python that are among these targets."""
        if self.pythons is None:
            return allowed
        return allowed.intersect(VersionUnion.of(*map(_range, _runs(self.pythons))))

    def divided(
        self, pythons: Iterable[Minor], lacking: Mapping[Target, frozenset[str]]
    ) -> list[VariantTargets]:
        """Return parts of these targets, in each of which all targets lack the same packages.

        `pythons` are all versions of Python among the targets. `lacking` are the packages that a
        solution has but that cannot be installed on a target. Platforms are divided before
        Pythons. The list has one item if there is nothing to divide.
        """
        lacks = {(target.platform, target.python): names for target, names in lacking.items()}

        def on(platform: Platform) -> Hashable:
            return frozenset((key[1], names) for key, names in lacks.items() if key[0] == platform)

        def with_python(minor: Minor) -> Hashable:
            return frozenset((key[0], names) for key, names in lacks.items() if key[1] == minor)

        platforms: dict[Hashable, list[Platform]] = {}
        for platform in self.targets.platforms:
            platforms.setdefault(on(platform), []).append(platform)
        if len(platforms) > 1:
            return [
                replace(self, targets=replace(self.targets, platforms=tuple(each)), is_whole=False)
                for each in platforms.values()
            ]
        minors: dict[Hashable, list[Minor]] = {}
        for minor in pythons:
            minors.setdefault(with_python(minor), []).append(minor)
        if len(minors) > 1:
            return [replace(self, pythons=tuple(each)) for each in minors.values()]
        return [self]


def by_system(targets: Targets) -> Iterator[VariantTargets]:
    """Yield the targets of each operating system."""
    for system in dict.fromkeys(platform.os for platform in targets.platforms):
        platforms = tuple(each for each in targets.platforms if each.os == system)
        yield VariantTargets(replace(targets, platforms=platforms))


def covering_marker(found: Sequence[VariantTargets], every: Iterable[VariantTargets]) -> str:
    """Return the marker of some of the variants of a stage, of which `every` one is given."""
    whole = {each.system for each in found} - {each.system for each in every if each not in found}
    parts = [each.system if each.system in whole else each.marker for each in found]
    return " or ".join(dict.fromkeys(parts))


def _comparison(variable: str, platform: Platform) -> str:
    return f'{variable} == "{marker_environment(platform)[variable]}"'


def _any(parts: Iterable[str]) -> str:
    first, *others = parts
    return f"({' or '.join([first, *others])})" if others else first


def _runs(minors: Sequence[Minor]) -> list[tuple[Minor, Minor]]:
    """Return the first and the last of each sequence of successive versions."""
    runs: list[tuple[Minor, Minor]] = []
    for minor in minors:
        if runs and MINORS.index(minor) == MINORS.index(runs[-1][1]) + 1:
            runs[-1] = (runs[-1][0], minor)
        else:
            runs.append((minor, minor))
    return runs


def _run_text(run: tuple[Minor, Minor]) -> str:
    first, last = map(version_text, run)
    if run[1] == MINORS[-1]:
        return f"{first} and newer"
    return first if first == last else f"{first} to {last}"


def _range_marker(run: tuple[Minor, Minor]) -> str:
    return " and ".join(f'python_version {sign} "{version}"' for sign, version in _bounds(run))


def _range(run: tuple[Minor, Minor]) -> VersionConstraint:
    return parse_constraint(",".join(f"{sign}{version}" for sign, version in _bounds(run)))


def _bounds(run: tuple[Minor, Minor]) -> Iterator[tuple[str, str]]:
    (major, first), (_, last) = run
    yield ">=", f"{major}.{first}"
    if run[1] != MINORS[-1]:
        yield "<", f"{major}.{last + 1}"
