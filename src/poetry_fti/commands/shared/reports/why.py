"""Why stages contain a package, as lines of text and as JSON."""

from __future__ import annotations

from itertools import groupby
from typing import TYPE_CHECKING, Any, Final

from poetry_fti.commands.shared.reports.newest import newest_data
from poetry_fti.operations.why.find import MOST_PATHS, OVERRIDE
from poetry_fti.wording import counted, joined, named_stages

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from packaging.utils import NormalizedName

    from poetry_fti.operations.why.find import Possible, RequiredBy, StageWhy, Why
    from poetry_fti.operations.why.report import NewestIn

# Without `--all`, so many requirements of a stage are printed; of what would add a package, always.
_LISTED: Final = 10


def stage_lines(package: NormalizedName, found: StageWhy, *, all_paths: bool) -> Iterator[str]:
    """Yield lines of plain text: a stage and its versions of a package, then what requires it."""
    yield f"{found.stage}: {package} {joined(map(str, found.versions))}"
    required = found.requirers.required
    if not required:
        yield "  neither pyproject.toml nor a package that it leads to requires it"
    shown = required if all_paths else required[:_LISTED]
    for (by, paths), group in groupby(shown, key=lambda each: (each.by, each.paths)):
        yield from (f"  {_requirement(each, found)}" for each in group)
        if by:
            yield from (f"    {' -> '.join(path)}" for path in paths)
    if not all_paths and len(required) > _LISTED:
        more = counted(len(required) - _LISTED, "more requirement")
        yield f"  and {more}, which --all prints"
    if not found.requirers.is_complete:
        yield f"  there are more paths than these: --all prints the {MOST_PATHS} shortest"


def possible_lines(possible: Sequence[Possible]) -> Iterator[str]:
    """Yield lines of plain text on what would add a package, if anything."""
    stages: dict[str, list[str]] = {}
    for each in possible:
        stages.setdefault(_condition(each), []).append(each.stage)
    if stages:
        yield "What could add it:"
    for text in list(stages)[:_LISTED]:
        yield f"  {named_stages(list(dict.fromkeys(stages[text])))}: {text}"
    if len(stages) > _LISTED:
        yield f"  and {len(stages) - _LISTED} more, which --format json prints"


def why_data(why: Why, newest: Mapping[str, NewestIn]) -> dict[str, Any]:
    """Return why stages contain a package, or what would add it, as JSON data.

    `newest` is what prevents newer versions, for the stages of which that has been found out.
    """
    return {
        "package": why.package,
        "stages": [
            {
                "stage": each.stage,
                "lock": each.lock,
                "versions": [str(version) for version in each.versions],
                "requirements": [_requirement_data(one, each) for one in each.requirers.required],
                "is_complete": each.requirers.is_complete,
                "newest": newest_data(newest.get(each.stage)),
            }
            for each in why.stages
        ],
        "without": list(why.without),
        "skipped": list(why.skipped),
        "message": why.message or None,
        "possible": [_possible_data(each) for each in why.possible],
    }


def _requirement(found: RequiredBy, stage: StageWhy) -> str:
    """Return a requirement as text: `app[fast] 1.0 requires lib <2`."""
    if found.by is None:
        return f"pyproject.toml requires {found.dependency} ({found.dependency.declared})"
    override = f" (by {OVERRIDE})" if stage.is_overridden else ""
    return f"{found.by} {found.by.package.version} requires {found.dependency}{override}"


def _requirement_data(found: RequiredBy, stage: StageWhy) -> dict[str, Any]:
    by, dependency = found.by, found.dependency
    return {
        "by": by.package.name if by else None,
        "version": str(by.package.version) if by else None,
        "extra": by.extra if by else None,
        "requires": str(dependency),
        "is_overridden": by is not None and stage.is_overridden,
        "paths": [list(path) for path in found.paths],
    }


def _condition(found: Possible) -> str:
    dependency = found.dependency
    if dependency is None:
        return f"excluded by tool.fti.stages.{found.stage}.exclude"
    if found.condition == "extra":
        extra = joined(dependency.for_extras)
        return f'{found.by} requires {dependency} with the extra "{extra}"'
    required, _, marker = str(dependency).partition("; ")
    where = f" ({dependency.declared})" if dependency.declared else ""
    return f"{found.by} requires {required}{where} only if {marker}"


def _possible_data(found: Possible) -> dict[str, Any]:
    dependency = found.dependency
    return {
        "stage": found.stage,
        "condition": found.condition,
        "by": found.by or None,
        "extras": list(dependency.for_extras) if dependency else [],
        "requires": str(dependency) if dependency else None,
    }
