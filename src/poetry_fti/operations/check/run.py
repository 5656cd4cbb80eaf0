"""Runs checks and applies the project's settings to what they find."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from poetry_fti.checks import Unknown, load_check
from poetry_fti.checks.shared.settings import judge, unused_waivers
from poetry_fti.errors import ConfigError
from poetry_fti.model.check import CHECKS
from poetry_fti.wording import suggestion

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Iterator

    from poetry_fti.checks import Finding
    from poetry_fti.checks.shared.facts import CheckedProject
    from poetry_fti.checks.shared.settings import Waived
    from poetry_fti.operations.project import Project


@dataclass(frozen=True, slots=True, kw_only=True)
class CheckRequest:
    """What to check: findings on these stages (an empty tuple stands for all), of these checks."""

    stages: tuple[str, ...] = ()
    checks: tuple[str, ...] = CHECKS


@dataclass(frozen=True, slots=True, kw_only=True)
class CheckReport:
    """The findings, in the order of the checks and of the stages, and those that are waived.

    `checks` are those that ran, `stages` the names of the stages that were checked;
    `unused_waivers` are sentences, and `unknown` what the checks could not find out.
    """

    checks: tuple[str, ...]
    stages: tuple[str, ...]
    findings: tuple[Finding, ...]
    waived: tuple[Waived, ...]
    unused_waivers: tuple[str, ...]
    unknown: tuple[Unknown, ...] = ()

    def count(self, level: str) -> int:
        """Return the number of findings of a level."""
        return sum(1 for each in self.findings if each.level == level)


def chosen_checks(only: Iterable[str], skip: Iterable[str]) -> tuple[str, ...]:
    """Return the checks to run; raises ConfigError for an unknown name, or if none is left."""
    wanted, unwanted = list(only), list(skip)
    for name in (*wanted, *unwanted):
        if name not in CHECKS:
            hint = suggestion(name, CHECKS) or f" (known: {', '.join(CHECKS)})."
            raise ConfigError(f'There is no check "{name}"{hint}')
    chosen = tuple(n for n in CHECKS if (not wanted or n in wanted) and n not in unwanted)
    if not chosen:
        raise ConfigError("The options leave no check to run.")
    return chosen


def run_checks(project: Project, request: CheckRequest) -> CheckReport:
    """Run checks on a project. Nothing is written, and nothing of the project is executed.

    Raises ConfigError for a name that no stage has.
    """
    # It imports Poetry.
    from poetry_fti.operations.check.facts import checked_project  # noqa: PLC0415

    names = tuple(stage.name for stage in project.select(request.stages))
    checks = _enabled(project, request.checks)
    if not checks:
        return CheckReport(checks=(), stages=names, findings=(), waived=(), unused_waivers=())
    checked = checked_project(project)
    found = _found(checks, checked)
    wanted = [each for each in found if not request.stages or each.is_on(request.stages)]
    settings = project.config.check
    stages = [stage.stage for stage in project.stages]
    findings, waived = judge(wanted, settings, stages, checked.today)
    # The findings of stages that are not named are unknown.
    unused = () if request.stages else unused_waivers(findings, waived, settings, checks)
    return CheckReport(
        checks=checks,
        stages=names,
        findings=findings,
        waived=waived,
        unused_waivers=unused,
        unknown=tuple(_unknown(project, checks, names, checked)),
    )


def _enabled(project: Project, checks: Iterable[str]) -> tuple[str, ...]:
    """Return the checks that are not turned off in every stage and in general."""
    general = dict(project.config.check.severities)
    on = {
        check
        for stage in project.stages
        for check, severity in stage.stage.severities
        if severity != "off"
    }
    return tuple(each for each in checks if general.get(each) != "off" or each in on)


def _unknown(
    project: Project, checks: Iterable[str], names: Collection[str], checked: CheckedProject
) -> Iterator[Unknown]:
    general = dict(project.config.check.severities)
    own = {stage.name: dict(stage.stage.severities) for stage in project.stages}
    for check in checks:
        on = [name for name in names if own[name].get(check, general.get(check)) != "off"]
        if message := load_check(check).unknown(checked, on):
            yield Unknown(check, message)


def _found(checks: Iterable[str], project: CheckedProject) -> Iterator[Finding]:
    for name in checks:
        yield from load_check(name).find(project)
