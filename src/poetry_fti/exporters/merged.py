"""pylock.toml: all stages in one lock file (PEP 751), a dependency group each."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Final, TypeAlias

from packaging.markers import Marker
from packaging.specifiers import SpecifierSet
from packaging.utils import canonicalize_name

from poetry_fti.exporters.shared.header import generated
from poetry_fti.exporters.shared.pylock_entry import entry, require_files
from poetry_fti.exporters.shared.pylock_text import write_lock
from poetry_fti.exporters.shared.reference import in_order
from poetry_fti.model import IndexOrigin
from poetry_fti.targets import MINORS, environment_marker, python_minors

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence
    from pathlib import PurePosixPath

    from packaging.utils import NormalizedName

    from poetry_fti.model import LockedPackage, LockedStage

FILENAME: Final = "pylock.toml"

# Each group that installs a package, and the package as this group sees it.
Uses: TypeAlias = "list[tuple[str, LockedPackage]]"


def render_merged(stages: Sequence[LockedStage], folder: PurePosixPath) -> str:
    """Return the text of the lock file for `folder`; raises FtiError where a URL is not known.

    A stage that allows fewer Pythons than the file has entries of its own, which say so:
    installers then refuse another Python, where a marker would make them install nothing.
    """
    for locked in stages:
        require_files(locked)
    groups = {canonicalize_name(locked.stage.name): locked for locked in stages}
    python = _common_python([SpecifierSet(locked.requires_python) for locked in stages])
    packages = [_merged(key, uses) for key, uses in _by_content(groups, python).items()]
    return write_lock(
        generated(folder / "*" / "poetry.lock", "poetry fti export"),
        [entry(package, folder) for package in in_order(packages)],
        environments=_environments(stages),
        requires_python=python,
        dependency_groups=sorted(groups),
    )


def _common_python(pythons: Sequence[SpecifierSet]) -> SpecifierSet:
    """Return the Python of all stages, else a range of minor versions around them all."""
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
    """Return what two stages' packages must have in common to share an entry."""
    allowed = SpecifierSet(package.requires_python or "") & python
    return replace(
        package,
        marker=None,
        requires=(),
        requires_python=str(allowed) or None,
        # Stages may see different files of one release, depending on where they run.
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
