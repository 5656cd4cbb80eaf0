"""Finds the files of a project that describe environments, and proposes stages for them."""

from __future__ import annotations

import os
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import TYPE_CHECKING, Final

from poetry_fti.errors import FtiError
from poetry_fti.importers import importer_of
from poetry_fti.importers.discovery import Candidate, is_for_development, propose, rank
from poetry_fti.importers.included import included_by
from poetry_fti.importers.projects.stage import own_groups
from poetry_fti.importers.source import Source
from poetry_fti.operations.importing.project_files import ProjectFiles

if TYPE_CHECKING:
    from collections.abc import Iterator

    from poetry_fti.importers.discovery import Proposal, Rest

_SKIPPED: Final = frozenset(
    {"__pycache__", "build", "dist", "fti", "node_modules", "site-packages", "tests"}
)
_DEEPEST: Final = 8
_MOST_FILES: Final = 2_000


@dataclass(frozen=True, slots=True)
class Discovery:
    """The stages that are proposed, the files that are left, and those that cannot be read.

    `unreadable` are pairs of a path and the message of the error.
    """

    proposals: tuple[Proposal, ...]
    rest: tuple[Rest, ...]
    unreadable: tuple[tuple[PurePosixPath, str], ...]


def discover(folder: Path) -> Discovery:
    """Return stages for the files in a project's folder that describe environments.

    Hidden folders, environments, tests and the folder `fti` are skipped. Files that another one
    includes are not listed, unless that is for development. No file is written.
    """
    root = folder.resolve()
    files = ProjectFiles(root, ())
    paths = list(_paths(root))
    included: set[Path] = set()
    candidates, unreadable = [], []
    for path in paths:
        relative = PurePosixPath(path.relative_to(root).as_posix())
        try:
            included |= _included(path, files)
            candidates += [(path, each) for each in _candidates(path, relative, files)]
        except FtiError as error:
            # Most Dockerfiles and notebooks install no package.
            if not path.name.lower().endswith(".ipynb") and "dockerfile" not in path.name.lower():
                unreadable.append((relative, str(error)))
    proposals, rest = propose(each for path, each in candidates if path not in included)
    return Discovery(tuple(proposals), tuple(rest), tuple(unreadable))


def _included(path: Path, files: ProjectFiles) -> set[Path]:
    """Return the files that are part of another one, and so not stages of their own.

    What a file for development includes often is a stage, but constraints never are.
    """
    found = included_by(Source(path, files))
    leaves_requirements = is_for_development(path.name)
    return {Path(each) for each, is_constraint in found if is_constraint or not leaves_requirements}


def _candidates(path: Path, relative: PurePosixPath, files: ProjectFiles) -> Iterator[Candidate]:
    importer = importer_of(path.name)
    if importer is None:
        return
    groups = own_groups(Source(path, files))
    for name in importer.environments(Source(path, files)) or [""]:
        stage = importer.read(Source(path, files, name))
        yield Candidate(relative, stage.packages, name, is_group=name in groups)


def _paths(root: Path) -> Iterator[Path]:
    """Yield the files that may describe an environment, in the order of their paths."""
    count = 0
    for name, folders, names in os.walk(root):
        folder = Path(name)
        depth = len(folder.relative_to(root).parts)
        folders[:] = sorted(each for each in folders if _is_searched(folder / each, depth))
        for each in sorted(names):
            path = folder / each
            if rank(PurePosixPath(path.relative_to(root).as_posix())) is not None:
                count += 1
                if count > _MOST_FILES:
                    raise FtiError(
                        f"There are more than {_MOST_FILES} files that may describe environments."
                        " Import those of each stage by name."
                    )
                yield path


def _is_searched(folder: Path, depth: int) -> bool:
    if folder.name.startswith(".") or folder.name in _SKIPPED or depth >= _DEEPEST:
        return False
    with suppress(OSError):
        return not folder.is_symlink() and not (folder / "pyvenv.cfg").exists()
    return False
