"""build-constraints.txt: what the builds of a stage's packages may use, for pip and uv."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from packaging.specifiers import SpecifierSet

from poetry_fti.exporters.shared.header import header
from poetry_fti.model.origins import DirectoryOrigin, FileOrigin, GitOrigin
from poetry_fti.model.platforms import PLATFORMS, Targets
from poetry_fti.targets import fits, python_minors

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence
    from pathlib import PurePosixPath

    from packaging.utils import NormalizedName

    from poetry_fti.model.lock import LockedPackage, LockedStage

FILENAME: Final = "build-constraints.txt"


def build_constraint_files(locked: LockedStage) -> Mapping[str, str]:
    """Return build-constraints.txt; an empty mapping if no build of the stage is constrained."""
    names = _built(locked)
    lines = [
        line
        for name, requirements in locked.build_constraints
        if name in names
        for line in ("", f"# {name}", *requirements)
    ]
    return {FILENAME: "\n".join([header(locked), *lines, ""])} if lines else {}


def build_constraints_path(locked: LockedStage) -> PurePosixPath:
    """Return the path of build-constraints.txt, relative to the project's root."""
    return locked.folder / FILENAME


def build_constraints_note(
    locked: LockedStage, packages: Iterable[LockedPackage] | None = None
) -> Iterator[str]:
    """Yield a comment with the option that constrains builds, if one of the packages needs it.

    The packages are by default all of the stage.
    """
    names = _built(locked)
    if any(p.name in names for p in (locked.packages if packages is None else packages)):
        yield f"# Builds are constrained: add --build-constraint {build_constraints_path(locked)}"


def _built(locked: LockedStage) -> set[NormalizedName]:
    """Return the packages with constraints that some target of the stage has to build."""
    constrained = {name for name, requirements in locked.build_constraints if requirements}
    return {p.name for p in locked.packages if p.name in constrained and _is_built(p, locked)}


def _is_built(package: LockedPackage, locked: LockedStage) -> bool:
    if isinstance(package.origin, DirectoryOrigin | GitOrigin):
        return True
    if isinstance(package.origin, FileOrigin):
        return package.origin.path.suffix != ".whl"
    wheels = [file.name for file in package.files if file.is_wheel]
    return not all(_has_wheel(wheels, *each) for each in _targets(locked))


def _targets(locked: LockedStage) -> Iterator[tuple[Targets, SpecifierSet]]:
    targets = locked.stage.targets
    for major, minor in python_minors(SpecifierSet(locked.requires_python)):
        for platform in targets.platforms or PLATFORMS:
            one = Targets(platforms=(platform,), libc=targets.libc, macos=targets.macos)
            yield one, SpecifierSet(f"=={major}.{minor}.*")


def _has_wheel(wheels: Sequence[str], targets: Targets, python: SpecifierSet) -> bool:
    return any(fits(name, targets, python) for name in wheels)
