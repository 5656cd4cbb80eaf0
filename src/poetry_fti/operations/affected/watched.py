"""The files and folders that a stage depends on."""

from __future__ import annotations

import os
import posixpath
from dataclasses import dataclass
from functools import cache
from pathlib import Path, PurePath, PurePosixPath
from typing import TYPE_CHECKING, Final

from poetry_fti.bridge.project.paths.required import required
from poetry_fti.exporters.docker.context.default_excludes import RECORDS, excluding_pattern

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from poetry_fti.model.lock import Code
    from poetry_fti.operations.affected.report import ReasonKind
    from poetry_fti.operations.stage import ProjectStage

_LOCAL: Final = ('type = "directory"', 'type = "file"')
_PYPROJECT: Final = PurePosixPath("pyproject.toml")


@dataclass(frozen=True, slots=True)
class Watched:
    """A file or folder that a stage depends on; `path` is relative to the project's root.

    Without `is_filtered`, files that no image contains, such as caches, count as well. `key` is
    the dotted path of the setting that names the path; empty if none does.
    """

    kind: ReasonKind
    path: PurePosixPath
    is_filtered: bool = False
    key: str = ""

    def contains(self, file: PurePosixPath) -> bool:
        """Return whether a changed file below `path` counts; it is relative to the root as well."""
        return not (self.is_filtered and is_excluded(file))


@cache  # stages share most of their files
def is_excluded(file: PurePosixPath) -> bool:
    """Return whether a file is no code: pyproject.toml, and what no image contains."""
    # The settings in pyproject.toml are compared one by one.
    return file == _PYPROJECT or bool(excluding_pattern(file) or excluding_pattern(file, RECORDS))


def watched(stage: ProjectStage, code: Callable[[], Code]) -> Iterator[Watched]:
    """Yield what a stage depends on; of several that contain a file, the first one counts.

    `code` returns where the project's own code is, and is only called if it is needed.
    """
    image = stage.stage.image
    yield Watched("lock", stage.folder / "poetry.lock")
    yield Watched("export", stage.folder)
    if image.dockerfile:
        yield Watched("base", image.dockerfile)
    files = [source for source, _ in image.copy]
    files += [*image.ca_certificates, *filter(None, [image.template])]
    yield from (Watched("image-file", path) for path in files)
    local = _local_packages(stage)
    yield from (Watched("path-dependency", path, is_filtered=True) for path in local)
    if stage.stage.paths is None:
        yield from (Watched("source", path, is_filtered=True) for path in _code(stage, code()))
        return
    for index, path in enumerate(stage.stage.paths):
        yield Watched("source", path, key=f"tool.fti.stages.{stage.name}.paths[{index}]")


def _code(stage: ProjectStage, code: Code) -> Iterator[PurePosixPath]:
    """Yield the paths of the project's code that the stage's image contains."""
    # The build of a base image from the project's own Dockerfile may read any file.
    if stage.stage.image.dockerfile or (not code.packages and code.whole_tree):
        yield PurePosixPath()
    yield from code.packages
    if stage.stage.image.code == "wheel":
        yield from code.sources


def _local_packages(stage: ProjectStage) -> list[PurePosixPath]:
    """Return the paths of the stage's path dependencies, also of those that they require."""
    paths = {PurePosixPath(path) for path in stage.derived.paths.digests}
    direct = (each.path for each in required(stage.derived.data, stage.folder) if each.path)
    paths.update(_relative(stage.derived.root, path) for path in direct)
    if any(words in stage.lock.text for words in _LOCAL):
        paths.update(
            PurePosixPath(posixpath.normpath(stage.folder / pin.source_url))
            for pin in stage.lock.pins
            if pin.source_type in ("directory", "file") and pin.source_url
        )
    return sorted(paths)


def _relative(root: Path, path: str) -> PurePosixPath:
    """Return a path relative to the root, also that of a `file:` URL, which is absolute."""
    try:
        return PurePosixPath(PurePath(os.path.relpath(Path(root, path), root)).as_posix())
    except ValueError:  # on another drive of Windows
        return PurePosixPath(path)
