"""What package indexes know of locked files: URL, size, upload time, and whether it is yanked."""

from __future__ import annotations

import json
import re
from collections import defaultdict
from typing import TYPE_CHECKING, Any, Final

from poetry.core.constraints.version import Version
from poetry.repositories.cached_repository import CachedRepository
from poetry.repositories.exceptions import PackageNotFoundError
from poetry.repositories.pypi_repository import PyPiRepository

from poetry_fti.bridge.index.monitoring.monitored import http_repositories, monitored
from poetry_fti.bridge.index.pages import CachedPages
from poetry_fti.bridge.index.parallel import in_parallel
from poetry_fti.bridge.internals.index import kept_release
from poetry_fti.errors import FtiError
from poetry_fti.model.lock import LockedFile
from poetry_fti.model.origins import IndexOrigin
from poetry_fti.urls import public_text
from poetry_fti.wording import in_quotes

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from packaging.utils import NormalizedName
    from packaging.version import Version as PublicVersion
    from poetry.repositories import Repository, RepositoryPool

    from poetry_fti.model.lock import LockedPackage
    from poetry_fti.model.origins import Origin

_THREADS: Final = 8
# Most pages name no yanked file, and searching them takes a tenth of the time of parsing them.
_YANKED: Final = re.compile(rb'"yanked"\s*:\s*(?:"|true)')


def pool_indexes(pool: RepositoryPool) -> tuple[IndexOrigin, ...]:
    """Return the indexes of a pool, highest priority first; Poetry's default index has no name."""
    return tuple(
        IndexOrigin(None if repository.name.lower() == "pypi" else repository.name, repository.url)
        for repository in http_repositories(pool)
    )


def repository_of(pool: RepositoryPool, origin: Origin) -> Repository | None:
    """Return the repository of a pool that is the index of an origin; None if there is none."""
    name = (origin.name or "PyPI") if isinstance(origin, IndexOrigin) else None
    return pool.repository(name) if name and pool.has_repository(name) else None


def find_files(pool: RepositoryPool, packages: Iterable[LockedPackage]) -> dict[str, LockedFile]:
    """Return the files of the packages that come from an index, by digest.

    The data comes from Poetry's cache or from the index. Files that the index no longer has are
    omitted. Raises IndexFailedError if an index cannot be reached, FtiError if it refuses access
    or gives a file invalid data.
    """
    indexed = [package for package in packages if isinstance(package.origin, IndexOrigin)]
    with monitored(pool) as monitor, monitor.index_errors():
        found = in_parallel(lambda package: _files_of(pool, package), indexed, _THREADS)
    return {file.digest: file for files in found for file in files}


class KnownSizes:
    """The sizes of files that Poetry's cache has; each release is read there once."""

    def __init__(self, pool: RepositoryPool) -> None:
        """Read the releases of the repositories in a pool."""
        self._pool = pool
        self._found: dict[tuple[Origin, NormalizedName, PublicVersion], Mapping[str, int]] = {}

    def of(self, packages: Iterable[LockedPackage]) -> dict[str, int]:
        """Return the sizes in bytes of the packages' files by digest, as far as they are known."""
        sizes: dict[str, int] = {}
        for package in packages:
            sizes.update(self._sizes(package))
        return sizes

    def _sizes(self, package: LockedPackage) -> Mapping[str, int]:
        key = (package.origin, package.name, package.version)
        # A release that is not in the cache may be there later.
        found = self._found.get(key) or _kept_sizes(self._pool, package)
        self._found[key] = found
        return found


def _kept_sizes(pool: RepositoryPool, package: LockedPackage) -> dict[str, int]:
    """Return the sizes of a package's files in the cache of its index."""
    repository = repository_of(pool, package.origin)
    if not isinstance(repository, CachedRepository):
        return {}
    version = Version.parse(str(package.version))
    release = kept_release(repository, package.name, version) or {}
    return {
        file["hash"]: size
        for file in release.get("files", ())
        if isinstance(size := file.get("size"), int) and size >= 0
    }


def _files_of(pool: RepositoryPool, package: LockedPackage) -> list[LockedFile]:
    origin = package.origin
    assert isinstance(origin, IndexOrigin)  # noqa: S101 - the caller has filtered by it
    version = Version.parse(str(package.version))
    try:
        files = pool.package(package.name, version, origin.name or "PyPI").files
    except PackageNotFoundError:
        return []
    except ValueError as error:
        reason = public_text(str(error))
        raise FtiError(f"Poetry cannot read {package.name} {package.version}: {reason}") from error
    return [_checked(file, origin) for file in files]


def _checked(file: Mapping[str, Any], index: IndexOrigin) -> LockedFile:
    """Return what an index says of a file; raises FtiError for a value that is not valid."""
    url, size, time = file.get("url"), file.get("size"), file.get("upload_time")
    for key, value, valid in (
        ("url", url, url is None or (isinstance(url, str) and url.isprintable())),
        ("size", size, size is None or (isinstance(size, int) and size >= 0)),
        ("upload-time", time, time is None or (isinstance(time, str) and time.isprintable())),
    ):
        if not valid:
            raise FtiError(
                f'{in_quotes(file["file"])} from the package index "{index.name or "PyPI"}" is'
                f" refused: its {key} is not valid: {in_quotes(str(value))}."
            )
    return LockedFile(name=file["file"], digest=file["hash"], url=url, size=size, upload_time=time)


def cached_yanks(
    pool: RepositoryPool, packages: Iterable[LockedPackage]
) -> tuple[dict[str, str], set[NormalizedName]]:
    """Return the locked files that PyPI has yanked by their digests, with the reasons if known.

    Pages of any age are read from Poetry's cache, and no request is sent. Files of other indexes
    are omitted. The names of the packages from PyPI whose page is not in the cache follow.
    """
    digests: defaultdict[NormalizedName, set[str]] = defaultdict(set)
    for package in packages:
        if isinstance(package.origin, IndexOrigin) and package.origin.name is None:
            digests[package.name] |= package.digests
    indexes = http_repositories(pool)
    index = next((each for each in indexes if isinstance(each, PyPiRepository)), None)
    if index is None:
        return {}, set(digests)
    pages = CachedPages(index, any_age=True)
    found: dict[str, str] = {}
    unknown = set()
    for name, locked in digests.items():
        page = pages.page(name)
        if page is None:
            unknown.add(name)
        elif _YANKED.search(page):
            yanked = _yanked_files(page)
            found.update({digest: yanked[digest] for digest in locked & yanked.keys()})
    return found, unknown


def _yanked_files(page: bytes) -> Mapping[str, str]:
    """Return the reasons of the yanked files of a page (PEP 691); none if it is not valid."""
    try:
        found = {}
        for file in json.loads(page)["files"]:
            yanked = file.get("yanked", False)
            # An empty text means yanked, too.
            if yanked is True or isinstance(yanked, str):
                reason = yanked if isinstance(yanked, str) else ""
                found.update({f"{kind}:{hex_}": reason for kind, hex_ in file["hashes"].items()})
    except (ValueError, KeyError, TypeError, AttributeError):
        return {}
    return found
