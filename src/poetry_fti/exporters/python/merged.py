"""pylock.toml: one lock file (PEP 751) for all stages, with a dependency group for each."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Final, TypeAlias

from packaging.markers import Marker
from packaging.specifiers import SpecifierSet
from packaging.utils import canonicalize_name

from poetry_fti.exporters.shared.header import project_header
from poetry_fti.exporters.shared.pylock_entry import entry, require_files
from poetry_fti.exporters.shared.pylock_text import pylock_text
from poetry_fti.exporters.shared.reference import in_order
from poetry_fti.model.origins import IndexOrigin
from poetry_fti.targets import MINORS, environment_marker, python_minors

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence
    from pathlib import PurePosixPath

    from packaging.utils import NormalizedName

    from poetry_fti.model.lock import LockedPackage, LockedStage

FILENAME: Final = "pylock.toml"

# The groups that install a package, each with the package as the group's stage has it locked.
Uses: TypeAlias = "list[tuple[str, LockedPackage]]"


def render_merged(stages: Sequence[LockedStage], folder: PurePosixPath) -> str:
    """Return the text of pylock.toml in `folder`; raises FtiError if the URL of a file is unknown.

    The packages of a stage that supports fewer Python versions than the whole file are separate
    entries with a `requires-python`: installers then reject other versions. A marker would make
    them skip the packages.
    """
    for locked in stages:
        require_files(locked)
    groups = {canonicalize_name(locked.stage.name): locked for locked in stages}
    python = _common_python([SpecifierSet(locked.requires_python) for locked in stages])
    packages = [_merged(key, uses) for key, uses in _by_content(groups, python).items()]
    return pylock_text(
        project_header(folder),
        [entry(package, folder) for package in in_order(packages)],
        environments=_environments(stages),
        requires_python=python,
        dependency_groups=sorted(groups),
    )


def _common_python(pythons: Sequence[SpecifierSet]) -> SpecifierSet:
    """Return the specifier that all stages have, or else the range of their minor versions."""
    if len(set(pythons)) == 1:
        return pythons[0]
    allowed = [python_minors(python) for python in pythons]
    if not all(allowed):
        return SpecifierSet()
    (major, lowest), (_, highest) = (
        min(each[0] for each in allowed),
        max(each[-1] for each in allowed),
    )
    lower = [f">={major}.{lowest}"] if (major, lowest) > MINORS[0] else []
    upper = [f"<{major}.{highest + 1}"] if (major, highest) < MINORS[-1] else []
    return SpecifierSet(",".join([*lower, *upper]))


def _by_content(
    groups: Mapping[NormalizedName, LockedStage], python: SpecifierSet
) -> Mapping[LockedPackage, Uses]:
    found: dict[LockedPackage, Uses] = {}
    for group, locked in sorted(groups.items(), key=lambda item: item[0]):
        own = SpecifierSet(locked.requires_python)
        for package in in_order(locked.packages):
            key = _content(package, SpecifierSet() if own == python else own)
            found.setdefault(key, []).append((group, package))
    return found


def _content(package: LockedPackage, python: SpecifierSet) -> LockedPackage:
    """Return a key for a package: packages of several stages with equal keys share an entry."""
    allowed = SpecifierSet(package.requires_python or "") & python
    return replace(
        package,
        marker=None,
        requires=(),
        requires_python=str(allowed) or None,
        # Stages with different platforms have different files of the same release.
        files=() if isinstance(package.origin, IndexOrigin) else package.files,
    )


def _merged(content: LockedPackage, uses: Uses) -> LockedPackage:
    files = {(file.name, file.digest): file for _, package in uses for file in package.files}
    return replace(content, marker=_marker(uses), files=tuple(files.values()))


def _marker(uses: Uses) -> Marker:
    by_marker: dict[str, list[str]] = {}
    for group, package in uses:
        by_marker.setdefault(str(package.marker or ""), []).append(group)
    return Marker(" or ".join(_clause(marker, groups) for marker, groups in by_marker.items()))


def _clause(marker: str, groups: Iterable[str]) -> str:
    selected = " or ".join(f'"{group}" in dependency_groups' for group in groups)
    return f"({selected}) and ({marker})" if marker else selected


def _environments(stages: Sequence[LockedStage]) -> list[Marker]:
    platforms = [locked.stage.targets.platforms for locked in stages]
    if not all(platforms):
        return []
    return [
        Marker(text) for text in sorted({environment_marker(p) for ps in platforms for p in ps})
    ]
