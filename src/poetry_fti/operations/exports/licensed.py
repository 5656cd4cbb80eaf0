"""Adds the licenses of packages to locked stages, as SBOMs need them."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Final

from poetry_fti import files
from poetry_fti.exporters.cyclonedx import require_library, sbom_path
from poetry_fti.exporters.sbom.declared import declared_licenses
from poetry_fti.exporters.sbom.written import with_written_licenses
from poetry_fti.model.origins import IndexOrigin
from poetry_fti.wording import abbreviated, counted

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from poetry_fti.model.licenses import License, LicenseMetadata
    from poetry_fti.model.lock import LockedPackage, LockedStage
    from poetry_fti.operations.project import Project

_NONE_DECLARED: Final = "none declared"
_NO_METADATA: Final = "no metadata in the index"
_NO_INDEX: Final = "not from an index"


@dataclass(frozen=True, slots=True)
class LicensedStages:
    """Stages by name, with the licenses of their packages, and a warning about those without."""

    stages: Mapping[str, LockedStage]
    warnings: tuple[str, ...] = ()


def with_licenses(
    project: Project, stages: Sequence[LockedStage], *, check: bool
) -> LicensedStages:
    """Return stages with the licenses that the indexes have of their packages.

    With `check` the SBOMs on disk are read instead of the indexes, and there is no warning. Raises
    IndexFailedError if a package index fails, MissingExtraError if the library that writes SBOMs is
    not installed.
    """
    if check:
        return LicensedStages({each.stage.name: _as_written(project, each) for each in stages})
    if stages:
        require_library()
    packages = list(dict.fromkeys(package for each in stages for package in each.packages))
    found = dict(zip(packages, project.poetry.find_licenses(packages), strict=True))
    licenses = {
        package: declared_licenses(metadata) if metadata else ()
        for package, metadata in found.items()
    }
    return LicensedStages(
        {each.stage.name: _licensed(each, licenses) for each in stages},
        tuple(_warnings({p: found[p] for p in packages if not licenses[p]})),
    )


def _as_written(project: Project, locked: LockedStage) -> LockedStage:
    text = files.read(project.root / sbom_path(locked), project.root)
    return with_written_licenses(locked, text or "")


def _licensed(
    locked: LockedStage, licenses: Mapping[LockedPackage, tuple[License, ...]]
) -> LockedStage:
    packages = (replace(package, licenses=licenses[package]) for package in locked.packages)
    return replace(locked, packages=tuple(packages))


def _warnings(unlicensed: Mapping[LockedPackage, LicenseMetadata | None]) -> Iterator[str]:
    """Yield a warning about packages without a license, with the reasons, if there are any."""
    reasons: dict[str, set[str]] = {_NONE_DECLARED: set(), _NO_METADATA: set(), _NO_INDEX: set()}
    for package, metadata in unlicensed.items():
        reasons[_reason(package, metadata)].add(package.name)
    missing = sum(map(len, reasons.values()))
    if missing:
        verb = "has" if missing == 1 else "have"
        listed = ", ".join(
            f"{reason} ({abbreviated(sorted(names))})" for reason, names in reasons.items() if names
        )
        yield f"{counted(missing, 'package')} {verb} no license in the SBOM: {listed}."


def _reason(package: LockedPackage, metadata: LicenseMetadata | None) -> str:
    if not isinstance(package.origin, IndexOrigin):
        return _NO_INDEX
    return _NO_METADATA if metadata is None else _NONE_DECLARED
