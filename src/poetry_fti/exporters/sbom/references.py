"""The references by which an SBOM identifies packages."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING

from poetry_fti.exporters.shared.reference import in_order

if TYPE_CHECKING:
    from collections.abc import Iterable

    from poetry_fti.model.lock import LockedPackage


def referenced(packages: Iterable[LockedPackage]) -> dict[str, LockedPackage]:
    """Return the packages of a stage by their references, in the order of the SBOM.

    A reference is `name@version`. It ends in a number for a version that several sources have, each
    for other platforms.
    """
    used: Counter[str] = Counter()
    found = {}
    for package in in_order(packages):
        name = f"{package.name}@{package.version}"
        used[name] += 1
        found[name if used[name] == 1 else f"{name}#{used[name]}"] = package
    return found
