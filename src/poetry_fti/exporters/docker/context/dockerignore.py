"""Dockerfile.dockerignore: the files of the project that the build of a stage's image can read."""

from __future__ import annotations

from pathlib import PurePosixPath
from typing import TYPE_CHECKING

from poetry_fti.exporters.docker.context.default_excludes import (
    NEVER,
    RECORDS,
    excluding_pattern,
)
from poetry_fti.exporters.docker.layers.subsets import subsets
from poetry_fti.exporters.docker.quoting import context_path
from poetry_fti.exporters.shared.build_constraints import build_constraint_files
from poetry_fti.exporters.shared.header import header
from poetry_fti.model import DirectoryOrigin, FileOrigin

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from poetry_fti.model import LockedStage


def dockerignore(locked: LockedStage) -> str:
    """Return the text of Dockerfile.dockerignore, which excludes all that the build does not need.

    Raises FtiError for a path that a Dockerfile cannot name.
    """
    records = [_include(path) for path in _needed_paths(locked) if excluding_pattern(path, RECORDS)]
    # The last line that matches a path decides.
    excludes = [*RECORDS.splitlines(), *records, *NEVER.splitlines()]
    certificates = [_include(path) for path in locked.stage.image.ca_certificates]
    excludes += ["# Certificates of ca-certificates.", *certificates] if certificates else []
    return "\n".join([header(locked), "", *_includes(locked), "", *excludes, ""])


def own_packages(locked: LockedStage) -> tuple[PurePosixPath, ...]:
    """Return the paths of the project's own packages; an empty tuple if its whole tree is code."""
    packages = locked.code.packages
    return () if PurePosixPath() in packages else packages


def context_paths(locked: LockedStage) -> list[PurePosixPath]:
    """Return the files and folders that the build can read, but for what `is_excluded` excludes."""
    # The build of a base image from the project's own Dockerfile may read any file.
    is_whole = locked.stage.image.dockerfile or not own_packages(locked)
    certificates = locked.stage.image.ca_certificates
    return [*_included_paths(locked), *certificates, *([PurePosixPath()] if is_whole else [])]


def is_excluded(locked: LockedStage, path: PurePosixPath) -> bool:
    """Return whether the build cannot read a path below one of `context_paths`."""
    needed = [each for each in _needed_paths(locked) if excluding_pattern(each, RECORDS)]
    is_record = excluding_pattern(path, RECORDS) and not any(map(path.is_relative_to, needed))
    return bool(excluding_pattern(path) or is_record or path == locked.folder.parent)


def _includes(locked: LockedStage) -> Iterator[str]:
    stages = locked.folder.parent
    is_whole = not own_packages(locked)
    if not is_whole:
        yield "*"
        yield from map(_include, _included_paths(locked))
    if is_whole or any(stages.is_relative_to(path) for path in _needed_paths(locked)):
        yield f"{context_path(stages)}/*"
        yield from map(_include, _below_stages(locked))


def _include(path: PurePosixPath) -> str:
    return f"!{context_path(path)}"


def _included_paths(locked: LockedStage) -> list[PurePosixPath]:
    # If the whole tree is code, only the folder of the stages is excluded from it.
    return _needed_paths(locked) if own_packages(locked) else _below_stages(locked)


def _below_stages(locked: LockedStage) -> list[PurePosixPath]:
    return [path for path in _needed_paths(locked) if path.is_relative_to(locked.folder.parent)]


def _needed_paths(locked: LockedStage) -> list[PurePosixPath]:
    paths = (
        (subset.path for subset in subsets(locked)),
        (locked.folder / name for name in build_constraint_files(locked)),
        own_packages(locked),
        _wheel_sources(locked),
        _local_packages(locked),
        (source for source, _ in locked.stage.image.copy),
    )
    return sorted({path for each in paths for path in each})


def _wheel_sources(locked: LockedStage) -> Iterable[PurePosixPath]:
    return locked.code.sources if locked.stage.image.code == "wheel" else ()


def _local_packages(locked: LockedStage) -> Iterator[PurePosixPath]:
    for package in locked.packages:
        if isinstance(package.origin, DirectoryOrigin | FileOrigin):
            yield package.origin.path
