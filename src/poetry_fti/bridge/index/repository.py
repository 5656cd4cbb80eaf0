"""An index whose pages and metadata are read once for all stages, by several threads."""

from __future__ import annotations

from concurrent.futures import Future
from threading import Lock
from typing import TYPE_CHECKING, Any, TypeVar

from packaging.utils import canonicalize_name
from poetry.config.config import Config
from poetry.repositories.exceptions import PackageNotFoundError
from poetry.repositories.legacy_repository import LegacyRepository
from poetry.repositories.link_sources.json import SimpleJsonPage
from poetry.repositories.repository import Repository

from poetry_fti.bridge.index.monitor import GaveUpError
from poetry_fti.bridge.index.pages import CachedPages, releases_of
from poetry_fti.bridge.index.releases import candidate, exact_release, release

if TYPE_CHECKING:
    from collections.abc import Callable

    from packaging.utils import NormalizedName
    from poetry.core.constraints.version import Version
    from poetry.core.packages.dependency import Dependency
    from poetry.core.packages.package import Package
    from poetry.inspection.info import PackageInfo
    from poetry.repositories.http_repository import HTTPRepository

    from poetry_fti.bridge.index.monitor import IndexMonitor

_Key = TypeVar("_Key")
_Value = TypeVar("_Value")


class ComputeOnce:
    """Values computed once, by whichever thread asks first; the others wait for it."""

    def __init__(self) -> None:
        self._futures: dict[Any, Future[Any]] = {}
        self._lock = Lock()

    def __contains__(self, key: object) -> bool:
        return key in self._futures

    def get(self, key: _Key, compute: Callable[[_Key], _Value]) -> _Value:
        """Return the value of a key; raises what computing it raised.

        What was given up is computed again by who has waited for it.
        """
        mine = False
        future = self._futures.get(key)
        if future is None:
            with self._lock:
                mine = key not in self._futures
                future = self._futures.setdefault(key, Future())
            if mine:
                self._fulfil(future, compute, key)
        try:
            value: _Value = future.result()
        except GaveUpError:
            if mine:
                raise
            return self.get(key, compute)
        return value

    def forget(self, key: object) -> None:
        """Compute a key's value again when it is asked for."""
        self._futures.pop(key, None)

    def _fulfil(self, future: Future[_Value], compute: Callable[[_Key], _Value], key: _Key) -> None:
        try:
            future.set_result(compute(key))
        except BaseException as error:  # noqa: BLE001 - it is raised where the value is asked for
            if isinstance(error, GaveUpError):
                self.forget(key)  # before those who wait hear of it
            future.set_exception(error)


class SharedRepository(Repository):
    """One of Poetry's indexes, asked once for each page and each release."""

    def __init__(self, index: HTTPRepository, monitor: IndexMonitor) -> None:
        super().__init__(index.name)
        self.index = index
        self._monitor = monitor
        self._cached = CachedPages(index)
        self._candidates = ComputeOnce()
        self._infos = ComputeOnce()
        self._releases: dict[tuple[NormalizedName, Version], Package] = {}
        # Since Poetry 2.4; what is too young depends on each file's upload time.
        self._has_age_limit = bool(Config.create().get("solver.min-release-age"))

    def package(self, name: str, version: Version) -> Package:
        """Return a release with its requirements; callers must not change it."""
        key = (canonicalize_name(name), version)
        if key not in self._releases:
            self._releases[key] = release(self.index, key[0], self.info(*key))
        return self._releases[key]

    def info(self, name: NormalizedName, version: Version) -> PackageInfo:
        """Return what the index says of a release; callers must not change it.

        Raises PackageNotFoundError where it has none.
        """
        return self._infos.get((name, version), self._info)

    def candidates(self, name: NormalizedName) -> list[Package]:
        """Return every release of a project, as its page tells; none without a page."""
        return self._candidates.get(name, self._find).packages

    def find_packages(self, dependency: Dependency) -> list[Package]:
        """Return the releases that satisfy a requirement, as an index of Poetry's chooses them."""
        found = self._candidates.get(dependency.name, self._find)
        if self._has_age_limit:
            # Its cache lets several threads ask for a page at once; there is one afterwards.
            return self.index.find_packages(dependency) if found.packages else []
        return found.find_packages(dependency)

    def is_known(self, name: NormalizedName, version: Version) -> bool:
        """Tell whether a release has been asked for."""
        return (name, version) in self._infos

    def forget(self, name: NormalizedName, version: Version) -> None:
        """Ask the index again for a release."""
        self.index.forget(name, version)
        self._infos.forget((name, version))
        self._releases.pop((name, version), None)

    def log_age_filtered_versions(self, *, level: str, reset: bool) -> None:
        """Say which releases were too young (`solver.min-release-age`)."""
        self.index.log_age_filtered_versions(level=level, reset=reset)

    def _info(self, key: tuple[NormalizedName, Version]) -> PackageInfo:
        # Such an index reads the page anyway, and again if there was none.
        if isinstance(self.index, LegacyRepository) and not self.candidates(key[0]):
            raise PackageNotFoundError(f"Package [{key[0]}] not found.")
        with self._monitor.understood():
            return self.index.get_release_info(*key)

    def _find(self, name: NormalizedName) -> Repository:
        files = self._cached.files(name)
        found = self._asked(name) if files is None else releases_of(files, name)
        return Repository(
            self.name,
            [candidate(self.index, name, version, yanked=each) for version, each in found.items()],
        )

    def _asked(self, name: NormalizedName) -> dict[Version, str | bool]:
        try:
            with self._monitor.understood():
                page = self.index.get_page(name)
        except PackageNotFoundError:
            return {}
        if isinstance(page, SimpleJsonPage):
            return releases_of(page.content["files"], name)
        return {version: page.yanked(name, version) for version in page.versions(name)}


class ExactRepository(Repository):
    """The same index, but each requirement is parsed anew by Poetry itself, as it is met.

    How poetry-core writes a marker depends on the markers that it has met before, in which
    order; only this way a lock is to the byte what plain Poetry writes.
    """

    def __init__(self, shared: SharedRepository) -> None:
        super().__init__(shared.name)
        self._shared = shared

    def package(self, name: str, version: Version) -> Package:
        """Return a release with its requirements."""
        normalized = canonicalize_name(name)
        info = self._shared.info(normalized, version)
        return exact_release(self._shared.index, normalized, info)

    def forget(self, name: NormalizedName, version: Version) -> None:
        """Ask the index again for a release."""
        self._shared.forget(name, version)

    def log_age_filtered_versions(self, *, level: str, reset: bool) -> None:
        """Say which releases were too young (`solver.min-release-age`)."""
        self._shared.log_age_filtered_versions(level=level, reset=reset)

    def find_packages(self, dependency: Dependency) -> list[Package]:
        """Return the releases that satisfy a requirement."""
        return self._shared.find_packages(dependency)
