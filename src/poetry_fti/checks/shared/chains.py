"""What brings a package into a stage: chains of requirements."""

from __future__ import annotations

from collections import defaultdict, deque
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping

    from packaging.utils import NormalizedName

    from poetry_fti.checks.shared.facts import CheckedStage


def shortest_chain(stage: CheckedStage, name: NormalizedName) -> list[NormalizedName]:
    """Return packages that each require the next, from a direct requirement to `name`.

    The list is empty if the package cannot be reached. Of chains with the same length, the first
    in alphabetical order is returned.
    """
    return list(shortest_chains(stage).get(name, ()))


def shortest_chains(stage: CheckedStage) -> Mapping[NormalizedName, tuple[NormalizedName, ...]]:
    """Return what `shortest_chain` does for each package that can be reached, by name."""
    required: defaultdict[NormalizedName, set[NormalizedName]] = defaultdict(set)
    for package in stage.packages:
        required[package.name].update(each.name for each in package.requires)
    direct = sorted({each.name for each in stage.requirements})
    chains: dict[NormalizedName, tuple[NormalizedName, ...]] = {name: (name,) for name in direct}
    queue = deque(direct)
    while queue:
        current = queue.popleft()
        for each in sorted(required[current] - chains.keys()):
            chains[each] = (*chains[current], each)
            queue.append(each)
    return chains
