"""Check `align`: the rules of `[[tool.fti.align]]` hold in the locks, and match packages."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from poetry_fti.agreement.comparison import versions_by_name
from poetry_fti.agreement.origin_reasons import can_move_together
from poetry_fti.agreement.places import places, places_text
from poetry_fti.agreement.rules import broken, of_several_origins
from poetry_fti.agreement.versions import locked_by_name
from poetry_fti.checks import Check, Finding
from poetry_fti.wording import named_stages

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from packaging.utils import NormalizedName

    from poetry_fti.agreement.versions import LockedVersions
    from poetry_fti.checks.shared.facts import AlignRule, CheckedProject

_DEMANDS: Final = {
    "exact": "the same version",
    "minor": "the same minor version",
    "major": "the same major version",
}


def _find(project: CheckedProject) -> Iterator[Finding]:
    for each in project.align_rules():
        yield from _violations(each, project)
        for position, text in each.unmatched:
            yield Finding(
                check="align",
                level="warning",
                message=text,
                fix="Correct the name, or remove it from the rule",
                path=f"{each.path}.packages[{position}]",
            )


def _violations(each: AlignRule, project: CheckedProject) -> Iterator[Finding]:
    if each.rule.is_exemption:
        return
    bound = {
        stage.name: [package for package in stage.packages if each.rule.binds(package.name)]
        for stage in project.stages
        if stage.name in each.rule.stages
    }
    locked = {name: locked_by_name(packages) for name, packages in bound.items()}
    differing = broken([each.rule], {n: [versions_by_name(p)] for n, p in bound.items()})
    for name in sorted(differing | of_several_origins([each.rule], locked).keys()):
        is_origin = name not in differing
        demanded, where = _DEMANDS[each.rule.level], named_stages(each.rule.stages)
        yield Finding(
            check="align",
            level="error",
            package=name,
            message=f"{name} violates a rule: {places_text(places(name, locked))}",
            because=f"{each.path} demands {demanded} in {where}",
            fix=_origin_fix(name, locked) if is_origin else _fix(each, project),
            path=each.path,
        )


def _fix(each: AlignRule, project: CheckedProject) -> str:
    names = [] if len(each.rule.stages) == len(project.stages) else each.rule.stages
    return f"Run `{' '.join(['poetry fti lock', *names])}`"


def _origin_fix(name: NormalizedName, stages: Mapping[str, LockedVersions]) -> str:
    if can_move_together(each for found in stages.values() for each in found.get(name, ())):
        return f"Run `poetry fti update {name}`"
    return f"Require {name} from the same origin in these stages"


CHECK: Final = Check(
    _find,
    "the rules of `[[tool.fti.align]]` hold in the locks, and all names in them match packages",
    "A rule of `[[tool.fti.align]]` makes the agreement of stages a condition. A lock that violates"
    " one, for example after a merge, is stale; this check names the packages, their versions and"
    " the rule. A name in a rule that matches no locked package binds nothing, usually because it"
    " is misspelled or is that of a module.\n\nLock the stages of the rule together, and correct"
    " the names.",
)
