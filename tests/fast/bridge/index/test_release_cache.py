"""The cache of releases' metadata, which several processes read and write at a time."""

from __future__ import annotations

import logging
import sys
from multiprocessing import get_context
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from poetry.config.config import Config
from poetry.repositories import RepositoryPool
from poetry.repositories.pypi_repository import PyPiRepository
from poetry.utils.cache import FileCache

from poetry_fti.bridge.index.http_cache import make_robust

if TYPE_CHECKING:
    from collections.abc import Iterator


@pytest.fixture
def release_cache(tmp_path: Path) -> FileCache[dict[str, Any]]:
    config = Config(use_environment=False)
    config.merge({"cache-dir": str(tmp_path)})
    repository = PyPiRepository(config=config)
    make_robust(RepositoryPool([repository]))
    cache: FileCache[dict[str, Any]] = vars(repository)["_release_cache"]
    return cache


@pytest.fixture
def messages() -> Iterator[list[str]]:
    """What is logged, also without pytest's own plugin for it."""
    found: list[str] = []
    handler = logging.Handler()
    handler.emit = lambda record: found.append(record.getMessage())  # type: ignore[method-assign]
    logging.getLogger().addHandler(handler)
    yield found
    logging.getLogger().removeHandler(handler)


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


@pytest.mark.parametrize(
    "content", [b"", b"9999999999", b'9999999999{"a": ', b'0000000001{"a": 1}']
)
def test_a_value_that_is_incomplete_or_expired_is_missing(
    release_cache: FileCache[dict[str, Any]],
    tmp_path: Path,
    messages: list[str],
    content: bytes,
) -> None:
    release_cache.put("lib:1.0", {"name": "lib"})
    (path,) = (path for path in tmp_path.rglob("*") if path.is_file())
    path.write_bytes(content)
    assert release_cache.get("lib:1.0") is None
    assert path.read_bytes() == content
    release_cache.put("lib:1.0", {"name": "lib"})
    assert release_cache.get("lib:1.0") == {"name": "lib"}
    assert not messages


@pytest.mark.slow
@pytest.mark.skipif(sys.platform == "win32", reason="Poetry's own cache is used there")
def test_processes_that_read_and_write_at_a_time(
    release_cache: FileCache[dict[str, Any]], messages: list[str]
) -> None:
    value = {"name": "lib", "summary": "x" * 200_000}
    plain = FileCache[dict[str, Any]](release_cache.path, release_cache.hash_type)
    context = get_context("fork")
    writers = [context.Process(target=write_often, args=(plain, value))]
    writers += [context.Process(target=write_often, args=(release_cache, value)) for _ in range(2)]
    for writer in writers:
        writer.start()
    found = []
    while any(writer.is_alive() for writer in writers):
        found.append(release_cache.get("lib:1.0"))
    assert [writer.exitcode for writer in writers] == [0, 0, 0]
    assert all(each in (None, value) for each in found)
    assert value in found
    assert not messages


def write_often(cache: FileCache[dict[str, Any]], value: dict[str, Any]) -> None:
    for _ in range(30):
        cache.put("lib:1.0", value)
        if type(cache) is not FileCache:  # Poetry's own reports what others have written in part
            assert cache.get("lib:1.0") in (None, value)


def test_two_processes_remove_a_value(
    release_cache: FileCache[dict[str, Any]], monkeypatch: pytest.MonkeyPatch
) -> None:
    release_cache.put("lib:1.0", {"name": "lib"})
    unlink = Path.unlink

    def unlink_second(path: Path, *, missing_ok: bool = False) -> None:
        unlink(path)  # as another process does now
        unlink(path, missing_ok=missing_ok)

    monkeypatch.setattr(Path, "unlink", unlink_second)
    release_cache.forget("lib:1.0")
    assert release_cache.get("lib:1.0") is None
