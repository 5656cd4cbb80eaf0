"""Findings in the formats of other tools: a module for each format, imported when it is used.

A format's module has the name of the format, and a pure function `render` that returns the text.
"""

from __future__ import annotations

from dataclasses import dataclass
from pkgutil import resolve_name
from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from collections.abc import Mapping

    from poetry_fti.checks import Finding
    from poetry_fti.checks.shared.settings import Waived
    from poetry_fti.commands.shared.findings.locations import Locations


class Described(Protocol):
    """A check as reports describe it; see `poetry_fti.checks.Check`."""

    @property
    def summary(self) -> str:
        """What is looked at, in half a line."""

    @property
    def explanation(self) -> str:
        """What is looked at, why, and what to do about findings."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Found:
    """What checks found, with all that a format needs.

    Attributes:
        checks: the checks that ran, by name.
        stages: the names of the stages that were checked.
        locations: finds the lines of pyproject.toml that findings are about.
        version: the version of poetry-fti.
        strict: whether warnings make the command fail, too.
        command: the command that found it, which titles name.
    """

    checks: Mapping[str, Described]
    stages: tuple[str, ...]
    findings: tuple[Finding, ...]
    waived: tuple[Waived, ...]
    locations: Locations
    version: str
    strict: bool = False
    command: str = "poetry fti check"


def rendered(form: str, found: Found) -> str:
    """Return findings in one of the formats as text, which ends in a newline or is empty."""
    text: str = resolve_name(f"{__name__}.{form}:render")(found)
    return text


def subject(finding: Finding) -> str:
    """Return what is wrong, with the name of the stage, without a full stop."""
    return f"{finding.stage}: {finding.message}" if finding.stage else finding.message


def lines_of(finding: Finding) -> list[str]:
    """Return a finding as lines: what is wrong, the reason if known, and the remedy."""
    return [subject(finding), *filter(None, [finding.because]), f"{finding.fix}."]
