"""Pools of cached indexes, and the pool that the solver of a stage reads."""

from __future__ import annotations

from typing import TYPE_CHECKING

from poetry.repositories import RepositoryPool
from poetry.repositories.exceptions import PackageNotFoundError
from poetry.repositories.http_repository import HTTPRepository

from poetry_fti.bridge.index.repository import CachedRepository, IndexCache

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Mapping

    from packaging.utils import NormalizedName
    from poetry.core.constraints.version import Version, VersionConstraint
    from poetry.core.packages.dependency import Dependency
    from poetry.core.packages.package import Package
    from poetry.repositories.repository import Repository
    from poetry.utils.cache import ArtifactCache

    from poetry_fti.bridge.index.metadata_view import MetadataView
    from poetry_fti.bridge.index.monitoring.monitor import IndexMonitor
    from poetry_fti.bridge.index.prefetch.under_way import RequestsUnderWay


class _MappedPool(RepositoryPool):
    """The repositories of another pool, each replaced, with the other pool's cache of files."""

    def __init__(self, pool: RepositoryPool, replaced: Callable[[Repository], Repository]) -> None:
        super().__init__()
        self._files = pool.artifact_cache  # Poetry's configuration is in it
        for repository in pool.all_repositories:
            priority = pool.get_priority(repository.name)
            self.add_repository(replaced(repository), priority=priority)

    @property
    def artifact_cache(self) -> ArtifactCache:
        return self._files


def shared_pool(
    pool: RepositoryPool, monitor: IndexMonitor, under_way: RequestsUnderWay
) -> RepositoryPool:
    """Return a pool of the same indexes that requests each page and release once for all stages.

    Each release is one package for all stages, which must not be changed. What other processes
    are requesting is in `under_way`.
    """

    def cached(repository: Repository) -> Repository:
        if not isinstance(repository, HTTPRepository):
            return repository
        cache = IndexCache(repository, monitor, under_way)
        return CachedRepository(cache, cache.release)

    return _MappedPool(pool, cached)


def exact_pool(shared: RepositoryPool) -> RepositoryPool:
    """Return a pool over the caches of a shared one whose packages equal those of plain Poetry."""

    def exact(repository: Repository) -> Repository:
        if not isinstance(repository, CachedRepository):
            return repository
        return CachedRepository(repository.cache, repository.cache.exact_release)

    return _MappedPool(shared, exact)


def static_pool(shared: RepositoryPool) -> RepositoryPool:
    """Return a pool over a shared or exact one that raises BuildRefusedError instead of building.

    Only releases whose metadata is known without running their build can be read from it.
    """

    def static(repository: Repository) -> Repository:
        if not isinstance(repository, CachedRepository):
            return repository

        def release(name: NormalizedName, version: Version) -> Package:
            repository.cache.require_static(name, version)
            return repository.package(name, version)

        return CachedRepository(repository.cache, release)

    return _MappedPool(shared, static)


class StagePool(_MappedPool):
    """The indexes as the solver of a stage sees them: requirements are narrowed by a view.

    Relies on `RepositoryPool.package` and `find_packages`, through which all that the solver
    knows of indexes passes, and on `refresh` for a release whose files have changed.
    """

    def __init__(
        self,
        shared: RepositoryPool,
        view: MetadataView,
        allowed: Mapping[NormalizedName, VersionConstraint],
        only: Collection[NormalizedName] | None = None,
    ) -> None:
        """See `shared` through `view`; of a package in `allowed` only the versions given there.

        With `only`, releases have only their requirements of packages with these names.
        """
        super().__init__(shared, lambda repository: repository)
        self._view = view
        self._allowed = allowed
        self._only = only

    def package(self, name: str, version: Version, repository_name: str | None = None) -> Package:
        """Return a release with the requirements that apply to the stage.

        Raises PackageNotFoundError if no index has it, or if a constraint excludes it.
        """
        if constraint := self._view.bounds.excluding(name, version):
            raise PackageNotFoundError(str(constraint))
        package = super().package(name, version, repository_name)
        return self._view.package(package, self._only)

    def find_packages(self, dependency: Dependency) -> list[Package]:
        """Return the releases that satisfy a requirement, without their own requirements."""
        bound = self._view.bounds.allowed(dependency.name)
        if bound is not None:
            bound = bound.intersect(dependency.constraint)
            if bound.is_empty():
                return []
            dependency = dependency.with_constraint(bound)
        found = super().find_packages(dependency)
        allowed = self._allowed.get(dependency.name)
        return found if allowed is None else [p for p in found if allowed.allows(p.version)]

    def refresh(self, package: Package) -> Package:
        """Return a release after requesting its metadata from the index again."""
        repository = self.repository(package.source_reference or "PyPI")
        if isinstance(repository, CachedRepository):
            repository.cache.forget(package.name, package.version)
            return self.package(package.name, package.version, repository.name)
        return self._view.package(super().refresh(package))
