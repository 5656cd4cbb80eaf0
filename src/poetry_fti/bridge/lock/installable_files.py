"""The files with which a stage can be installed on its targets."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass, replace
from functools import cached_property
from typing import TYPE_CHECKING, Final

from packaging.specifiers import SpecifierSet

from poetry_fti.model.platforms import Libc, Targets
from poetry_fti.targets import stage_targets, version_text
from poetry_fti.wording import joined

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence

    from poetry.core.packages.package import Package
    from poetry.core.version.markers import BaseMarker
    from poetry.packages.transitive_package_info import TransitivePackageInfo

    from poetry_fti.targets import StageTargets, Target

_ANY: Final = SpecifierSet()
_LIBCS: Final = (Libc("glibc"), Libc("musl"))


@dataclass(frozen=True)
class InstallableFiles:
    """The files that can be installed on targets, with Pythons that a specifier allows.

    `builds` is false if source distributions must not be built, and so not be installed.
    """

    targets: Targets
    python: SpecifierSet
    builds: bool = True

    @cached_property
    def where(self) -> StageTargets:
        """The targets, each with its Python."""
        return stage_targets(self.targets, self.python)

    def fault(self, package: Package) -> str:
        """Return that a package has files but none for any of the targets, or an empty string."""
        return "" if package.is_direct_origin() else self._fault(package)

    def _fault(self, package: Package) -> str:
        if not package.files or any(map(self.where.fits, self._names(package))):
            return ""
        platforms = ", ".join(map(str, self.targets.platforms)) or "any platform"
        return f"has no {self._kind} for {platforms} and {_python(self.where, self.python)}"

    def lacking(
        self, packages: Mapping[Package, TransitivePackageInfo], *, is_required: bool = True
    ) -> dict[Target, frozenset[str]]:
        """Return the names of the packages that have no file for a target where they apply.

        The targets are those on which they are required to have one, or the others.
        """
        found: dict[Target, set[str]] = defaultdict(set)
        for package, info in packages.items():
            markers = info.markers.values()
            for target in self._lacking(package, markers, is_required=is_required):
                found[target].add(package.name)
        return {target: frozenset(names) for target, names in found.items()}

    def first_fault(self, packages: Mapping[Package, TransitivePackageInfo]) -> str:
        """Return which package has no file for a target that needs it, and what can be done.

        The text is empty if all have.
        """
        for package, info in packages.items():
            if fault := self.fault_where(package, info.markers.values()):
                what = f"{package.pretty_name} {package.version}"
                return f"{what} {fault}. {remedy(self.helpful(package))}"
        return ""

    def fault_where(self, package: Package, markers: Collection[BaseMarker]) -> str:
        """Return that a package has no file for a target where a marker is true, as a predicate.

        The text is empty if it has one for each.
        """
        if not self.targets.platforms:
            return self._fault(package)
        lacking = self._lacking(package, markers)
        return f"has no {self._kind} for {_where(lacking)}" if lacking else ""

    def _lacking(
        self, package: Package, markers: Collection[BaseMarker], *, is_required: bool = True
    ) -> list[Target]:
        names = self._names(package)
        lacking = self.where.lacking(names, is_required=is_required) if package.files else []
        return [
            target
            for target in lacking
            if any(marker.validate(e) for e in target.environments() for marker in markers)
        ]

    def helpful(self, package: Package) -> frozenset[str]:
        """Return the settings of the stage of which another value would help."""
        return frozenset(self._helpful(self._names(package)))

    def _helpful(self, names: Sequence[str]) -> Iterator[str]:
        lacking = self.where.lacking(names)
        platforms = tuple(dict.fromkeys(t.platform for t in lacking if t.platform is not None))
        own = replace(self.targets, platforms=platforms)
        relaxed = {
            "macos": [replace(own, macos=None)],
            "libc": [replace(own, libc=libc) for libc in _LIBCS],
        }
        for key, others in relaxed.items():
            fewest = min(len(stage_targets(each, self.python).lacking(names)) for each in others)
            if fewest < len(lacking):
                yield key
        if any(map(stage_targets(own, _ANY).fits, names)):
            yield "python"
        everywhere = [stage_targets(each, _ANY) for others in relaxed.values() for each in others]
        elsewhere = [name for name in names if not any(each.fits(name) for each in everywhere)]
        if any(map(stage_targets(Targets(), self.python).fits, elsewhere)):
            yield "platforms"

    @property
    def _kind(self) -> str:
        return "file" if self.builds else "wheel"

    def _names(self, package: Package) -> list[str]:
        names = [file["file"] for file in package.files]
        return names if self.builds else [name for name in names if name.endswith(".whl")]


def remedy(settings: Collection[str]) -> str:
    """Return what can be done if there is no file, as a sentence that names helpful settings."""
    keys = [f"`{key}`" for key in sorted(settings)]
    change = f", or change the stage's {joined(keys, 'or')}" if keys else ""
    return f"Choose another version{change}."


def _python(where: StageTargets, python: SpecifierSet) -> str:
    if len(where.pythons) == 1:
        return f"Python {version_text(where.pythons[0])}"
    # Lower bounds first, as they are usually written.
    bounds = sorted(map(str, python), key=lambda bound: (not bound.startswith(">"), bound))
    return f"Python {','.join(bounds) or 'of any version'}"


def _where(targets: Iterable[Target]) -> str:
    """Return targets as text, those with the same Pythons together."""
    pythons: dict[str, list[str]] = defaultdict(list)
    for target in targets:
        pythons[str(target.platform)].append(version_text(target.python))
    platforms: dict[str, list[str]] = defaultdict(list)
    for platform, versions in pythons.items():
        platforms[joined(versions)].append(platform)
    return ", ".join(f"{joined(each)} and Python {found}" for found, each in platforms.items())
