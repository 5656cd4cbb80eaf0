"""Prefetching of pages and metadata that the solver will probably need, in several threads."""

from __future__ import annotations

from collections import Counter, defaultdict
from contextlib import suppress
from dataclasses import dataclass
from functools import partial
from itertools import product
from queue import SimpleQueue
from threading import Lock, Thread
from typing import TYPE_CHECKING, Final

from packaging.markers import Marker
from packaging.requirements import Requirement
from packaging.specifiers import SpecifierSet
from poetry.core.packages.dependency import Dependency

from poetry_fti.bridge.index.repository import CachedRepository
from poetry_fti.bridge.project.python_versions import python_specifiers
from poetry_fti.model.platforms import PLATFORMS
from poetry_fti.targets import marker_environment, python_minors

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping, Sequence

    from packaging.utils import NormalizedName
    from poetry.core.constraints.version import Version
    from poetry.core.packages.package import Package
    from poetry.repositories import RepositoryPool

    from poetry_fti.bridge.index.monitoring.monitor import IndexMonitor
    from poetry_fti.bridge.index.repository import IndexCache
    from poetry_fti.model.platforms import Targets

# Simultaneous requests of a process to one index: more only compete for the interpreter, up to the
# latency of a distant index.
CONNECTIONS: Final = 8
# The name of each thread; one that waits for an answer outlives the solve.
THREAD: Final = "poetry-fti prefetch"


@dataclass(frozen=True, slots=True, eq=False)
class Environments:
    """The marker environments of a stage, which are equal to no other stage's."""

    markers: tuple[Mapping[str, str], ...]


@dataclass(frozen=True, slots=True)
class Way:
    """How a package is required: with which extras, and by which stage."""

    extras: frozenset[NormalizedName]
    where: Environments

    def satisfies(self, marker: str) -> bool:
        """Return whether the text of a marker applies in one of the stage's environments."""
        parsed = Marker(marker)
        pairs = product(self.where.markers, ("", *self.extras))
        return any(parsed.evaluate({**each, "extra": extra}) for each, extra in pairs)


def environments(targets: Targets, python: str) -> Environments:
    """Return marker environments: each platform of a stage with its lowest and highest Python.

    `python` is a version constraint, such as `>=3.11,<3.14`.
    """
    minors = python_minors(SpecifierSet(python_specifiers(python))) or ((3, 12),)
    ends = dict.fromkeys((minors[0], minors[-1]))
    return Environments(
        tuple(
            {
                **marker_environment(platform),
                "python_version": f"{major}.{minor}",
                "python_full_version": f"{major}.{minor}.0",
            }
            for platform, (major, minor) in product(targets.platforms or PLATFORMS, ends)
        )
    )


class Prefetcher:
    """Follows requirements from the stages down, assuming the newest version of each package.

    Where the solver tries another version, its requirements are followed, too. Requests begin with
    `start`: if everything is in Poetry's cache, threads only cost time.
    Errors are ignored: the solver meets them again if it needs the same page. Markers are parsed
    with `packaging`, since poetry-core's output depends on the order in which it parses markers.
    """

    def __init__(self, pool: RepositoryPool, monitor: IndexMonitor) -> None:
        self._pool = pool
        self._monitor = monitor
        self._tasks: SimpleQueue[Callable[[], object]] = SimpleQueue()
        self._followed: set[object] = set()  # requirements and releases
        self._pins: dict[NormalizedName, list[Package]] = {}
        self._roots: list[tuple[Dependency, Environments]] = []
        self._ways: defaultdict[NormalizedName, set[Way]] = defaultdict(set)
        self._applying: dict[tuple[str, Way], bool] = {}
        # How many releases of a package the solver has read that nobody had followed.
        self._missed: Counter[NormalizedName] = Counter()
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

    def follow_release(self, package: Package, requires: Sequence[str]) -> None:
        """Follow the requirements of a release that the solver has read.

        If the solver goes from release to release of a package, older ones are read ahead.
        """
        if not self._running or self._stopped:
            return
        ways = [way for way in tuple(self._ways[package.name]) if self._claim(package, way)]
        for way in ways:
            self._tasks.put(partial(self._expand, requires, way))
        if ways:
            self._missed[package.name] += 1
            if (missed := self._missed[package.name]) > 1:
                self._tasks.put(partial(self._read_older, package, missed))

    def _work(self) -> None:
        self._monitor.mark_prefetching()
        while not self._stopped:
            task = self._tasks.get()
            with suppress(BaseException):  # the solver meets it again if it needs the same page
                task()

    def _follow(self, dependency: Dependency, where: Environments) -> None:
        key = (dependency.complete_name, str(dependency.constraint), dependency.source_name, where)
        if self._is_first(key):
            self._tasks.put(partial(self._choose, dependency, where))

    def _choose(self, dependency: Dependency, where: Environments) -> None:
        """Read the pages of a package, then the metadata of the version to be tried first."""
        way = Way(dependency.extras, where)
        self._ways[dependency.name].add(way)
        found = self._pool.find_packages(dependency)
        pins = [p for p in self._pins.get(dependency.name, ()) if p.satisfies(dependency)]
        if not pins and not found:
            return
        best = pins[0] if pins else max(found, key=_rank)
        cache = self._cache_of(best)
        if cache and cache.has_cheap_metadata(best.name, best.version) and self._claim(best, way):
            self._expand(cache.info(best.name, best.version).requires_dist or (), way)

    def _cache_of(self, package: Package) -> IndexCache | None:
        # Looking in every index would read pages that the solver does not need.
        repository = self._pool.repository(package.source_reference or "PyPI")
        return repository.cache if isinstance(repository, CachedRepository) else None

    def _read_older(self, package: Package, number: int) -> None:
        """Let so many releases be read that are older than a package, newest first."""
        cache = self._cache_of(package)
        if cache is None:
            return
        older = [each for each in cache.candidates(package.name) if _rank(each) < _rank(package)]
        for each in sorted(older, key=_rank, reverse=True)[:number]:
            if cache.has_cheap_metadata(each.name, each.version):
                self._tasks.put(partial(cache.info, each.name, each.version))

    def _claim(self, package: Package, way: Way) -> bool:
        """Return whether nobody has followed a release this way, and say that it is done."""
        return self._is_first((package.name, package.version, way))

    def _is_first(self, key: object) -> bool:
        with self._lock:
            first = key not in self._followed
            self._followed.add(key)
        return first

    def _expand(self, requirements: Iterable[str], way: Way) -> None:
        for text in requirements:
            required, _, marker = text.partition(";")
            if "@" not in required and self._applies(marker.strip(), way):
                requirement = Requirement(required)
                constraint = str(requirement.specifier) or "*"
                dependency = Dependency(requirement.name, constraint, extras=requirement.extras)
                self._follow(dependency, way.where)

    def _applies(self, marker: str, way: Way) -> bool:
        # Most requirements are of extras that nobody asked for; parsing all takes long.
        if not marker or ("extra" in marker and not way.extras):
            return not marker
        key = (marker, way)
        if key not in self._applying:
            self._applying[key] = way.satisfies(marker)
        return self._applying[key]


def _rank(package: Package) -> tuple[bool, bool, Version]:
    return not package.yanked, not package.is_prerelease(), package.version
