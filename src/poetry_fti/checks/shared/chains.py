"""What brings a package into a stage: chains of requirements."""

from __future__ import annotations

from collections import defaultdict, deque
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from packaging.utils import NormalizedName

    from poetry_fti.checks.shared.facts import CheckedStage


def shortest_chain(stage: CheckedStage, name: NormalizedName) -> list[NormalizedName]:
    """Return packages that each require the next, from a direct requirement to `name`.

    The list is empty if the package cannot be reached. Of chains with the same length, the first
    in alphabetical order is returned.
    """
    required: defaultdict[NormalizedName, set[NormalizedName]] = defaultdict(set)
    for package in stage.packages:
        required[package.name].update(each.name for each in package.requires)
    direct = sorted({each.name for each in stage.requirements})
    before: dict[NormalizedName, NormalizedName | None] = dict.fromkeys(direct)
    queue = deque(direct)
    while queue and name not in before:
        current = queue.popleft()
        for each in sorted(required[current] - before.keys()):
            before[each] = current
            queue.append(each)
    chain: list[NormalizedName] = []
    step = name if name in before else None
    while step is not None:
        chain.append(step)
        step = before[step]
    return chain[::-1]
