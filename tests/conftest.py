"""Poetry against the loopback index."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from hypothesis import settings

from cases import examples
from harness import Poetry
from loopback.clients import copy_project, isolated_environment
from loopback.relocate import relocate

if TYPE_CHECKING:
    from loopback.index import LoopbackIndex

pytest_plugins = ["loopback.pytest_plugin"]

# Where a test does not set it, Hypothesis generates 60 examples. A busy machine may be slow.
settings.register_profile("cases", max_examples=examples(60), deadline=None)
settings.load_profile("cases")


@pytest.fixture(scope="session")
def poetry(tmp_path_factory: pytest.TempPathFactory, loopback_index: LoopbackIndex) -> Poetry:
    """Poetry with the plugin; all tests of a process share its caches."""
    environment = isolated_environment(tmp_path_factory.mktemp("home"), loopback_index.url)
    return Poetry(environment, processes=1)


@pytest.fixture(scope="session")
def locked_once(
    tmp_path_factory: pytest.TempPathFactory, loopback_index: LoopbackIndex, poetry: Poetry
) -> Path:
    """The project ``tiny`` with fresh locks, which tests may copy only."""
    root = copy_project("tiny", tmp_path_factory.mktemp("locked"))
    relocate(root, loopback_index.url)
    poetry.ok(root, "fti", "lock")
    return root


@pytest.fixture
def locked_tiny(locked_once: Path, tmp_path: Path) -> Path:
    """A copy of the project ``tiny`` with fresh locks and nothing else written."""
    return Path(shutil.copytree(locked_once, tmp_path / "tiny"))
