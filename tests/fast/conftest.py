"""Projects whose packages come from an index in memory."""

from __future__ import annotations

import gc
import json
import os
import pickle
import shutil
import threading
from contextlib import contextmanager
from functools import cache
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any, Final

import poetry.core.json
import poetry.core.pyproject.toml
import poetry.json
import pytest
import tomlkit.toml_file

from memory_index import MemoryIndex, MemoryProject
from poetry_fti.bridge.index import prefetch
from small_index import pyproject

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
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


def pytest_collection_finish() -> None:
    """Collect garbage rarely: each time everything that was imported is traversed."""
    gc.collect()
    gc.freeze()
    gc.set_threshold(200_000, 20, 100)


def _compile_schemas_once() -> None:
    """Poetry 2.3 compiles its schemas for each project that it loads, later ones once."""
    for module in (poetry.json, poetry.core.json):
        library = vars(module)["fastjsonschema"]
        compiled = cache(lambda text, make=library.compile: make(json.loads(text)))
        library.compile = lambda schema, known=compiled: known(json.dumps(schema))


def _parse_files_once() -> None:
    """Poetry parses a project's file three times to load it, and most projects are loaded again."""
    core = vars(poetry.core.pyproject.toml)
    library = core["tomllib"]
    loads = _copied(library.loads)
    core["tomllib"] = SimpleNamespace(
        load=lambda file: loads(file.read().decode()), TOMLDecodeError=library.TOMLDecodeError
    )
    tomlkit_file = vars(tomlkit.toml_file)
    tomlkit_file["loads"] = _copied(tomlkit_file["loads"])


def _copied(parse: Callable[[str], Any]) -> Callable[[str], Any]:
    """Return a function that parses each text once and returns copies."""
    parsed = cache(lambda text: pickle.dumps(parse(text)))
    return lambda text: pickle.loads(parsed(text))  # noqa: S301


_compile_schemas_once()
_parse_files_once()
# No test is about a loss of power, and answers in memory keep no more threads busy.
vars(os)["fsync"] = lambda _: None
vars(prefetch)["CONNECTIONS"] = 2


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
    shutil.copytree(_locked_before.root, demo.root, dirs_exist_ok=True)
    demo.index.offer(RELEASES)
    return demo
