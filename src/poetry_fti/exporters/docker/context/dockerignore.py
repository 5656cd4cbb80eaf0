"""Dockerfile.dockerignore: the files of the project that the build of a stage's image can read."""

from __future__ import annotations

from pathlib import PurePosixPath
from typing import TYPE_CHECKING

from poetry_fti.exporters.cyclonedx import sbom_path
from poetry_fti.exporters.docker.context.default_excludes import (
    NEVER,
    RECORDS,
    excluding_pattern,
)
from poetry_fti.exporters.docker.context.location import in_context
from poetry_fti.exporters.docker.layers.subsets import subsets
from poetry_fti.exporters.docker.quoting import context_path
from poetry_fti.exporters.shared.build_constraints import build_constraint_files
from poetry_fti.exporters.shared.header import header
from poetry_fti.model.origins import DirectoryOrigin, FileOrigin

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from poetry_fti.model.lock import LockedStage


def dockerignore(locked: LockedStage) -> str:
    """Return the text of Dockerfile.dockerignore, which excludes all that the build does not need.

    Raises FtiError for a path that a Dockerfile cannot name.
    """
    if _is_exact(locked):
        return "\n".join([header(locked), "", *_includes(locked), ""])
    records = [_include(path) for path in _needed_paths(locked) if excluding_pattern(path, RECORDS)]
    # The last line that matches a path decides.
    excludes = [*RECORDS.splitlines(), *records, *NEVER.splitlines()]
    certificates = [_include(path) for path in _certificates(locked)]
    excludes += ["# Certificates of ca-certificates.", *certificates] if certificates else []
    return "\n".join([header(locked), "", *_includes(locked), "", *excludes, ""])


def _is_exact(locked: LockedStage) -> bool:
    """Return whether the build needs single files only, so that no pattern has to exclude any."""
    archives = (p.origin.path for p in locked.packages if isinstance(p.origin, FileOrigin))
    files = {in_context(locked, path) for path in [*_generated(locked), *archives]}
    needed = _needed_paths(locked)
    is_code = copies_tree(locked) or _certificates(locked) or not files.issuperset(needed)
    return not (is_code or any(map(excluding_pattern, needed)))


def own_packages(locked: LockedStage) -> tuple[PurePosixPath, ...]:
    """Return the paths of the project's own packages; an empty tuple if its whole tree is code."""
    return () if copies_tree(locked) else locked.code.packages


def copies_tree(locked: LockedStage) -> bool:
    """Return whether the project's whole tree is its code."""
    packages = locked.code.packages
    return PurePosixPath() in packages or (not packages and locked.code.whole_tree)


def has_code(locked: LockedStage) -> bool:
    """Return whether the image contains code of the project itself, besides path dependencies."""
    is_wheel = locked.stage.image.code == "wheel"
    return is_wheel or copies_tree(locked) or bool(own_packages(locked))


def context_paths(locked: LockedStage) -> list[PurePosixPath]:
    """Return the files and folders that the build can read, but for what `is_excluded` excludes.

    They are relative to the build context.
    """
    # The build of a base image from the project's own Dockerfile may read any file.
    is_whole = locked.stage.image.dockerfile or copies_tree(locked)
    whole = [in_context(locked)] if is_whole else []
    return [*_needed_paths(locked), *_certificates(locked), *whole]


def is_excluded(locked: LockedStage, path: PurePosixPath) -> bool:
    """Return whether the build cannot read a path below one of `context_paths`."""
    needed = [each for each in _needed_paths(locked) if excluding_pattern(each, RECORDS)]
    is_record = excluding_pattern(path, RECORDS) and not any(map(path.is_relative_to, needed))
    stages = in_context(locked, locked.folder.parent)
    return bool(excluding_pattern(path) or is_record or path == stages)


def _includes(locked: LockedStage) -> Iterator[str]:
    stages, project = in_context(locked, locked.folder.parent), in_context(locked)
    is_whole = copies_tree(locked)
    if not is_whole or project.parts:
        yield "*"
        yield from [_include(project)] * is_whole
        yield from map(_include, _needed_paths(locked))
    if is_whole or any(stages.is_relative_to(path) for path in _needed_paths(locked)):
        yield f"{context_path(stages)}/*"
        yield from map(_include, _below_stages(locked))


def _include(path: PurePosixPath) -> str:
    return f"!{context_path(path)}"


def _below_stages(locked: LockedStage) -> list[PurePosixPath]:
    stages = in_context(locked, locked.folder.parent)
    return [path for path in _needed_paths(locked) if path.is_relative_to(stages)]


def _needed_paths(locked: LockedStage) -> list[PurePosixPath]:
    paths = (
        _generated(locked),
        own_packages(locked),
        _wheel_sources(locked),
        _local_packages(locked),
        (source for source, _ in locked.stage.image.copy),
    )
    return sorted({in_context(locked, path) for each in paths for path in each})


def _generated(locked: LockedStage) -> list[PurePosixPath]:
    constraints = (locked.folder / name for name in build_constraint_files(locked))
    sbom = [sbom_path(locked)] * locked.has_sbom
    return [*(subset.path for subset in subsets(locked)), *constraints, *sbom]


def _certificates(locked: LockedStage) -> list[PurePosixPath]:
    return [in_context(locked, path) for path in locked.stage.image.ca_certificates]


def _wheel_sources(locked: LockedStage) -> Iterable[PurePosixPath]:
    return locked.code.sources if locked.stage.image.code == "wheel" else ()


def _local_packages(locked: LockedStage) -> Iterator[PurePosixPath]:
    for package in locked.packages:
        if isinstance(package.origin, DirectoryOrigin | FileOrigin):
            yield package.origin.path
