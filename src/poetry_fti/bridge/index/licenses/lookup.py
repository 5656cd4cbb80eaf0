"""Looks up the license metadata of locked packages, once for all stages and commands."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from poetry.repositories.http_repository import HTTPRepository

from poetry_fti.bridge.index.files import repository_of
from poetry_fti.bridge.index.licenses.fields import FIELDS, license_fields, license_metadata
from poetry_fti.bridge.index.monitoring.monitored import monitored
from poetry_fti.bridge.index.parallel import in_parallel
from poetry_fti.bridge.internals.index import keep_value, kept_value
from poetry_fti.model.origins import IndexOrigin

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from typing import TypeAlias

    from packaging.utils import NormalizedName
    from packaging.version import Version
    from poetry.repositories import RepositoryPool

    from poetry_fti.bridge.index.licenses.fields import Fields
    from poetry_fti.bridge.index.monitoring.monitor import IndexMonitor
    from poetry_fti.model.licenses import LicenseMetadata
    from poetry_fti.model.lock import LockedPackage
    from poetry_fti.model.origins import Origin

    Release: TypeAlias = tuple[Origin, NormalizedName, Version]

_THREADS: Final = 8


class IndexLicenses:
    """The license metadata of releases in package indexes; each release is looked up once."""

    def __init__(self, pool: RepositoryPool) -> None:
        """Look up releases in the indexes of a pool."""
        self._pool = pool
        self._found: dict[Release, LicenseMetadata | None] = {}

    def of(self, packages: Sequence[LockedPackage]) -> list[LicenseMetadata | None]:
        """Return the license metadata of each package.

        It is None for a package that is not from an index, and where the index has no metadata
        without a download of the package itself. What has been found is kept in Poetry's cache of
        the index. Raises IndexFailedError if an index cannot be reached, FtiError if it refuses
        access.
        """
        self._look_up(packages)
        return [self._found.get(_release(package)) for package in packages]

    def _look_up(self, packages: Iterable[LockedPackage]) -> None:
        unknown = {
            _release(package): package
            for package in packages
            if isinstance(package.origin, IndexOrigin) and _release(package) not in self._found
        }
        if not unknown:
            return
        with monitored(self._pool) as monitor, monitor.index_errors():
            found = in_parallel(
                lambda package: _find(self._pool, package, monitor), unknown.values(), _THREADS
            )
        self._found.update(zip(unknown, found, strict=True))


def _release(package: LockedPackage) -> Release:
    return (package.origin, package.name, package.version)


def _find(
    pool: RepositoryPool, package: LockedPackage, monitor: IndexMonitor
) -> LicenseMetadata | None:
    repository = repository_of(pool, package.origin)
    if not isinstance(repository, HTTPRepository):
        return None
    key = f"{package.name}:{package.version}:license"
    fields: Fields | None = kept_value(repository, key)
    if fields is None:
        with monitor.response_errors():
            fields = license_fields(repository, package)
        if fields is None:
            return None
        fields = {name: fields.get(name) for name in FIELDS}
        keep_value(repository, key, dict(fields))
    return license_metadata(fields)
