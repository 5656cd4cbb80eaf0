"""Comments on what requires a package, as pip-tools and uv write them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from packaging.utils import canonicalize_name

from poetry_fti.wording import in_one_line

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from packaging.utils import NormalizedName

    from poetry_fti.model.lock import LockedPackage, LockedStage, Requirement

    Requiring = Mapping[NormalizedName, list[tuple[str, Requirement]]]


def requiring(locked: LockedStage) -> Requiring:
    """Return what requires each package of a stage: pairs of a name and its requirement."""
    found: dict[NormalizedName, list[tuple[str, Requirement]]] = {}
    name = in_one_line(canonicalize_name(locked.project))
    project = f"{name} (pyproject.toml)" if name else "pyproject.toml"
    for requirement in locked.requirements:
        found.setdefault(requirement.name, []).append((project, requirement))
    for package in locked.packages:
        for requirement in package.requires:
            if requirement.name != package.name:
                found.setdefault(requirement.name, []).append((package.name, requirement))
    return found


def via_lines(package: LockedPackage, requirements: Requiring) -> Iterator[str]:
    """Yield the lines of the comment on what requires a package.

    Of several versions of a package, each has the requirements that allow it.
    """
    every = requirements.get(package.name, [])
    allowing = [pair for pair in every if pair[1].direct or pair[1].allows(package.version)]
    # An override or a constraint may have chosen a version that no requirement allows.
    names = sorted({name for name, _ in allowing or every})
    if len(names) == 1:
        yield f"    # via {names[0]}"
    elif names:
        yield "    # via"
        yield from (f"    #   {name}" for name in names)
