"""Packages as text: their names, and what requires them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from poetry_fti.checks.shared.chains import shortest_chain
from poetry_fti.wording import abbreviated

if TYPE_CHECKING:
    from collections.abc import Sequence

    from packaging.utils import NormalizedName

    from poetry_fti.checks.shared.facts import CheckedStage
    from poetry_fti.model.lock import LockedPackage


def named(packages: Sequence[LockedPackage]) -> str:
    """Return the names and versions of the first packages, and the number of the others."""
    return abbreviated([f"{each.name} {each.version}" for each in packages])


def sole(packages: Sequence[LockedPackage]) -> NormalizedName | None:
    """Return the name of the only package; None if there are several."""
    return packages[0].name if len(packages) == 1 else None


def required(stage: CheckedStage, name: NormalizedName) -> str:
    """Return the chain of requirements that brings a package into a stage; empty if unknown."""
    chain = shortest_chain(stage, name)
    return f"required by pyproject.toml -> {' -> '.join(chain)}" if chain else ""
