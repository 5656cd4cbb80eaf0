"""What a stage's image build may see of the project."""

from __future__ import annotations

from pathlib import PurePosixPath
from typing import TYPE_CHECKING

from poetry_fti.exporters.docker.denied import NEVER, RECORDS, denied_by
from poetry_fti.exporters.docker.parts import requirement_paths
from poetry_fti.exporters.docker.quoting import context_path
from poetry_fti.exporters.header import header
from poetry_fti.model import DirectoryOrigin, FileOrigin

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from poetry_fti.model import LockedStage


def render(locked: LockedStage) -> str:
    """Return the text of Dockerfile.dockerignore: what is not needed stays out of the build."""
    paths = sorted({*own_packages(locked), *_sources(locked), *_local(locked), *_copied(locked)})
    again = [f"!{context_path(path)}" for path in paths if denied_by(path, RECORDS)]
    # The last line that matches decides.
    denied = [*RECORDS.splitlines(), *again, *NEVER.splitlines()]
    return "\n".join([header(locked), "", *_allowed(locked, paths), "", *denied, ""])


def own_packages(locked: LockedStage) -> tuple[PurePosixPath, ...]:
    """Return the project's own packages; none where its whole tree is its code."""
    packages = locked.code.packages
    return () if PurePosixPath() in packages else packages


def _allowed(locked: LockedStage, paths: list[PurePosixPath]) -> Iterator[str]:
    """Yield the patterns that leave the needed paths, and of the stages' folder still less."""
    stages, requirements = locked.folder.parent, requirement_paths(locked)
    in_stages = {*requirements, *(path for path in paths if path.is_relative_to(stages))}
    is_whole = not own_packages(locked)
    if not is_whole:
        yield "*"
        yield from (f"!{context_path(path)}" for path in sorted({*paths, *requirements}))
    if is_whole or any(stages.is_relative_to(path) for path in paths):
        yield f"{context_path(stages)}/*"
        yield from (f"!{context_path(path)}" for path in sorted(in_stages))


def _sources(locked: LockedStage) -> Iterable[PurePosixPath]:
    return locked.code.sources if locked.stage.image.code == "wheel" else ()


def _copied(locked: LockedStage) -> Iterator[PurePosixPath]:
    return (source for source, _ in locked.stage.image.copy)


def _local(locked: LockedStage) -> Iterator[PurePosixPath]:
    for package in locked.packages:
        if isinstance(package.origin, DirectoryOrigin | FileOrigin):
            yield package.origin.path
