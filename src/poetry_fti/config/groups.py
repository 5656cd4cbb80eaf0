"""Dependency groups of a pyproject.toml, and the groups that they include."""

from __future__ import annotations

import re
from collections import deque
from collections.abc import Mapping
from graphlib import TopologicalSorter
from typing import TYPE_CHECKING, Any, Final, TypeAlias

from packaging.utils import canonicalize_name

from poetry_fti.config.messages import dotted
from poetry_fti.model.problem import Problem
from poetry_fti.wording import suggestion

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from packaging.utils import NormalizedName

Groups: TypeAlias = "Mapping[NormalizedName, tuple[NormalizedName, ...]]"

_MOST_CHAINS: Final = 1000
_GROUP_NAME: Final = re.compile(r"[A-Za-z0-9]([A-Za-z0-9._-]*[A-Za-z0-9])?")


def read_groups(pyproject: Mapping[str, Any], problems: list[Problem]) -> Groups:
    """Return the groups that each dependency group includes directly, by normalized names.

    A group may be declared in `[dependency-groups]` (PEP 735) and in `[tool.poetry.group]`; its
    includes are then those of both. Invalid names, unknown includes and cycles are added to
    `problems`.
    """
    groups: dict[NormalizedName, list[NormalizedName]] = {}
    paths: dict[NormalizedName, str] = {}
    for path, name, included in _declared(pyproject, problems):
        normalized = canonicalize_name(name)
        groups.setdefault(normalized, []).extend(canonicalize_name(group) for group in included)
        paths.setdefault(normalized, path)
        if normalized == "main":
            problems.append(
                Problem(
                    path,
                    'rename the group: Poetry reads "main" as the project\'s own',
                )
            )
        elif not _GROUP_NAME.fullmatch(name):
            problems.append(Problem(path, "is not a valid name of a dependency group (PEP 735)"))
    for name, includes in groups.items():
        for group in includes:
            if group not in groups:
                message = f'includes the group "{group}", which does not exist'
                problems.append(Problem(paths[name], message + suggestion(group, groups)))
    unique = {name: tuple(dict.fromkeys(includes)) for name, includes in groups.items()}
    problems += [
        Problem(paths[cycle[0]], f"includes itself: {' -> '.join(cycle)}")
        for cycle in _cycles(unique)
    ]
    return unique


def _declared(
    pyproject: Mapping[str, Any], problems: list[Problem]
) -> Iterator[tuple[str, str, list[str]]]:
    """Yield the path, the name and the includes of each group table."""
    standard = pyproject.get("dependency-groups", {})
    for name, items in standard.items() if isinstance(standard, Mapping) else ():
        path = dotted("dependency-groups", name)
        if isinstance(items, list):
            yield (
                path,
                name,
                [
                    item["include-group"]
                    for item in items
                    if isinstance(item, Mapping) and isinstance(item.get("include-group"), str)
                ],
            )
        else:
            problems.append(Problem(path, "must be an array of requirements"))
    poetry = pyproject.get("tool", {}).get("poetry", {})
    groups = poetry.get("group", {}) if isinstance(poetry, Mapping) else {}
    for name, table in groups.items() if isinstance(groups, Mapping) else ():
        path = dotted("tool", "poetry", "group", name)
        if isinstance(table, Mapping):
            included = table.get("include-groups", [])
            yield path, name, [group for group in included if isinstance(group, str)]
        else:
            problems.append(Problem(path, "must be a table"))
    if isinstance(poetry, Mapping) and "dev-dependencies" in poetry:
        yield "tool.poetry.dev-dependencies", "dev", []


def _cycles(groups: Groups) -> Iterator[tuple[NormalizedName, ...]]:
    """Yield a shortest cycle for each group that includes itself, as names back to the group.

    A cycle of the same groups is yielded once.
    """
    reported: set[frozenset[NormalizedName]] = set()
    for start in sorted(groups):
        cycle = _shortest_cycle(start, groups)
        if cycle and frozenset(cycle) not in reported:
            reported.add(frozenset(cycle))
            yield cycle


def _shortest_cycle(start: NormalizedName, groups: Groups) -> tuple[NormalizedName, ...]:
    paths: dict[NormalizedName, tuple[NormalizedName, ...]] = {start: (start,)}
    waiting = deque([start])
    while waiting:
        name = waiting.popleft()
        for group in groups.get(name, ()):
            if group == start:
                return (*paths[name], start)
            if group not in paths:
                paths[group] = (*paths[name], group)
                waiting.append(group)
    return ()


def tangled_groups(pyproject: Mapping[str, Any], groups: Groups) -> Iterator[Problem]:
    """Yield a problem for each group whose includes Poetry would follow for too long.

    Poetry follows each chain of includes, and so reads a group once for each chain that leads to
    it. Groups that such a group includes are not reported.
    """
    paths = {canonicalize_name(name): path for path, name, _ in _declared(pyproject, [])}
    chains: dict[NormalizedName, int] = {}
    for name in TopologicalSorter(groups).static_order():
        chains[name] = sum(1 + chains[group] for group in groups[name])
    tangled = {name for name, count in chains.items() if count > _MOST_CHAINS}
    for name in sorted(tangled - {group for each in tangled for group in groups[each]}):
        message = (
            f"reaches other groups by {chains[name]} chains of includes, and Poetry follows each of"
            f" them; at most {_MOST_CHAINS} are supported"
        )
        yield Problem(paths[name], message)


def closure(names: Iterable[NormalizedName], groups: Groups) -> tuple[NormalizedName, ...]:
    """Return groups with all groups that they include, directly or not, sorted by name."""
    found: set[NormalizedName] = set()
    waiting = list(names)
    while waiting:
        name = waiting.pop()
        if name not in found:
            found.add(name)
            waiting.extend(groups.get(name, ()))
    return tuple(sorted(found))
