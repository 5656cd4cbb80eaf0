"""One project, handed to one contender after the other."""

from __future__ import annotations

import os
import re
import sys
from contextlib import ExitStack
from typing import TYPE_CHECKING, Final

from benchmarks.images.contenders import contenders
from benchmarks.images.engine import Engine
from benchmarks.images.measured import measure
from benchmarks.images.project import copied
from benchmarks.tools import FailedError

if TYPE_CHECKING:
    from pathlib import Path

    from benchmarks.images.contenders import Contender
    from benchmarks.images.measured import Figures
    from benchmarks.images.project import Project
    from benchmarks.images.report import Change

_FROM: Final = re.compile(r"^FROM (?:--\S+ )?(\S+)", re.MULTILINE)


class Bench:
    """What contenders have in common: the project, the bases of its images, what changes in it."""

    def __init__(self, name: str, change: Change, folder: Path, index: str) -> None:
        self._name = name
        self._folder = folder
        self._index = index
        self._variables = {
            **os.environ,
            "POETRY_CACHE_DIR": str(folder / "cache"),
            "POETRY_VIRTUALENVS_CREATE": "false",
        }
        self._stage = change.stage
        sample = self._project("sample")
        dockerfiles = sample.write_stages()
        self._bases = {stage: _base(path) for stage, path in dockerfiles.items()}
        version = sample.locked_version(change.stage, change.package)
        self._requirement = f"{change.package}<{version}"
        self.contenders = contenders(self._bases, folder)

    def figures(self, contender: Contender) -> Figures | None:
        """Return what is measured of a contender; none, with a note, if its commands fail."""
        print(f"{contender.title} …", file=sys.stderr)
        with ExitStack() as stack:
            engine = Engine(self._index, self._bases.values())
            stack.callback(engine.forget_all)
            project = self._project(contender.title.replace(" ", "-"))
            try:
                return measure(contender, project, engine, self._change)
            except FailedError as error:
                print(f"{contender.title} failed: {error}\n", file=sys.stderr)
                return None

    def _change(self, project: Project) -> None:
        project.require(self._stage, self._requirement)

    def _project(self, folder: str) -> Project:
        return copied(self._name, self._folder / folder, self._index, self._variables)


def _base(dockerfile: Path) -> str:
    found = _FROM.search(dockerfile.read_text())
    assert found is not None  # noqa: S101 -- every Dockerfile starts from an image
    return found[1]
