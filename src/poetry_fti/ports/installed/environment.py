"""Finds the folders of an environment that contain packages, and reads what is in them."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Final

from poetry_fti.errors import FtiError
from poetry_fti.model.installed import Damage, Installed
from poetry_fti.ports.installed.metadata import (
    LARGEST,
    DamagedMetadataError,
    metadata_file,
    parse_package,
)
from poetry_fti.ports.installed.record import record_problems
from poetry_fti.reading import read_bytes

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from pathlib import Path

    from packaging.utils import NormalizedName

    from poetry_fti.model.installed import InstalledPackage
    from poetry_fti.ports.installed.locations import PythonFolders

MOST_PACKAGES: Final = 10_000  # in a folder


def read_installed(folders: PythonFolders, *, deep: bool = False) -> Installed:
    """Return the packages of an environment; with `deep` their files are compared with RECORD.

    Nothing of the environment is imported or run. Raises FtiError for a folder that cannot be read.
    """
    damage: list[Damage] = []
    prefix = folders.prefix if deep else None
    return Installed(
        packages=imported(_packages(site, prefix, damage) for site in folders.sites),
        base=imported(_packages(site, None, []) for site in folders.base),
        damage=tuple(damage),
        markers=(folders.markers,),
    )


def imported(sites: Iterable[Iterable[InstalledPackage]]) -> tuple[InstalledPackage, ...]:
    """Return the packages of several folders without those that an earlier folder hides."""
    seen: set[NormalizedName] = set()
    found = []
    for packages in sites:
        visible = [each for each in packages if each.name not in seen]
        found += visible
        seen.update(each.name for each in visible)
    return tuple(found)


def _packages(site: Path, prefix: Path | None, damage: list[Damage]) -> Iterator[InstalledPackage]:
    """Yield the packages in a folder, sorted by name; add to `damage` what is wrong with them.

    Files are compared with RECORD if there is a `prefix`.
    """
    for name in _metadata(site):
        label = name
        try:
            found = parse_package(name, partial(_read, site / name))
            yield found
            label = f"{found.name} {found.version}"
            if prefix is not None and name.endswith(".dist-info"):
                problems = record_problems(site / name, prefix)
                damage += [Damage(package=label, problem=each) for each in problems]
        except DamagedMetadataError as error:
            damage.append(Damage(package=label, problem=str(error)))


def _metadata(site: Path) -> list[str]:
    try:
        names = sorted(each.name for each in site.iterdir() if metadata_file(each.name))
    except OSError as error:
        raise FtiError(f"{site} cannot be read: {error.strerror}.") from None
    if len(names) > MOST_PACKAGES:
        raise FtiError(f"{site} contains more than {MOST_PACKAGES} packages.")
    return names


def _read(metadata: Path, file: str) -> bytes | None:
    """Return the content of a file in a package's metadata; None if there is no such file."""
    try:
        # An egg-info may be a file itself, which has no other ones.
        is_file = metadata.suffix == ".egg-info" and metadata.is_file()
        if is_file and file != metadata_file(metadata.name):
            return None
        return read_bytes(metadata if is_file else metadata / file, LARGEST)
    except (FileNotFoundError, NotADirectoryError):
        return None
    except OSError as error:
        raise DamagedMetadataError(f"has a {file} that cannot be read: {error.strerror}") from None
