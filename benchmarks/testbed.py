"""The testbed of the locking benchmark: environments, indexes, caches and projects."""

from __future__ import annotations

import json
import shutil
import sys
import time
from dataclasses import replace
from functools import cached_property
from pathlib import Path
from tempfile import mkdtemp
from typing import TYPE_CHECKING, Final
from urllib.parse import urlsplit

from benchmarks.histories import copy_with_changes
from benchmarks.projects import backtracking, for_poetry
from benchmarks.servers import served
from benchmarks.tools import ROOT, Task, environment, leave, output, seconds

from loopback.clients import copy_project, isolated_environment
from loopback.site import MAX_AGE

if TYPE_CHECKING:
    from collections.abc import Callable
    from contextlib import ExitStack

LATENCY: Final = 30  # milliseconds

_POETRY: Final = ("-m", "loopback.poetry_main")
_BRIEF: Final = 1  # second


class Testbed:
    """Environments with and without the plugin, and indexes with and without latency.

    A home contains the caches for one index. Every project has a folder of its own.
    """

    def __init__(self, folder: Path, stack: ExitStack) -> None:
        self._folder = folder
        self._stack = stack
        self._plain = environment(folder / "plain", "poetry", "uv")
        self._plugin = environment(folder / "plugin", "poetry", str(ROOT))
        self._near = stack.enter_context(served(0))
        self._far = stack.enter_context(served(LATENCY))
        self._locked: dict[str, Path] = {}
        self._copies: dict[str, Task] = {}
        self._indexes: dict[Path, str] = {}
        self._projects = 0

    def version(self) -> Task:
        """Start Poetry and exit: the time that every command takes at least."""
        return Task(
            command=(self._plugin / "python", *_POETRY, "--version"),
            folder=self._folder,
            variables=isolated_environment(self._folder / "near", self._near),
        )

    def lock(self, text: str, *options: str, far: bool = False) -> Task:
        """Lock the stages of a project without locks, with the caches as they are."""
        index, home = (self._far, "far") if far else (self._near, "near")
        project = self._project(text)
        return self._fti(project, home, index, options, lambda: _unlock(project))

    def lock_copy(self, name: str, *options: str) -> Task:
        """Lock the stages of a copy of one of the projects in `fixtures`."""
        self._projects += 1
        project = copy_project(name, self._folder / f"project-{self._projects}")
        return self._fti(project, "near", self._near, options, lambda: _unlock(project))

    def check_copy(self, name: str) -> tuple[Task, Task]:
        """Check a locked copy of one of the projects in `fixtures`, and let Poetry check it."""
        lock = self.lock_copy(name)
        seconds(lock)
        check = replace(lock, prepare=leave)
        found = 3  # the exit code if there are findings
        return (
            replace(check, command=(*lock.command[:-1], "check"), codes=(0, found)),
            replace(check, command=(*lock.command[:-2], "check")),
        )

    def compare_copy(self, name: str, *words: str, commits: int = 10) -> tuple[Task, Task]:
        """Run a command on a locked copy in a repository, and let Poetry check the copy.

        The repository has so many commits; every lock has changed in the last one.
        """
        if name not in self._copies:
            self._copies[name], _ = self.check_copy(name)
        locked, copy = self._copies[name], self._folder / f"{name}-{commits}"
        if not copy.exists():
            copy_with_changes(locked.folder, copy, commits)
        task = replace(locked, folder=copy)
        return (
            replace(task, command=(*task.command[:-1], *words)),
            replace(task, command=(*task.command[:-2], "check")),
        )

    def lock_recorded(self, record: Path, text: str, *options: str) -> Task:
        """Lock the stages of a project whose packages are in another recorded index."""
        project = self._project(text)
        home, index = f"home-{record.stem}", self._recorded(record)
        return self._fti(project, home, index, options, lambda: _unlock(project))

    def relock_recorded(self, record: Path, before: str, after: str) -> Task:
        """Lock a project of another recorded index that has the locks of an earlier version."""
        home, index = f"home-{record.stem}", self._recorded(record)
        return self._relock(before, after, (), home, index)

    def uv_compile(self, record: Path, text: str) -> Task:
        """Compile the requirements of each stage with uv, one after the other."""
        project = self._project(text)
        return Task(
            command=(sys.executable, "-m", "benchmarks.uv_compile", self._plain / "uv", project),
            folder=ROOT,
            variables=isolated_environment(self._folder / "uv", self._recorded(record)),
        )

    def backtracking(self, releases: int) -> Path:
        """Return a record with so many releases of a library, all of which need an old one."""
        record = self._folder / f"backtracking-{releases}.json"
        record.write_text(json.dumps({"packages": backtracking(releases)}))
        return record

    def _recorded(self, record: Path) -> str:
        if record not in self._indexes:
            self._indexes[record] = self._stack.enter_context(served(0, record=record))
        return self._indexes[record]

    def lock_cold(self, text: str) -> Task:
        """Lock the stages of a project without locks, with latency and empty caches."""
        project = self._project(text)

        def prepare() -> None:
            _unlock(project)
            self._put_away(self._folder / "cold")

        return self._fti(project, "cold", self._far, (), prepare)

    def lock_expired(self, text: str) -> Task:
        """Lock with latency and caches in which the pages have expired, but not the metadata."""
        project, kept, home = self._project(text), self._folder / "old", self._folder / "expired"
        with served(LATENCY, max_age=_BRIEF) as index:
            seconds(self._fti(project, kept.name, index))
        time.sleep(_BRIEF + 1)
        # Caches go by the URL: an index with the default one's max-age takes this one's place.
        port = urlsplit(index).port or 0
        self._stack.enter_context(served(LATENCY, port=port, max_age=MAX_AGE))

        def prepare() -> None:
            _unlock(project)
            self._put_away(home)
            shutil.copytree(kept, home)

        return self._fti(project, home.name, index, (), prepare)

    def relock(self, before: str, after: str, *options: str) -> Task:
        """Lock a project that has the locks of an earlier pyproject.toml."""
        return self._relock(before, after, options, "near", self._near)

    def _relock(
        self, before: str, after: str, options: tuple[str, ...], home: str, index: str
    ) -> Task:
        locked, project = self._with_locks(before, home, index), self._project(after)

        def prepare() -> None:
            _unlock(project)
            shutil.copytree(locked / "fti", project / "fti")

        return self._fti(project, home, index, options, prepare)

    @cached_property
    def poetry_cold(self) -> float:
        """The seconds that `poetry lock` takes with latency and empty caches: minutes."""
        return seconds(self._poetry_task)

    def poetry_warm(self) -> Task:
        """Lock the project with plain Poetry and filled caches."""
        _ = self.poetry_cold
        return self._poetry_task

    @cached_property
    def _poetry_task(self) -> Task:
        project = self._project(for_poetry())
        return Task(
            command=(self._plain / "python", *_POETRY, "lock"),
            folder=project,
            variables=isolated_environment(self._folder / "poetry", self._far),
            prepare=lambda: (project / "poetry.lock").unlink(missing_ok=True),
        )

    def uv_cold(self, text: str) -> Task:
        """Lock a project with uv, with latency and empty caches."""
        project, home = self._project(text), self._folder / "uv"

        def prepare() -> None:
            (project / "uv.lock").unlink(missing_ok=True)
            self._put_away(home)

        return Task(
            command=(self._plain / "uv", "lock", "--python", self._plain / "python"),
            folder=project,
            variables=isolated_environment(home, self._far),
            prepare=prepare,
        )

    def versions(self) -> str:
        """Return the names and versions of the measured tools."""
        code = (
            "import platform; from importlib.metadata import version as v;"
            'print(f\'Poetry {v("poetry")}, uv {v("uv")} and Python {platform.python_version()}\')'
        )
        return output(self._plain / "python", "-c", code)

    def _with_locks(self, text: str, home: str, index: str) -> Path:
        if text not in self._locked:
            project = self._project(text)
            seconds(self._fti(project, home, index))
            self._locked[text] = project
        return self._locked[text]

    def _fti(
        self,
        project: Path,
        home: str,
        index: str,
        options: tuple[str, ...] = (),
        prepare: Callable[[], None] = leave,
    ) -> Task:
        return Task(
            command=(self._plugin / "python", *_POETRY, "fti", "lock", *options),
            folder=project,
            variables=isolated_environment(self._folder / home, index),
            prepare=prepare,
        )

    def _put_away(self, folder: Path) -> None:
        """Move a folder with many files to where it is removed at the end.

        For minutes after many files have been deleted, ext4 without a journal takes long to create
        others (`recently_deleted` in the kernel's fs/ext4/ialloc.c).
        """
        if folder.exists():
            folder.rename(Path(mkdtemp(dir=self._folder)) / folder.name)

    def _project(self, text: str) -> Path:
        self._projects += 1
        project = self._folder / f"project-{self._projects}"
        project.mkdir()
        (project / "pyproject.toml").write_text(text)
        return project


def _unlock(project: Path) -> None:
    shutil.rmtree(project / "fti", ignore_errors=True)
