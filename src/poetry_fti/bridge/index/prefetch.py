"""Pages and metadata fetched before the solver asks for them, several at a time."""

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
from poetry_fti.bridge.index.repository import SharedRepository
from poetry_fti.bridge.project.python_versions import python_specifiers
from poetry_fti.model import PLATFORMS
from poetry_fti.targets import marker_environment, python_minors

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping

    from packaging.markers import Marker
    from packaging.utils import NormalizedName
    from poetry.core.constraints.version import Version
    from poetry.core.packages.package import Package
    from poetry.repositories import RepositoryPool

    from poetry_fti.bridge.index.monitor import IndexMonitor
    from poetry_fti.model import Targets

# At once to one index: what browsers of today do, and a third of what uv does.
CONNECTIONS: Final = 16

Environments: TypeAlias = "tuple[Mapping[str, str], ...]"


def environments(targets: Targets, python: str) -> Environments:
    """Return variables of markers for a stage's platforms, with its lowest and highest Python."""
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
    """Follows requirements from the stages down, taking the newest version of each package.

    It does nothing until `begin`: with everything in Poetry's cache threads only cost time.
    What fails is left to the solver, which may never ask for it. Markers are read with
    `packaging`: poetry-core's must be met in the solver's order (see `ExactRepository`).
    """

    def __init__(self, pool: RepositoryPool, monitor: IndexMonitor) -> None:
        self._pool = pool
        self._monitor = monitor
        self._tasks: SimpleQueue[Callable[[], None]] = SimpleQueue()
        self._seen: set[object] = set()
        self._pinned: dict[NormalizedName, list[Package]] = {}
        self._wanted: list[tuple[Dependency, Environments]] = []
        self._lock = Lock()
        self._running = False
        self._stopped = False

    def want(self, dependencies: Iterable[Dependency], where: Environments) -> None:
        """Expect a stage to need these on its targets."""
        self._wanted += [(each, where) for each in dependencies if not each.is_direct_origin()]

    def prefer(self, packages: Iterable[Package]) -> None:
        """Expect these versions rather than the newest ones."""
        for package in packages:
            self._pinned.setdefault(package.name, []).append(package)

    def begin(self) -> None:
        """Fetch what is expected, and what follows from it."""
        with self._lock:
            if self._running or self._stopped:
                return
            self._running = True
        for dependency, where in self._wanted:
            self._follow(dependency, where)
        for _ in range(CONNECTIONS):
            # An interrupt or the end of the solve must not wait for them.
            Thread(target=self._work, daemon=True).start()

    def stop(self) -> None:
        """Fetch nothing more: the solve is done, or an index asked for patience."""
        self._stopped = True
        for _ in range(CONNECTIONS):
            self._tasks.put(lambda: None)

    def _work(self) -> None:
        self._monitor.mark_prefetching()
        while not self._stopped:
            task = self._tasks.get()
            with suppress(BaseException):  # the solver meets it again, if it ever asks
                task()

    def _follow(self, dependency: Dependency, where: Environments) -> None:
        source = dependency.source_name
        key = (dependency.complete_name, str(dependency.constraint), source, id(where))
        with self._lock:
            known = key in self._seen
            self._seen.add(key)
        if not known:
            self._tasks.put(lambda: self._choose(dependency, where))

    def _choose(self, dependency: Dependency, where: Environments) -> None:
        """Fetch the pages of a package, and go on with the version that will be tried first."""
        found = self._pool.find_packages(dependency)
        pins = [p for p in self._pinned.get(dependency.name, ()) if p.satisfies(dependency)]
        if not pins and not found:
            return
        best = pins[0] if pins else max(found, key=_rank)
        # Other sources know nothing of it, or would be asked for a page that nobody needs.
        repository = self._pool.repository(best.source_reference or "PyPI")
        if isinstance(repository, SharedRepository) and _is_cheap(
            repository, best.name, best.version
        ):
            info = repository.info(best.name, best.version)
            self._expand(info.requires_dist or (), dependency.extras, where)

    def _expand(
        self, requirements: Iterable[str], extras: Iterable[NormalizedName], where: Environments
    ) -> None:
        asked = ("", *extras)
        for text in requirements:
            requirement = Requirement(text)
            marker = requirement.marker
            if requirement.url is None and (marker is None or _applies(marker, asked, where)):
                wanted = str(requirement.specifier) or "*"
                dependency = Dependency(requirement.name, wanted, extras=requirement.extras)
                self._follow(dependency, where)


def _applies(marker: Marker, extras: Iterable[str], where: Environments) -> bool:
    return any(marker.evaluate({**each, "extra": e}) for each, e in product(where, extras))


def _rank(package: Package) -> tuple[bool, bool, Version]:
    return not package.yanked, not package.is_prerelease(), package.version


def _is_cheap(repository: SharedRepository, name: NormalizedName, version: Version) -> bool:
    """Tell whether a release's metadata can be had without downloading or building the release.

    Where an index does not offer it apart (PEP 658), only what is really needed is fetched.
    """
    if repository.is_known(name, version):
        return True
    page = repository.index.get_page(name)
    if isinstance(page, SimpleJsonPage):  # its links would take as long as all the rest
        return offers_metadata(page.content["files"], name, version)
    links = page.links_for_version(name, version)
    return any(link.is_wheel and link.has_metadata for link in links)
