"""Projects whose packages come from an index in memory."""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING

import pytest

from memory_index import MemoryIndex, MemoryProject

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path


@pytest.fixture
def demo(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[MemoryProject]:
    """An empty project, with a cache of its own."""
    cache = tmp_path / "cache"
    monkeypatch.setenv("POETRY_CACHE_DIR", str(cache))
    monkeypatch.setenv("POETRY_KEYRING_ENABLED", "false")
    root = tmp_path / "demo"
    root.mkdir()
    before = set(threading.enumerate())
    yield MemoryProject(root, MemoryIndex(), cache)
    for thread in set(threading.enumerate()) - before:
        thread.join()  # Python warns of a fork beside other threads
