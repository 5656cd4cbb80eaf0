"""The cache of releases' metadata, which several processes read and write at a time."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from poetry.config.config import Config
from poetry.repositories import RepositoryPool
from poetry.repositories.pypi_repository import PyPiRepository

from poetry_fti.bridge.index.http_cache import make_robust

if TYPE_CHECKING:
    from pathlib import Path

    from poetry.utils.cache import FileCache


@pytest.fixture
def release_cache(tmp_path: Path) -> FileCache[dict[str, Any]]:
    config = Config(use_environment=False)
    config.merge({"cache-dir": str(tmp_path)})
    repository = PyPiRepository(config=config)
    make_robust(RepositoryPool([repository]))
    cache: FileCache[dict[str, Any]] = vars(repository)["_release_cache"]
    return cache


def test_a_value_that_is_not_written_whole_replaces_nothing(
    release_cache: FileCache[dict[str, Any]], tmp_path: Path
) -> None:
    release_cache.put("lib:1.0", {"name": "lib"})
    with pytest.raises(TypeError):
        release_cache.put("lib:1.0", {"name": object()})
    assert release_cache.get("lib:1.0") == {"name": "lib"}
    assert len([path for path in tmp_path.rglob("*") if path.is_file()]) == 1


def test_values_are_read_by_plain_poetry(
    release_cache: FileCache[dict[str, Any]], tmp_path: Path
) -> None:
    release_cache.put("lib:1.0", {"name": "lib"})
    config = Config(use_environment=False)
    config.merge({"cache-dir": str(tmp_path)})
    assert vars(PyPiRepository(config=config))["_release_cache"].get("lib:1.0") == {"name": "lib"}
