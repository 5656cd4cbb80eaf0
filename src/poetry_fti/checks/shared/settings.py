"""Applies the settings of a project to findings: severities and waivers."""

from __future__ import annotations

from dataclasses import dataclass, replace
from fnmatch import fnmatchcase
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Iterator, Mapping
    from datetime import date

    from poetry_fti.checks import Finding
    from poetry_fti.model.check import CheckSettings, Severity, Waiver
    from poetry_fti.model.stage import Stage


@dataclass(frozen=True, slots=True)
class Waived:
    """A finding that is accepted, and why."""

    finding: Finding
    waiver: Waiver


def judge(
    found: Iterable[Finding],
    settings: CheckSettings,
    stages: Collection[Stage],
    today: date,
) -> tuple[tuple[Finding, ...], tuple[Waived, ...]]:
    """Return the findings that remain and those that are waived, with the project's levels.

    An expired waiver waives nothing: its findings say so.
    """
    own = {stage.name: dict(stage.severities) for stage in stages}
    findings, waived = [], []
    for each in _with_levels(found, dict(settings.severities), own):
        covering = [waiver for waiver in settings.waivers if _covers(waiver, each)]
        waiver = next((w for w in covering if w.expires is None or w.expires >= today), None)
        if waiver:
            waived.append(Waived(each, waiver))
        elif covering:
            waiver = covering[0]
            expired = f"the waiver {waiver.path} expired on {waiver.expires}"
            because = f"{each.because}; {expired}" if each.because else expired
            findings.append(replace(each, because=because))
        else:
            findings.append(each)
    return tuple(findings), tuple(waived)


def unused_waivers(
    findings: Collection[Finding],
    waived: Collection[Waived],
    settings: CheckSettings,
    run: Collection[str],
) -> tuple[str, ...]:
    """Return a sentence for each waiver of the checks that ran that waives nothing."""
    used = {each.waiver.path for each in waived}
    return tuple(
        f"{waiver.path} waives nothing: no finding of {waiver.check} matches it. Remove it."
        for waiver in settings.waivers
        if waiver.check in run
        and waiver.path not in used
        and not any(_covers(waiver, each) for each in findings)
    )


def _with_levels(
    found: Iterable[Finding],
    general: Mapping[str, Severity],
    own: Mapping[str, Mapping[str, Severity]],
) -> Iterator[Finding]:
    for each in found:
        severity = own.get(each.stage or "", {}).get(each.check, general.get(each.check))
        if severity != "off":
            yield each if severity is None else replace(each, level=severity)


def _covers(waiver: Waiver, finding: Finding) -> bool:
    return (
        waiver.check == finding.check
        and (not waiver.package or fnmatchcase(finding.package or "", waiver.package))
        and (not waiver.stages or (finding.stage is not None and finding.is_on(waiver.stages)))
    )
