"""Projects whose packages come from an index in memory."""

from __future__ import annotations

import gc
import re
import shutil
import sys
import threading
from contextlib import contextmanager
from typing import TYPE_CHECKING, Final

import pytest
from hypothesis import is_hypothesis_test

from late_grammar import load_late
from memory_index import MemoryIndex, MemoryProject
from poetry_fti.bridge.solving.workers import assignment
from quick_hypothesis import use_no_constants, use_no_mutations
from quick_poetry import make_quick
from small_index import pyproject

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from small_index import Releases

RELEASES: Final[Releases] = {
    "app 1.0": ["lib", "win; sys_platform == 'win32'"],
    "lib 1.0": [],
    "lib 2.0": [],
    "mid 1.0": ["lib<2"],
    "win 1.0": [],
}
GROUPS: Final = {"feature": ["app"], "training": ["mid"], "inference": ["app", "mid"]}
SETTINGS: Final = """\
[tool.fti.stages.feature]
[tool.fti.stages.training]
platforms = ["linux/amd64"]
[tool.fti.stages.inference]
python = ">=3.12"
"""


# What a file says that has only tests with a mark.
OF_ALL_TESTS: Final = re.compile(
    r"^pytestmark = (?:\[\s*)?pytest\.mark\.(slow|generated)\b", re.MULTILINE
)


def pytest_ignore_collect(collection_path: Path, config: pytest.Config) -> bool | None:
    """Import no file of which ``-m`` leaves out all tests."""
    if collection_path.suffix == ".py":
        mark = OF_ALL_TESTS.search(collection_path.read_text(encoding="utf-8"))
        if mark and f"not {mark[1]}" in config.option.markexpr:
            return True
    return None  # others may decide


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Mark tests of generated examples as slow, and the cases that are after the fast ones."""
    for item in items:
        fast = item.get_closest_marker("slow_after")
        if isinstance(item, pytest.Function) and (
            is_hypothesis_test(item.obj)
            or (fast and max(item.callspec.indices.values()) >= fast.args[0])
        ):
            item.add_marker(pytest.mark.slow)


def pytest_collection_finish() -> None:
    """Exempt everything that was imported from the collection of garbage."""
    gc.freeze()


# Collections of garbage take long: each one traverses the modules that have been imported.
gc.set_threshold(200_000, 20, 100)
make_quick()
use_no_constants()
use_no_mutations()
load_late()


@contextmanager
def project_in(folder: Path) -> Iterator[MemoryProject]:
    """Yield an empty project with a cache of its own."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("POETRY_CACHE_DIR", str(folder / "cache"))
        patch.setenv("POETRY_KEYRING_ENABLED", "false")
        root = folder / "demo"
        root.mkdir()
        before = set(threading.enumerate())
        yield MemoryProject(root, MemoryIndex(), folder / "cache")
        for thread in set(threading.enumerate()) - before:
            thread.join()  # Python warns of a fork beside other threads


@pytest.fixture
def demo(tmp_path: Path) -> Iterator[MemoryProject]:
    """An empty project."""
    with project_in(tmp_path) as project:
        yield project


@pytest.fixture(scope="session")
def _locked_before(tmp_path_factory: pytest.TempPathFactory) -> MemoryProject:
    with project_in(tmp_path_factory.mktemp("locked")) as project:
        project.index.offer(RELEASES)
        project.write(pyproject(GROUPS, SETTINGS))
        project.lock()
    return project


@pytest.fixture
def locked_demo(_locked_before: MemoryProject, demo: MemoryProject) -> MemoryProject:
    """A project with three locked stages: `training` for Linux, `inference` from Python 3.12."""
    return filled(demo, _locked_before)


@pytest.fixture
def two_cores(monkeypatch: pytest.MonkeyPatch) -> None:
    """Solve stages in two processes, where a fork is safe."""
    cores = 1 if sys.platform in ("darwin", "win32") else 2
    monkeypatch.setattr(assignment, "_usable_cores", lambda: cores)


def filled(demo: MemoryProject, before: MemoryProject) -> MemoryProject:
    """Return an empty project with the files, the indexes and the cache of another one."""
    shutil.copytree(before.root, demo.root, dirs_exist_ok=True)
    shutil.copytree(before.cache, demo.cache, dirs_exist_ok=True)
    demo.index.sites.update(before.index.sites)
    demo.index.answers.data.update(before.index.answers.data)
    return demo
