"""Reasons why stages have the same version of a package from different origins."""

from __future__ import annotations

from dataclasses import replace
from itertools import combinations
from typing import TYPE_CHECKING

from poetry_fti.agreement.reasons import Reason
from poetry_fti.model.origins import GitOrigin, IndexOrigin

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from packaging.utils import NormalizedName

    from poetry_fti.model.lock import LockedStage
    from poetry_fti.model.locked_version import LockedVersion
    from poetry_fti.model.origins import Origin


def can_move_together(found: Iterable[LockedVersion]) -> bool:
    """Return whether an update may give the same content to all of these.

    That is the case if all follow the same branch, or come from the same index, URL or path.
    """
    return len({_required(locked.origin) for locked in found}) == 1


def origin_reasons(name: NormalizedName, stages: Sequence[LockedStage]) -> Iterator[Reason]:
    """Yield what decides on the origin of a package in stages with the same version of it.

    Yield no reason if the origins agree, or if an update may make them agree.
    """
    found = [each.locked_version for s in stages for each in s.packages if each.name == name]
    if can_move_together(found) or all(a.agrees_with(b) for a, b in combinations(found, 2)):
        return
    for stage in stages:
        for text in dict.fromkeys(_required_origins(stage, name)):
            yield Reason(stage.stage.name, text)


def _required_origins(stage: LockedStage, name: NormalizedName) -> Iterator[str]:
    for requirement in stage.requirements:
        if requirement.name == name and requirement.direct:
            yield f"pyproject.toml requires {requirement}"
    for package in stage.packages:
        for requirement in package.requires:
            if requirement.name == name and requirement.direct:
                yield f"{package.name} {package.version} requires {requirement}"
        origin = package.origin
        if package.name == name and isinstance(origin, IndexOrigin) and origin.name:
            yield f"{name} comes from the source {origin.name}"


def _required(origin: Origin) -> Origin:
    """Return an origin without what the lock has added to the requirement."""
    return replace(origin, commit="") if isinstance(origin, GitOrigin) else origin
