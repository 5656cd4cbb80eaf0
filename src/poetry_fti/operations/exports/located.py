"""Adds the URLs, sizes and upload times of files to locked stages, as pylock files need them."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from poetry_fti import files
from poetry_fti.exporters.python.pylock import known_files, with_urls

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import PurePosixPath

    from poetry_fti.model.lock import LockedFile, LockedStage
    from poetry_fti.operations.project import Project


def located(
    project: Project, locked: LockedStage, path: PurePosixPath, *, check: bool
) -> LockedStage:
    """Return a stage with what the index knows about its files, for the pylock file at `path`.

    With `check` the file on disk is read instead of the index. Raises IndexFailedError if a package
    index fails.
    """
    if check:
        # A check needs no index: the URLs are those in the file on disk, found by hash.
        written = known_files(files.read(project.root / path, project.root) or "")
        return with_urls(with_urls(locked, _not_looked_up(locked)), written)
    return with_urls(locked, project.poetry.find_files(locked.packages))


def _not_looked_up(locked: LockedStage) -> Mapping[str, LockedFile]:
    return {
        file.digest: replace(file, url=f"not-looked-up/{file.name}")
        for package in locked.packages
        for file in package.files
    }
