"""What a stage's image build may see of the project."""

from __future__ import annotations

from pathlib import PurePosixPath
from typing import TYPE_CHECKING

from poetry_fti.exporters.docker.context.default_excludes import NEVER, RECORDS, excluded_by
from poetry_fti.exporters.docker.layers.subsets import requirement_paths
from poetry_fti.exporters.docker.quoting import context_path
from poetry_fti.exporters.shared.header import header
from poetry_fti.model import DirectoryOrigin, FileOrigin

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from poetry_fti.model import LockedStage


def render(locked: LockedStage) -> str:
    """Return the text of Dockerfile.dockerignore: what is not needed stays out of the build."""
    again = [_let_in(path) for path in _needed(locked) if excluded_by(path, RECORDS)]
    # The last line that matches decides.
    denied = [*RECORDS.splitlines(), *again, *NEVER.splitlines()]
    return "\n".join([header(locked), "", *_allowed(locked), "", *denied, ""])


def own_packages(locked: LockedStage) -> tuple[PurePosixPath, ...]:
    """Return the project's own packages; none where its whole tree is its code."""
    packages = locked.code.packages
    return () if PurePosixPath() in packages else packages


def let_in(locked: LockedStage) -> list[PurePosixPath]:
    """Return the paths that are named because the build needs them, whatever is in its way.

    Where the whole tree is the project's code, all else is seen but the folder of the stages.
    """
    return _needed(locked) if own_packages(locked) else _of_stages(locked)


def _allowed(locked: LockedStage) -> Iterator[str]:
    stages = locked.folder.parent
    is_whole = not own_packages(locked)
    if not is_whole:
        yield "*"
        yield from map(_let_in, let_in(locked))
    if is_whole or any(stages.is_relative_to(path) for path in _needed(locked)):
        yield f"{context_path(stages)}/*"
        yield from map(_let_in, _of_stages(locked))


def _let_in(path: PurePosixPath) -> str:
    return f"!{context_path(path)}"


def _of_stages(locked: LockedStage) -> list[PurePosixPath]:
    return [path for path in _needed(locked) if path.is_relative_to(locked.folder.parent)]


def _needed(locked: LockedStage) -> list[PurePosixPath]:
    named = (
        requirement_paths(locked),
        own_packages(locked),
        _sources(locked),
        _local(locked),
        _copied(locked),
    )
    return sorted({path for paths in named for path in paths})


def _sources(locked: LockedStage) -> Iterable[PurePosixPath]:
    return locked.code.sources if locked.stage.image.code == "wheel" else ()


def seen(locked: LockedStage) -> list[PurePosixPath]:
    """Return the paths that, with what is below them and not kept out, the build sees."""
    # What a Dockerfile of the project's own makes the base of may be anything.
    is_whole = locked.stage.image.dockerfile or not own_packages(locked)
    return [*let_in(locked), *([PurePosixPath()] if is_whole else [])]


def keeps_out(locked: LockedStage, path: PurePosixPath) -> bool:
    """Tell whether the build does not see a path below one that it sees."""
    is_record = excluded_by(path, RECORDS) and not any(
        path.is_relative_to(needed) for needed in _needed(locked) if excluded_by(needed, RECORDS)
    )
    return bool(excluded_by(path) or is_record or path == locked.folder.parent)


def _copied(locked: LockedStage) -> Iterator[PurePosixPath]:
    return (source for source, _ in locked.stage.image.copy)


def _local(locked: LockedStage) -> Iterator[PurePosixPath]:
    for package in locked.packages:
        if isinstance(package.origin, DirectoryOrigin | FileOrigin):
            yield package.origin.path
