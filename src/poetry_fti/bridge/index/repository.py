"""A package index whose pages and metadata are read once, by several threads, for all stages."""

from __future__ import annotations

from contextlib import nullcontext
from typing import TYPE_CHECKING, Any

from packaging.utils import canonicalize_name
from poetry.config.config import Config
from poetry.repositories.exceptions import PackageNotFoundError
from poetry.repositories.legacy_repository import LegacyRepository
from poetry.repositories.link_sources.json import SimpleJsonPage
from poetry.repositories.pypi_repository import PyPiRepository
from poetry.repositories.repository import Repository

from poetry_fti.bridge.index.builds import BuildRefusedError, refused_builds
from poetry_fti.bridge.index.compute_once import ComputeOnce
from poetry_fti.bridge.index.pages import (
    CachedPages,
    files_by_release,
    offers_metadata,
    read_links_by_release,
    releases_of,
)
from poetry_fti.bridge.index.releases import candidate, exact_release, release

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from contextlib import AbstractContextManager

    from packaging.utils import NormalizedName
    from poetry.core.constraints.version import Version
    from poetry.core.packages.dependency import Dependency
    from poetry.core.packages.package import Package
    from poetry.inspection.info import PackageInfo
    from poetry.repositories.http_repository import HTTPRepository
    from poetry.repositories.link_sources.base import LinkSource

    from poetry_fti.bridge.index.monitoring.monitor import IndexMonitor
    from poetry_fti.bridge.index.prefetch.under_way import RequestsUnderWay


class IndexCache:
    """The pages and metadata of one of Poetry's indexes, each requested at most once.

    Its methods may be called by several threads. Callers must not change what they return.
    """

    def __init__(
        self, index: HTTPRepository, monitor: IndexMonitor, under_way: RequestsUnderWay
    ) -> None:
        self.index = index
        self._under_way = under_way
        self._monitor = monitor
        self._pages = CachedPages(index)
        self._files: dict[NormalizedName, dict[Version, list[Mapping[str, Any]]]] = {}
        self._candidates = ComputeOnce["NormalizedName", Repository]()
        self._infos = ComputeOnce["tuple[NormalizedName, Version]", "PackageInfo"]()
        self._releases: dict[tuple[NormalizedName, Version], Package] = {}
        self._static: set[tuple[NormalizedName, Version]] = set()
        # The stages of a project have most requirements in common.
        self._found: dict[tuple[object, ...], list[Package]] = {}
        # Since Poetry 2.4; what is too young depends on each file's upload time.
        self._has_age_limit = bool(Config.create().get("solver.min-release-age"))

    def release(self, name: NormalizedName, version: Version) -> Package:
        """Return a release with its requirements; raises PackageNotFoundError."""
        key = (name, version)
        if key not in self._releases:
            info = self.info(name, version)
            with self._monitor.response_errors():
                self._releases[key] = release(self.index, name, info)
            self._monitor.on_release(self._releases[key], info.requires_dist or ())
        return self._releases[key]

    def exact_release(self, name: NormalizedName, version: Version) -> Package:
        """Return a new package, whose requirements Poetry parses; raises PackageNotFoundError.

        The text that poetry-core writes for a marker depends on the markers that it has parsed
        before, and on their order: only with these packages a lock equals plain Poetry's.
        """
        info = self.info(name, version)
        with self._monitor.response_errors():
            package = exact_release(self.index, name, info)
        self._monitor.on_release(package, info.requires_dist or ())
        return package

    def info(self, name: NormalizedName, version: Version) -> PackageInfo:
        """Return the metadata of a release; raises PackageNotFoundError."""
        return self._infos.get((name, version), self._read_info)

    def require_static(self, name: NormalizedName, version: Version) -> None:
        """Raise BuildRefusedError if the metadata of a release can only be had from its build."""
        if (name, version) in self._static:
            return
        with refused_builds(f'{name} {version} from the package index "{self.index.name}"'):
            info = self._static_info(name, version)
            if not any(file["file"].endswith(".whl") for file in info.files):
                # An earlier build may have made what is cached.
                self.forget(name, version)
                self._static_info(name, version)
        self._static.add((name, version))

    def _static_info(self, name: NormalizedName, version: Version) -> PackageInfo:
        try:
            return self.info(name, version)
        except BuildRefusedError:
            self._infos.forget((name, version))  # other stages may run the build
            raise

    def candidates(self, name: NormalizedName) -> list[Package]:
        """Return every release on a project's page, or an empty list if there is no page."""
        return self._candidates.get(name, self._read_candidates).packages

    def find_packages(self, dependency: Dependency) -> list[Package]:
        """Return the releases that satisfy a requirement and that are old enough for Poetry."""
        found = self._candidates.get(dependency.name, self._read_candidates)
        if self._has_age_limit:
            # Poetry's own page cache is not thread-safe, but the page is in it afterwards.
            return self.index.find_packages(dependency) if found.packages else []
        constraint = dependency.constraint  # a version equals the range that it is
        key = (dependency.name, type(constraint), constraint, dependency.allows_prereleases())
        if key not in self._found:
            self._found[key] = found.find_packages(dependency)
        return list(self._found[key])

    def is_known(self, name: NormalizedName, version: Version) -> bool:
        """Return whether the metadata of a release was requested before."""
        return (name, version) in self._infos

    def has_cheap_metadata(self, name: NormalizedName, version: Version) -> bool:
        """Return whether a release's metadata is known, or a file of its own (PEP 658).

        Otherwise the release would be downloaded or built, which only the solver decides on.
        """
        if self.is_known(name, version):
            return True
        page = self._page(name)
        if name in self._files:  # Poetry's links would take as long as all the rest
            return offers_metadata(self._files[name].get(version, ()))
        links = page.links_for_version(name, version)
        return any(link.is_wheel and link.has_metadata for link in links)

    def forget(self, name: NormalizedName, version: Version) -> None:
        """Drop the metadata of a release, so that it is requested from the index again."""
        self.index.forget(name, version)
        self._infos.forget((name, version))
        self._releases.pop((name, version), None)
        self._static.discard((name, version))

    def _read_info(self, key: tuple[NormalizedName, Version]) -> PackageInfo:
        # Such an index reads the page anyway, and requests a missing page again each time.
        if isinstance(self.index, LegacyRepository) and not self.candidates(key[0]):
            raise PackageNotFoundError(f"Package [{key[0]}] not found.")
        request = self._under_way.request(f"{self.index.name} {key[0]} {key[1]}")
        with request, self._monitor.response_errors():
            return self.index.get_release_info(*key)

    def _read_candidates(self, name: NormalizedName) -> Repository:
        with self._monitor.reading_page(), self._page_request(name) as is_new:
            # All of a page that was requested just now is read, for whether it offers metadata.
            found = None if is_new else self._pages.releases(name)
            if found is None:
                found = self._request_page(name)
        return Repository(
            self.index.name,
            [candidate(self.index, name, version, yanked=each) for version, each in found.items()],
        )

    def _page_request(self, name: NormalizedName) -> AbstractContextManager[bool]:
        # Other indexes may not allow that their pages are cached, and are asked by each process.
        if not isinstance(self.index, PyPiRepository):
            return nullcontext(enter_result=False)
        return self._under_way.request(f"{self.index.name} {name}")

    def _request_page(self, name: NormalizedName) -> dict[Version, str | bool]:
        try:
            with self._monitor.response_errors():
                page = self._page(name)
                if name in self._files:
                    return releases_of(self._files[name])
                return {version: page.yanked(name, version) for version in page.versions(name)}
        except PackageNotFoundError:
            return {}

    def _page(self, name: NormalizedName) -> LinkSource:
        page = self.index.get_page(name)
        if isinstance(page, SimpleJsonPage) and name not in self._files:
            files = files_by_release(page.content["files"], name)
            read_links_by_release(page, files)
            self._files[name] = files
        return page


class CachedRepository(Repository):
    """One of Poetry's indexes, read through an IndexCache; `release` is a method of that cache."""

    def __init__(
        self, cache: IndexCache, release: Callable[[NormalizedName, Version], Package]
    ) -> None:
        super().__init__(cache.index.name)
        self.cache = cache
        self._release = release

    def package(self, name: str, version: Version) -> Package:
        """Return a release with its requirements; raises PackageNotFoundError."""
        return self._release(canonicalize_name(name), version)

    def log_age_filtered_versions(self, *, level: str, reset: bool) -> None:
        """Log the releases that `solver.min-release-age` excluded."""
        self.cache.index.log_age_filtered_versions(level=level, reset=reset)

    def find_packages(self, dependency: Dependency) -> list[Package]:
        """Return the releases that satisfy a requirement."""
        return self.cache.find_packages(dependency)
