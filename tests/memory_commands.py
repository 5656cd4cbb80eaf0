"""Poetry's command line in this process, for a project over an index in memory."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final
from unittest.mock import patch

from cleo.testers.application_tester import ApplicationTester
from poetry.console.application import Application
from poetry.repositories.installed_repository import InstalledRepository

from harness import Result
from poetry_fti.bridge.project.isolation import isolate
from poetry_fti.plugin import FtiPlugin
from small_index import Lab

if TYPE_CHECKING:
    from collections.abc import Callable

    from poetry.poetry import Poetry

    from memory_index import MemoryProject
    from small_index import Releases

SECONDS: Final = re.compile(r" in \d+\.\d s")


@dataclass(frozen=True)
class Ended:
    """The exit code of a command, and what it printed."""

    code: int
    output: str
    errors: str = ""


class _Application(Application):
    """Poetry's application with a project that has been loaded, and this plugin alone."""

    def __init__(self, create: Callable[[], Poetry]) -> None:
        super().__init__()
        self._create = create
        self._poetry: Poetry | None = None
        self._plugins_loaded = True
        self._auto_exit = False
        FtiPlugin().activate(self)

    @property
    def poetry(self) -> Poetry:
        """The project, loaded when it is needed, and again after `reset_poetry`."""
        if self._poetry is None:
            self._poetry = self._create()
        return self._poetry


def memory_lab(demo: MemoryProject) -> Lab:
    """Return the laboratory of an empty project; its commands run in this process."""

    def run_anew(releases: Releases, *words: str) -> Result:
        demo.index.offer(releases)
        if demo.cache.exists():
            demo.clear_cache()
        ended = run_poetry(demo, *words)
        return Result(ended.code, ended.output, ended.errors)

    return Lab(demo.root, run_anew)


def run(demo: MemoryProject, *words: str, answers: str | None = None) -> Ended:
    """Run `poetry fti WORDS` in a project."""
    return run_poetry(demo, "fti", *words, answers=answers)


def run_poetry(demo: MemoryProject, *words: str, answers: str | None = None) -> Ended:
    """Run `poetry WORDS` in a project."""

    def create() -> Poetry:
        poetry = demo.index.create_poetry(demo.root)
        isolate(poetry)  # as the other plugin does
        return poetry

    tester = ApplicationTester(_Application(create))
    text = " ".join((*(word or "''" for word in words), "-P", str(demo.root)))
    # No command installs anything, and the packages of the tests' own environment are many.
    with patch.object(InstalledRepository, "load", return_value=InstalledRepository()):
        tester.execute(text, inputs=answers, interactive=answers is not None)
    output, errors = tester.io.fetch_output(), tester.io.fetch_error()
    return Ended(tester.status_code, SECONDS.sub("", output), errors)
