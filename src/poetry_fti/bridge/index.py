"""The package indexes: where a lock's files are, and what an index that fails is called."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, Final

import requests
from poetry.console.exceptions import PoetryRuntimeError
from poetry.core.constraints.version import Version
from poetry.exceptions import PoetryError
from poetry.repositories.exceptions import PackageNotFoundError, RepositoryError
from poetry.repositories.http_repository import HTTPRepository

from poetry_fti.errors import FtiError, IndexFailedError
from poetry_fti.model import IndexOrigin, LockedFile

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from poetry.repositories import RepositoryPool

    from poetry_fti.model import LockedPackage

_CONNECTIONS: Final = 8
_REFUSED: Final = (401, 403)


@contextmanager
def explained(pool: RepositoryPool) -> Iterator[None]:
    """Turn what an index that fails makes Poetry raise into an FtiError that names the index.

    Poetry takes an answer such as 500 for "no such package", so the answers are watched.
    """
    failures: list[str] = []

    def watch(response: requests.Response, *_: object, **__: object) -> None:
        if response.status_code >= requests.codes.server_error or response.status_code in _REFUSED:
            failures.append(f"{_without_credentials(response.url)} answered {response.status_code}")

    hooks = [_hooks(repository) for repository in _http_repositories(pool)]
    for hook in hooks:
        hook.append(watch)
    try:
        yield
    except PoetryRuntimeError as error:
        raise IndexFailedError(_plain(error)) from error
    except requests.RequestException as error:
        raise IndexFailedError(
            f"The package index gave an answer that is no index page: {error}"
        ) from error
    except (KeyError, TypeError, AttributeError) as error:
        message = f"The package index gave an answer that lacks a part ({error!r})."
        raise IndexFailedError(message) from error
    except (PoetryError, PackageNotFoundError, RepositoryError, FtiError) as error:
        if failures:
            raise IndexFailedError(f"The package index failed: {failures[0]}.") from error
        raise FtiError(str(error)) from error
    finally:
        for hook in hooks:
            hook.remove(watch)


def _http_repositories(pool: RepositoryPool) -> list[HTTPRepository]:
    return [repo for repo in pool.all_repositories if isinstance(repo, HTTPRepository)]


def _hooks(repository: HTTPRepository) -> list[Any]:
    hooks: list[Any] = repository.session.get_session(repository.url).hooks["response"]
    return hooks


def _plain(error: PoetryRuntimeError) -> str:
    lines = [message.stripped.strip() for message in error._messages if not message.debug]  # noqa: SLF001 - no public way
    return "\n".join(line for line in lines if line)


def _without_credentials(url: str) -> str:
    scheme, separator, rest = url.partition("://")
    host, slash, path = rest.partition("/")
    return f"{scheme}{separator}{host.rpartition('@')[2]}{slash}{path}"


def pool_indexes(pool: RepositoryPool) -> tuple[IndexOrigin, ...]:
    """Return the indexes of a pool, highest priority first; Poetry's default has no name."""
    return tuple(
        IndexOrigin(None if repository.name.lower() == "pypi" else repository.name, repository.url)
        for repository in _http_repositories(pool)
    )


def find_files(pool: RepositoryPool, packages: Iterable[LockedPackage]) -> dict[str, LockedFile]:
    """Return URL, size and upload time of the packages' files, by digest.

    They come from Poetry's cache, else from the index. A file that the index no longer has is
    left out. Raises FtiError where an index cannot be reached.
    """
    wanted = [package for package in packages if isinstance(package.origin, IndexOrigin)]
    with explained(pool), ThreadPoolExecutor(_CONNECTIONS) as threads:
        found = threads.map(lambda package: _files_of(pool, package), wanted)
        return {file.digest: file for files in found for file in files}


def _files_of(pool: RepositoryPool, package: LockedPackage) -> list[LockedFile]:
    origin = package.origin
    assert isinstance(origin, IndexOrigin)  # noqa: S101 - chosen by the caller
    version = Version.parse(str(package.version))
    try:
        files = pool.package(package.name, version, origin.name or "PyPI").files
    except PackageNotFoundError:
        return []
    return [
        LockedFile(
            name=file["file"],
            digest=file["hash"],
            url=file.get("url"),
            size=file.get("size"),
            upload_time=file.get("upload_time"),
        )
        for file in files
    ]
