"""Prefetching of pages and metadata that the solver will probably need, in several threads."""

from __future__ import annotations

from contextlib import suppress
from itertools import product
from queue import SimpleQueue
from threading import Lock, Thread
from typing import TYPE_CHECKING, Final, TypeAlias

from packaging.requirements import Requirement
from packaging.specifiers import SpecifierSet
from poetry.core.packages.dependency import Dependency
from poetry.repositories.link_sources.json import SimpleJsonPage

from poetry_fti.bridge.index.pages import offers_metadata
from poetry_fti.bridge.index.repository import CachedRepository
from poetry_fti.bridge.project.python_versions import python_specifiers
from poetry_fti.model.platforms import PLATFORMS
from poetry_fti.targets import marker_environment, python_minors

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterable, Mapping

    from packaging.markers import Marker
    from packaging.utils import NormalizedName
    from poetry.core.constraints.version import Version
    from poetry.core.packages.package import Package
    from poetry.repositories import RepositoryPool

    from poetry_fti.bridge.index.monitor import IndexMonitor
    from poetry_fti.bridge.index.repository import IndexCache
    from poetry_fti.model.platforms import Targets

# Simultaneous requests to one index: as many as current browsers make, and a third of uv's.
CONNECTIONS: Final = 16
# The name of each thread; one that waits for an answer outlives the solve.
THREAD: Final = "poetry-fti prefetch"

Environments: TypeAlias = "tuple[Mapping[str, str], ...]"


def environments(targets: Targets, python: str) -> Environments:
    """Return marker environments: each platform of a stage with its lowest and highest Python.

    `python` is a version constraint, such as `>=3.11,<3.14`.
    """
    minors = python_minors(SpecifierSet(python_specifiers(python))) or ((3, 12),)
    ends = dict.fromkeys((minors[0], minors[-1]))
    return tuple(
        {
            **marker_environment(platform),
            "python_version": f"{major}.{minor}",
            "python_full_version": f"{major}.{minor}.0",
        }
        for platform, (major, minor) in product(targets.platforms or PLATFORMS, ends)
    )


class Prefetcher:
    """Follows requirements from the stages down, assuming the newest version of each package.

    Requests begin with `start`: if everything is in Poetry's cache, threads only cost time.
    Errors are ignored: the solver meets them again if it needs the same page. Markers are parsed
    with `packaging`, since poetry-core's output depends on the order in which it parses markers.
    """

    def __init__(self, pool: RepositoryPool, monitor: IndexMonitor) -> None:
        self._pool = pool
        self._monitor = monitor
        self._tasks: SimpleQueue[Callable[[], None]] = SimpleQueue()
        self._followed: set[object] = set()
        self._pins: dict[NormalizedName, list[Package]] = {}
        self._roots: list[tuple[Dependency, Environments]] = []
        self._lock = Lock()
        self._running = False
        self._stopped = False

    def add_requirements(
        self, dependencies: Iterable[Dependency], environments: Environments
    ) -> None:
        """Add the requirements of a stage and the environments in which their markers apply."""
        indexed = (each for each in dependencies if not each.is_direct_origin())
        self._roots += [(each, environments) for each in indexed]

    def add_pins(self, packages: Iterable[Package]) -> None:
        """Assume these versions, where a requirement allows them, instead of the newest ones."""
        for package in packages:
            self._pins.setdefault(package.name, []).append(package)

    def start(self) -> None:
        """Start the threads that follow the requirements added so far; later calls do nothing."""
        with self._lock:
            if self._running or self._stopped:
                return
            self._running = True
        for dependency, where in self._roots:
            self._follow(dependency, where)
        for _ in range(CONNECTIONS):
            # Daemons: neither an interrupt nor the end of the solve waits for them.
            Thread(target=self._work, name=THREAD, daemon=True).start()

    def stop(self) -> None:
        """Make no more requests: the solve is done, or an index limits the rate of requests."""
        self._stopped = True
        for _ in range(CONNECTIONS):
            self._tasks.put(lambda: None)

    def _work(self) -> None:
        self._monitor.mark_prefetching()
        while not self._stopped:
            task = self._tasks.get()
            with suppress(BaseException):  # the solver meets it again if it needs the same page
                task()

    def _follow(self, dependency: Dependency, where: Environments) -> None:
        source = dependency.source_name
        key = (dependency.complete_name, str(dependency.constraint), source, id(where))
        with self._lock:
            known = key in self._followed
            self._followed.add(key)
        if not known:
            self._tasks.put(lambda: self._choose(dependency, where))

    def _choose(self, dependency: Dependency, where: Environments) -> None:
        """Read the pages of a package, then the metadata of the version to be tried first."""
        found = self._pool.find_packages(dependency)
        pins = [p for p in self._pins.get(dependency.name, ()) if p.satisfies(dependency)]
        if not pins and not found:
            return
        best = pins[0] if pins else max(found, key=_rank)
        # Looking in every index would read pages that the solver does not need.
        repository = self._pool.repository(best.source_reference or "PyPI")
        if not isinstance(repository, CachedRepository):
            return
        cache = repository.cache
        if _has_cheap_metadata(cache, best.name, best.version):
            info = cache.info(best.name, best.version)
            self._expand(info.requires_dist or (), dependency.extras, where)

    def _expand(
        self, requirements: Iterable[str], extras: Collection[NormalizedName], where: Environments
    ) -> None:
        selected = ("", *extras)
        for text in requirements:
            # Most requirements are of extras that nobody asked for; parsing all takes long.
            if not extras and "extra" in text.partition(";")[2]:
                continue
            requirement = Requirement(text)
            marker = requirement.marker
            if requirement.url is None and (marker is None or _applies(marker, selected, where)):
                constraint = str(requirement.specifier) or "*"
                dependency = Dependency(requirement.name, constraint, extras=requirement.extras)
                self._follow(dependency, where)


def _applies(marker: Marker, extras: Iterable[str], where: Environments) -> bool:
    return any(marker.evaluate({**each, "extra": e}) for each, e in product(where, extras))


def _rank(package: Package) -> tuple[bool, bool, Version]:
    return not package.yanked, not package.is_prerelease(), package.version


def _has_cheap_metadata(cache: IndexCache, name: NormalizedName, version: Version) -> bool:
    """Return whether a release's metadata is a file of its own on the index (PEP 658).

    Otherwise the release would be downloaded or built, which only the solver decides on.
    """
    if cache.is_known(name, version):
        return True
    page = cache.index.get_page(name)
    if isinstance(page, SimpleJsonPage):  # Poetry's links would take as long as all the rest
        return offers_metadata(page.content["files"], name, version)
    links = page.links_for_version(name, version)
    return any(link.is_wheel and link.has_metadata for link in links)
