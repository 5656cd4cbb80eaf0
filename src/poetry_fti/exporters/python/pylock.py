"""pylock.<stage>.toml: the lock of a stage in the standard format (PEP 751)."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Final

from packaging.markers import Marker
from packaging.specifiers import SpecifierSet

from poetry_fti.exporters import StageExporter
from poetry_fti.exporters.shared.build_constraints import (
    build_constraint_files,
    build_constraints_note,
)
from poetry_fti.exporters.shared.header import header
from poetry_fti.exporters.shared.pylock_entry import entry, require_files
from poetry_fti.exporters.shared.pylock_text import parse_pylock, pylock_text
from poetry_fti.exporters.shared.reference import in_order
from poetry_fti.model.lock import LockedFile
from poetry_fti.targets import environment_marker

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from packaging.pylock import PackageSdist, PackageWheel, Pylock

    from poetry_fti.model.lock import LockedStage

_FILE: Final = "pylock.{stage}.toml"


def filename(stage: str) -> str:
    """Return the name of a stage's lock file."""
    return _FILE.format(stage=stage)


def files(locked: LockedStage) -> Mapping[str, str]:
    """Return the lock file, and the build constraints, which it cannot contain.

    Raises FtiError if the URL of a file is unknown.
    """
    require_files(locked)
    text = pylock_text(
        "\n".join([header(locked), *build_constraints_note(locked)]),
        [entry(package, locked.folder) for package in in_order(locked.packages)],
        environments=[Marker(environment_marker(each)) for each in locked.stage.targets.platforms],
        requires_python=SpecifierSet(locked.requires_python),
    )
    return {filename(locked.stage.name): text, **build_constraint_files(locked)}


def known_files(text: str) -> Mapping[str, LockedFile]:
    """Return the files listed in the text of a lock file, by digest; empty if it is invalid."""
    lock = parse_pylock(text)
    if lock is None:
        return {}
    return {file.digest: file for file in _files(lock)}


def with_urls(locked: LockedStage, known: Mapping[str, LockedFile]) -> LockedStage:
    """Return the stage with URL, size and upload time of its files, as far as `known` has them."""
    packages = tuple(
        replace(package, files=tuple(_with_url(file, known) for file in package.files))
        for package in locked.packages
    )
    return replace(locked, packages=packages)


def _with_url(file: LockedFile, known: Mapping[str, LockedFile]) -> LockedFile:
    found = known.get(file.digest)
    if found is None or found.url is None:
        return file
    return replace(file, url=found.url, size=found.size, upload_time=found.upload_time)


def _files(lock: Pylock) -> Iterator[LockedFile]:
    for package in lock.packages:
        for found in (*(package.wheels or ()), *([package.sdist] if package.sdist else ())):
            yield from _known(found)


def _known(found: PackageSdist | PackageWheel) -> Iterator[LockedFile]:
    time = found.upload_time.isoformat() if found.upload_time else None
    for algorithm, value in found.hashes.items():
        yield LockedFile(
            name=found.filename,
            digest=f"{algorithm}:{value}",
            url=found.url,
            size=found.size,
            upload_time=time,
        )


EXPORTER: Final = StageExporter(_FILE, files, needs_file_details=True)
