"""The paths of requirements through which a stage gets a package."""

from __future__ import annotations

from collections import defaultdict, deque
from dataclasses import dataclass
from heapq import heappop, heappush
from itertools import count
from typing import TYPE_CHECKING, Final, TypeAlias

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from packaging.utils import NormalizedName

    from poetry_fti.model.dependency_graph import Dependency, DependencyGraph, DependentPackage

# As many paths of a package in a stage are searched for, and the search takes as many steps.
MOST_PATHS: Final = 100
_MOST_STEPS: Final = 20_000


@dataclass(frozen=True, slots=True)
class Requirer:
    """A locked package, or one of its extras, whose requirements are not those of the package."""

    package: DependentPackage
    extra: NormalizedName | None = None

    def __str__(self) -> str:
        return f"{self.package.name}[{self.extra}]" if self.extra else self.package.name


# From pyproject.toml: the place of a requirement there, then packages that each require the next.
Path: TypeAlias = "tuple[str, ...]"
# A requirement on a package, and what has it: None for pyproject.toml.
_Edge: TypeAlias = "tuple[Requirer | None, Dependency]"


@dataclass(frozen=True, slots=True)
class RequiredBy:
    """A requirement on a package, and the paths to it, shortest first.

    `by` is None for a requirement of pyproject.toml, whose only path is its place there.
    """

    by: Requirer | None
    dependency: Dependency
    paths: tuple[Path, ...]


@dataclass(frozen=True, slots=True)
class Requirers:
    """All requirements on a package in a stage, that with the shortest path first.

    `is_complete` is false if there are more paths than have been searched for.
    """

    required: tuple[RequiredBy, ...] = ()
    is_complete: bool = True


def requirers(
    graph: DependencyGraph, name: NormalizedName, *, all_paths: bool = False
) -> Requirers:
    """Return the requirements on a package, each with its shortest path or with all of them.

    Paths that lead through the package itself, or through another one twice, are left out. Of all
    paths, the `MOST_PATHS` shortest are returned, and a path to each requirement.
    """
    return _Search(graph, name).found(all_paths=all_paths)


class _Search:
    """The part of a dependency graph that can be reached without passing a package."""

    def __init__(self, graph: DependencyGraph, name: NormalizedName) -> None:
        self._name = name
        self._packages: defaultdict[NormalizedName, list[DependentPackage]] = defaultdict(list)
        for package in graph.packages:
            self._packages[package.name].append(package)
        self._target: list[_Edge] = []
        self._before: dict[Requirer, _Edge] = {}
        self._incoming: defaultdict[Requirer, list[_Edge]] = defaultdict(list)
        self._distance: dict[Requirer | None, int] = {None: 0}
        self._explore(graph)

    def _explore(self, graph: DependencyGraph) -> None:
        """Visit what can be reached, breadth first and alphabetically."""
        waiting: deque[Requirer | None] = deque([None])
        while waiting:
            current = waiting.popleft()
            requires = graph.direct if current is None else _requires(current)
            for dependency in sorted(requires, key=lambda each: (each.name, str(each))):
                if dependency.name == self._name:
                    self._target.append((current, dependency))
                    continue
                for node in self._nodes(dependency):
                    self._incoming[node].append((current, dependency))
                    if node not in self._distance:
                        self._distance[node] = self._distance[current] + 1
                        self._before[node] = (current, dependency)
                        waiting.append(node)

    def _nodes(self, dependency: Dependency) -> Iterator[Requirer]:
        """Yield the locked packages and extras that meet a requirement."""
        found = self._packages[dependency.name]
        allowed = [each for each in found if dependency.requirement.allows(each.version)]
        # An override may have chosen a version that the requirement does not allow.
        for package in allowed or found:
            yield Requirer(package)
            yield from (Requirer(package, extra) for extra in dependency.extras)

    def found(self, *, all_paths: bool) -> Requirers:
        # Both searches visit the shortest paths first; the first finds one for each requirement.
        paths = {edge: [self._shortest(edge)] for edge in self._target}
        is_complete = True
        if all_paths:
            further, is_complete = self._all()
            for edge, path in further:
                if path not in paths[edge]:
                    paths[edge].append(path)
        required = [
            RequiredBy(by, dependency, tuple(paths[by, dependency])) for by, dependency in paths
        ]
        required.sort(key=lambda each: len(each.paths[0]) if each.by else 0)
        return Requirers(tuple(required), is_complete)

    def _shortest(self, edge: _Edge) -> Path:
        by, dependency = edge
        path: list[str] = []
        while by is not None:
            path.append(str(by))
            by, dependency = self._before[by]
        return (dependency.declared, *reversed(path))

    def _all(self) -> tuple[Sequence[tuple[_Edge, Path]], bool]:
        """Return all paths backwards from the package, shortest first, and whether that is all."""
        order, steps = count(), count(1)
        waiting: list[tuple[int, int, Requirer | None, _Edge, _Edge, tuple[Requirer, ...]]] = []
        for edge in self._target:
            heappush(waiting, (self._distance[edge[0]], next(order), edge[0], edge, edge, ()))
        found: list[tuple[_Edge, Path]] = []
        while waiting:
            if len(found) == MOST_PATHS or next(steps) > _MOST_STEPS:
                return found, False
            _, _, node, first, edge, path = heappop(waiting)
            if node is None:
                found.append((edge, (first[1].declared, *map(str, path))))
                continue
            longer = (node, *path)
            for incoming in self._incoming[node]:
                by = incoming[0]
                if by is None or by not in longer:
                    length = self._distance[by] + len(longer)
                    heappush(waiting, (length, next(order), by, incoming, edge, longer))
        return found, True


def _requires(node: Requirer) -> Iterator[Dependency]:
    for each in node.package.requires:
        if node.extra in each.for_extras if node.extra else not each.for_extras:
            yield each
