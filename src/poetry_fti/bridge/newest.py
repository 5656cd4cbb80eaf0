"""The newest release of a package that stages can install on all of their targets."""

from __future__ import annotations

from contextlib import nullcontext
from typing import TYPE_CHECKING

from packaging.version import Version
from poetry.core.version.markers import AnyMarker
from poetry.factory import Factory

from poetry_fti.bridge.index.builds import BuildRefusedError, refused_builds
from poetry_fti.bridge.lock.locked import installable_files
from poetry_fti.errors import FtiError
from poetry_fti.wording import joined

if TYPE_CHECKING:
    from collections.abc import Sequence

    from poetry.core.packages.package import Package
    from poetry.repositories import RepositoryPool

    from poetry_fti.bridge.project.derived_stage import DerivedStage


def newest_release(
    pool: RepositoryPool,
    name: str,
    stages: Sequence[DerivedStage],
    *,
    source: str | None = None,
    prereleases: bool | None = None,
) -> Package | None:
    """Return the newest release for the Pythons, platforms and constraints of all stages.

    Pre-releases are considered with `prereleases`, or if there are no others. Returns None for a
    package without any release; raises FtiError if no release fits.
    """
    wanted = {"version": "*", "allow-prereleases": prereleases, "source": source}
    found = [p for p in pool.find_packages(Factory.create_dependency(name, wanted)) if not p.yanked]
    stable = [package for package in found if prereleases or not package.is_prerelease()]
    for candidate in sorted(stable or found, key=lambda package: package.version, reverse=True):
        if _is_allowed(candidate, stages) and _fits(pool, candidate, source, stages):
            return candidate
    if not found:
        return None
    names = joined(stage.stage.name for stage in stages)
    targets = "; ".join(dict.fromkeys(_text(stage) for stage in stages))
    raise FtiError(
        f"No release of {name} can be installed in {names} ({targets})."
        " To add it for some Pythons or platforms only, use `--python`, `--platform` or"
        " `--markers`."
    )


def _text(stage: DerivedStage) -> str:
    platforms = ", ".join(map(str, stage.stage.targets.platforms)) or "any platform"
    return f"Python {stage.requires_python or 'of any version'} on {platforms}"


def _is_allowed(candidate: Package, stages: Sequence[DerivedStage]) -> bool:
    """Return whether no unconditional `constraints` of a stage exclude a release."""
    version = Version(candidate.version.text)
    return all(
        each.marker or each.name != candidate.name or each.allows(version)
        for stage in stages
        for each in stage.stage.constraints
    )


def _fits(
    pool: RepositoryPool, candidate: Package, source: str | None, stages: Sequence[DerivedStage]
) -> bool:
    is_static = any(stage.stage.no_build for stage in stages)
    try:
        with refused_builds() if is_static else nullcontext():
            package = pool.package(candidate.name, candidate.version, repository_name=source)
    except BuildRefusedError:
        return False
    return all(_fits_one(package, stage) for stage in stages)


def _fits_one(package: Package, stage: DerivedStage) -> bool:
    """Return whether a stage can install a release.

    Of its Pythons the lowest decides: most older releases have no upper bound on Python, which
    does not mean that they work with the newest.
    """
    minimum = stage.python.flatten()[0].min
    if minimum is not None and not package.python_constraint.allows(minimum):
        return False
    files = installable_files(stage.stage, stage.python)
    return files is None or not files.fault_where(package, [AnyMarker()])
