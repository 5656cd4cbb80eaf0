"""Finds the stages that are affected by the changes since a git revision."""

from __future__ import annotations

import os
import posixpath
from dataclasses import dataclass
from functools import cache
from pathlib import Path, PurePosixPath
from typing import TYPE_CHECKING

from poetry_fti.model.lock import Code
from poetry_fti.operations.affected.report import AffectedReport, Reason, StageChanges
from poetry_fti.operations.affected.settings import Declared, declared, setting_reasons
from poetry_fti.operations.affected.watched import is_excluded, watched
from poetry_fti.ports.git import find_repository

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterable, Iterator

    from poetry_fti.operations.affected.watched import Watched
    from poetry_fti.operations.project import Project
    from poetry_fti.operations.stage import ProjectStage
    from poetry_fti.ports.git import Repository


def affected_stages(project: Project, revision: str) -> AffectedReport:
    """Compare the stages of a project with those of a git revision.

    The revision stands for its common ancestor with HEAD, see `Repository.base`; the other side is
    the working tree. Only contents are compared, not the times of files. Raises FtiError if there
    is no repository or no such revision, or if a shallow clone lacks it.
    """
    repository = find_repository(project.root)
    base = repository.base(revision)
    changes = _Changes(project, repository, repository.changed(base))
    earlier = _earlier(project, repository, base, changes.files)
    # To find the code, Poetry has to load the project, which takes longer than all the rest.
    code = cache(project.poetry.code) if changes.may_affect_code else Code
    stages = tuple(
        StageChanges(each.stage, _reasons([*earlier.reasons(each.name)], changes, each, code))
        for each in project.stages
    )
    return AffectedReport(
        base=base, stages=stages, removed=earlier.removed, warnings=tuple(changes.warnings)
    )


@dataclass(frozen=True, slots=True)
class _Earlier:
    """How the settings of the stages in pyproject.toml differ from those of the commit.

    `reasons` returns the differences of a stage by its name; `removed` are the names of stages that
    only the commit has.
    """

    reasons: Callable[[str], Iterable[Reason]]
    removed: tuple[str, ...] = ()


def _earlier(
    project: Project, repository: Repository, base: str, files: Collection[str]
) -> _Earlier:
    path = repository.prefix / "pyproject.toml"
    if str(path) not in files:
        return _Earlier(lambda _: ())
    content = repository.contents(base, [path]).get(path)
    stages = {stage.name: stage.stage for stage in project.stages}
    new = Declared(project.pyproject, stages, project.config.directory)
    old = Declared({}, {}, PurePosixPath()) if content is None else declared(content)
    if old is None:
        message = f"pyproject.toml of the commit {base} is not valid"
        return _Earlier(lambda _: [Reason("setting", message)])
    removed = tuple(name for name in old.stages if name not in stages)
    return _Earlier(lambda name: setting_reasons(old, new, name), removed)


def _reasons(
    settings: list[Reason], changes: _Changes, stage: ProjectStage, code: Callable[[], Code]
) -> tuple[Reason, ...]:
    if any(each.kind == "new" for each in settings):
        return tuple(settings)
    return (*settings, *changes.reasons(watched(stage, code)))


class _Changes:
    """The changed files of a project's repository, matched with what stages depend on."""

    def __init__(
        self, project: Project, repository: Repository, files: Iterable[PurePosixPath]
    ) -> None:
        self._root = project.root
        self._top = repository.top
        self._prefix = str(repository.prefix)
        self.warnings: list[str] = []
        # Each path in the repository with the one from the project's root.
        self.files = {str(file): self._relative(str(file)) for file in files}
        generated = str(project.config.directory)
        self._generated = {f for f, path in self.files.items() if _is_in(str(path), generated)}

    @property
    def may_affect_code(self) -> bool:
        """Whether there is a changed file that may be code of the project."""
        files = (path for file, path in self.files.items() if file not in self._generated)
        return not all(map(is_excluded, files))

    def reasons(self, all_watched: Iterable[Watched]) -> Iterator[Reason]:
        seen: set[str] = set()
        for each in all_watched:
            found = sorted(self._found(each) - seen)
            seen.update(found)
            if found:
                paths = tuple(self.files[file] for file in found)
                yield Reason(each.kind, _message(each, paths), paths)

    def _found(self, each: Watched) -> set[str]:
        roots = self._roots(each)
        own = each.kind in ("lock", "export")
        return {
            file
            for file, path in self.files.items()
            if any(_is_in(file, root) for root in roots)
            and (own or file not in self._generated)
            and each.contains(path)
        }

    def _roots(self, each: Watched) -> set[str]:
        """Return the path in the repository, and the one that it leads to if it is a link."""
        path = self._root / each.path
        named = posixpath.normpath(posixpath.join(self._prefix, each.path))
        real = Path(os.path.realpath(path))
        roots = {named} if named.split("/")[0] != ".." else set()
        if real.is_relative_to(self._top):
            roots.add(real.relative_to(self._top).as_posix())
        if not roots and not posixpath.isabs(str(each.path)):
            self._warn(each, "is outside of the git repository: its changes are not seen")
        elif each.key and not path.exists() and not self._was_there(roots):
            self._warn(each, "does not exist")
        return roots

    def _was_there(self, roots: Collection[str]) -> bool:
        return any(_is_in(file, root) for file in self.files for root in roots)

    def _warn(self, each: Watched, problem: str) -> None:
        where = f'{each.key}: "{each.path}"' if each.key else str(each.path)
        if (text := f"{where} {problem}.") not in self.warnings:
            self.warnings.append(text)

    def _relative(self, file: str) -> PurePosixPath:
        return PurePosixPath(posixpath.relpath(file, self._prefix))


def _is_in(file: str, root: str) -> bool:
    """Return whether a changed path is `root`, below it, or a submodule that contains it."""
    if root == ".":
        return True
    return file == root or file.startswith(f"{root}/") or root.startswith(f"{file}/")


def _message(each: Watched, paths: tuple[PurePosixPath, ...]) -> str:
    titles = {"path-dependency": f"path dependency {each.path}: ", "base": "base image: "}
    title = titles.get(each.kind, "")
    if len(paths) == 1:
        return f"{title}{paths[0]} differs"
    is_named = each.kind == "path-dependency" or not each.path.parts
    where = "" if is_named else f"{each.path}: "
    return f"{title}{where}{len(paths)} files differ, such as {paths[0]}"
